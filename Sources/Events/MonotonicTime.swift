/// A moment of the monotonic clock; deadlines are made of these.
package struct MonotonicTime: Comparable, Hashable, Codable, Sendable {
    package var nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// After every moment that the clock shows.
    @inlinable package static var distantFuture: MonotonicTime { MonotonicTime(nanoseconds: .max) }
    /// The clock's beginning.
    @inlinable package static var start: MonotonicTime { MonotonicTime(nanoseconds: 0) }
    /// Before every moment that the clock shows.
    @inlinable package static var distantPast: MonotonicTime { MonotonicTime(nanoseconds: .min) }

    @inlinable package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The moment so much later; the last or the first one there is where that is beyond it.
    @inlinable package static func + (time: MonotonicTime, interval: Interval) -> MonotonicTime {
        let (sum, overflowed) = time.nanoseconds.addingReportingOverflow(interval.nanoseconds)
        return overflowed ? interval < .zero ? distantPast : distantFuture : MonotonicTime(nanoseconds: sum)
    }

    @inlinable package static func - (time: MonotonicTime, interval: Interval) -> MonotonicTime {
        let (difference, overflowed) = time.nanoseconds.subtractingReportingOverflow(interval.nanoseconds)
        return overflowed ? interval < .zero ? distantFuture : distantPast : MonotonicTime(nanoseconds: difference)
    }

    @inlinable package static func += (time: inout MonotonicTime, interval: Interval) {
        time = time + interval
    }

    /// How much later the first moment is than the second; the longest interval there is where that is longer.
    @inlinable package static func - (left: MonotonicTime, right: MonotonicTime) -> Interval {
        let (difference, overflowed) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return Interval(nanoseconds: overflowed ? left < right ? .min : .max : difference)
    }
}
