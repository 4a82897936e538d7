package import MartinetEvents

/// Something that is to be done at a moment, once.
package final class LoopTimer: LoopMember {
    private let action: () -> Void
    private var place: LoopPlace?
    /// When; `distantFuture` for never.
    package private(set) var time = MonotonicTime.distantFuture

    package init(_ action: @escaping () -> Void) {
        self.action = action
    }

    package func set(_ time: MonotonicTime) {
        guard time != self.time else { return }
        self.time = time
        place?.setDeadline(time)
    }

    package func join(_ place: LoopPlace) {
        self.place = place
        if time != .distantFuture { place.setDeadline(time) }
    }

    package func handle(_ event: LoopEvent) {
        guard case .deadline = event else { return }
        time = .distantFuture
        action()
    }

    package let isBusy = false
}
