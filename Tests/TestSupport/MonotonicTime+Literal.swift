package import MartinetEvents

/// Nanoseconds since the clock's beginning.
extension MonotonicTime: ExpressibleByIntegerLiteral {
    package init(integerLiteral nanoseconds: Int64) {
        self.init(nanoseconds: nanoseconds)
    }

    /// So many seconds after the clock's beginning.
    package static func seconds(_ count: Int) -> MonotonicTime { .start + Interval.seconds(count) }
}

/// Nanoseconds.
extension Interval: ExpressibleByIntegerLiteral {
    package init(integerLiteral nanoseconds: Int64) {
        self.init(nanoseconds: nanoseconds)
    }
}

/// Seconds since 1970.
extension WallTime: ExpressibleByIntegerLiteral {
    package init(integerLiteral seconds: Int) {
        self.init(seconds: seconds)
    }
}
