/// The time of day: seconds since 1970-01-01 00:00:00 UTC, and the nanoseconds beyond.
package struct WallTime: Comparable, Hashable, Sendable {
    package let seconds: Int
    package let nanoseconds: Int

    @inlinable package init(seconds: Int, nanoseconds: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: WallTime, right: WallTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    package static func - (time: WallTime, interval: Interval) -> WallTime {
        let nanoseconds = time.nanoseconds - Int(interval.nanoseconds % 1_000_000_000)
        let borrowed = nanoseconds < 0 ? 1 : nanoseconds >= 1_000_000_000 ? -1 : 0
        return WallTime(
            seconds: time.seconds - interval.wholeSeconds - borrowed,
            nanoseconds: nanoseconds + borrowed * 1_000_000_000)
    }

    /// The beginning of its second: what a date of HTTP can say of it.
    package var wholeSeconds: WallTime { WallTime(seconds: seconds) }
}
