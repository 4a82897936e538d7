import MartinetEvents
import MartinetTestSupport
import Testing

@Suite("Moments of the monotonic clock")
struct MonotonicTimeTests {
    @Test("A moment that is too far away is the distant future or past")
    func saturating() {
        let time = MonotonicTime(nanoseconds: .max - 5)
        #expect(time + Interval(nanoseconds: 5) == .distantFuture)
        #expect(time + Interval(nanoseconds: 6) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 1) + Interval(.seconds(Int64.max)) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 1) - Interval(nanoseconds: -.max) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: -5) + Interval(nanoseconds: .min) == .distantPast)
        #expect(MonotonicTime(nanoseconds: -5) - Interval(nanoseconds: .max) == .distantPast)
        #expect(MonotonicTime(nanoseconds: 1) + Interval.milliseconds(2) == MonotonicTime(nanoseconds: 2_000_001))
    }

    @Test("The difference of two moments is an interval, also backwards, and no longer than there is")
    func difference() {
        let early = MonotonicTime(nanoseconds: 10), late = MonotonicTime(nanoseconds: 1_000_000_010)
        #expect(late - early == Interval.seconds(1))
        #expect(early - late == Interval.seconds(-1))
        #expect(early < late)
        #expect(late - .distantPast == Interval(nanoseconds: .max))
        #expect(MonotonicTime.distantPast - late == Interval(nanoseconds: .min))
    }
}
