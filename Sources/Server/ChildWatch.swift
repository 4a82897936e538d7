import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// Has a loop reap children, and end those whose time is over.
final class ChildWatch: LoopMember {
    private let reaper: ChildReaper

    init(_ reaper: ChildReaper) {
        self.reaper = reaper
    }

    func join(_ place: LoopPlace) {
        place.watch(reaper.descriptor, for: .read)
        reaper.onDeadline = { place.setDeadline($0) }
        reaper.waker = place.waker
    }

    func handle(_ event: LoopEvent) {
        switch event {
        case .ready: reaper.reap()
        case .deadline: reaper.enforce(.now)
        case .ending: reaper.askAll(.now)
        case .woken: reaper.advanceJobs(.now)
        case .draining: break
        }
    }

    var isBusy: Bool { reaper.count > 0 }
}
