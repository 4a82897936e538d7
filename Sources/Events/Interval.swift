/// A length of time in one machine word, for what is looked at in every turn: a `Duration` has two.
///
/// It holds 292 years; what would be longer is as long as that.
package struct Interval: Comparable, Hashable, Sendable {
    package let nanoseconds: Int64

    @inlinable package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The duration in whole nanoseconds.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflowed else {
            nanoseconds = seconds < 0 ? .min : .max
            return
        }
        let (sum, isBeyond) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        nanoseconds = isBeyond ? (seconds < 0 ? .min : .max) : sum
    }

    @inlinable package static var zero: Interval { Interval(nanoseconds: 0) }
    package static func seconds(_ count: Int) -> Interval { Interval(.seconds(count)) }
    /// What so many bytes, or other things, take at a rate a second.
    package static func seconds(_ count: Int, each rate: Int) -> Interval {
        Interval(.seconds(count) / rate)
    }

    package static func milliseconds(_ count: Int) -> Interval { Interval(.milliseconds(count)) }

    @inlinable package static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }

    @inlinable package static func * (interval: Interval, factor: Int) -> Interval {
        let (product, overflowed) = interval.nanoseconds.multipliedReportingOverflow(by: Int64(factor))
        return Interval(nanoseconds: overflowed ? (interval < zero) == (factor < 0) ? .max : .min : product)
    }

    /// The whole seconds of it.
    @inlinable package var wholeSeconds: Int { Int(nanoseconds / 1_000_000_000) }
    /// The whole seconds that cover it: 1.2 seconds are 2.
    package var secondsRoundedUp: Int { roundedUp(1_000_000_000) }
    package var millisecondsRoundedUp: Int { roundedUp(1_000_000) }

    private func roundedUp(_ unit: Int64) -> Int {
        let (count, rest) = nanoseconds.quotientAndRemainder(dividingBy: unit)
        return Int(count) + (rest > 0 ? 1 : 0)
    }
}
