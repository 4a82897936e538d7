/// A deadline that may move, for a queue from which nothing is taken out but what is due: moving it forwards costs nothing,
/// and the queue holds one entry of it that counts.
package struct Alarm: Sendable {
    package private(set) var time = MonotonicTime.distantFuture
    /// The earliest moment for which the queue has an entry.
    private var armed = MonotonicTime.distantFuture

    /// What an entry of the queue that has come up means.
    package enum Outcome: Equatable, Sendable {
        case due
        /// The deadline was moved: to be armed again.
        case moved(MonotonicTime)
        /// An entry that an earlier one has replaced, or of a deadline that was taken back.
        case stale
    }

    package init() {}

    /// Moves the deadline; `distantFuture` takes it back.
    ///
    /// - Returns: the moment to be armed; nil where an entry is early enough.
    package mutating func set(_ time: MonotonicTime) -> MonotonicTime? {
        self.time = time
        guard time < armed else { return nil }
        armed = time
        return time
    }

    /// The queue's entry for this moment has come up. A deadline that is due is none any more.
    package mutating func take(_ entry: MonotonicTime, now: MonotonicTime) -> Outcome {
        guard entry == armed else { return .stale }
        armed = .distantFuture
        if time <= now {
            time = .distantFuture
            return .due
        }
        guard time < .distantFuture else { return .stale }
        armed = time
        return .moved(time)
    }
}
