/// Children that nobody waits for any more: sees to it that they end, and reaps them.
///
/// Its descriptor is to be polled for reading, then `reap()` called; `enforce(_:)` when its deadline is over.
package final class ChildReaper {
    /// How much patience a child is met with.
    package enum Patience: Sendable {
        /// It may finish by itself within this time, and is asked to end then.
        case untilFinished(Duration)
        /// It is asked to end now.
        case none
    }

    private final class Ward {
        var child: ChildProcess
        /// Released when the child is reaped.
        let companion: AnyObject?
        /// When something more is done about it.
        var deadline: MonotonicTime
        var isAsked = false

        init(_ child: consuming ChildProcess, companion: AnyObject?, deadline: MonotonicTime) {
            self.child = child
            self.companion = companion
            self.deadline = deadline
        }
    }

    /// From SIGTERM to SIGKILL.
    private static let grace = Duration.seconds(2)

    private let epoll: Epoll
    private var wards: [Int: Ward] = [:]

    package init() throws(SystemError) {
        epoll = try Epoll()
    }

    deinit {
        endAll()
    }

    /// Readable when a child has ended.
    package var descriptor: CInt { epoll.descriptor.number }

    /// How many children have not ended yet.
    package var count: Int { wards.count }

    /// When `enforce(_:)` is to be called; nil while there is no child.
    package var deadline: MonotonicTime? { wards.values.lazy.map(\.deadline).min() }

    /// Takes over a child.
    ///
    /// - Parameter companion: kept until the child has been reaped, for instance a place that it occupies.
    package func take(_ child: consuming ChildProcess, patience: Patience, companion: AnyObject?) {
        let now = MonotonicTime.now
        let ward = Ward(child, companion: companion, deadline: now)
        guard ward.child.reap() == nil else { return }
        let identifier = ward.child.identifier
        guard let handle = ward.child.exitDescriptor, watch(handle, identifier) else {
            // Unwatched it would never be heard of again.
            ward.child.kill()
            ward.child.waitForEnd()
            return
        }
        wards[identifier] = ward
        switch patience {
        case .untilFinished(let time): ward.deadline = now + time
        case .none: enforce(ward, now)
        }
    }

    /// Reaps the children that have ended.
    package func reap() {
        while let marks = try? epoll.take(), !marks.isEmpty {
            for mark in marks {
                guard let ward = wards[Int(mark)] else { continue }
                if ward.child.reap() != nil {
                    wards[Int(mark)] = nil
                } else if let handle = ward.child.exitDescriptor {
                    try? epoll.arm(handle, mark: mark, isNew: false)
                }
            }
        }
    }

    /// Asks those to end whose time is over, and ends those that were asked before.
    package func enforce(_ now: MonotonicTime) {
        for ward in wards.values where ward.deadline <= now { enforce(ward, now) }
    }

    /// Ends every child that is left, and waits until it has ended.
    package func endAll() {
        for ward in wards.values {
            ward.child.kill()
            ward.child.waitForEnd()
        }
        wards = [:]
    }

    private func enforce(_ ward: Ward, _ now: MonotonicTime) {
        if ward.isAsked {
            ward.child.kill()
        } else {
            ward.child.terminate()
            ward.isAsked = true
        }
        ward.deadline = now + Self.grace
    }

    private func watch(_ handle: CInt, _ identifier: Int) -> Bool {
        (try? epoll.arm(handle, mark: UInt64(identifier), isNew: true)) != nil
    }
}
