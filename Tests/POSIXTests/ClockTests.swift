import MartinetPOSIX
import Testing

@Suite("Clocks")
struct ClockTests {
    @Test("A moment that is too far ahead is the distant future")
    func saturating() {
        let time = MonotonicTime(nanoseconds: .max - 5)
        #expect(time + .nanoseconds(5) == .distantFuture)
        #expect(time + .nanoseconds(6) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 1) + .seconds(Int64.max) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 1) + .milliseconds(2) == MonotonicTime(nanoseconds: 2_000_001))
    }

    @Test("The difference of two moments is a duration, also backwards")
    func difference() {
        let early = MonotonicTime(nanoseconds: 10), late = MonotonicTime(nanoseconds: 1_000_000_010)
        #expect(late - early == .seconds(1))
        #expect(early - late == .seconds(-1))
        #expect(early < late)
    }

    @Test("Durations are counted in nanoseconds, and too long ones are cut")
    func nanoseconds() {
        #expect(Duration.seconds(1.5).nanoseconds == 1_500_000_000)
        #expect(Duration.milliseconds(-1).nanoseconds == -1_000_000)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
    }

    @Test("The monotonic clock does not go back")
    func monotonic() {
        let first = MonotonicTime.now
        #expect(MonotonicTime.now >= first)
        #expect(WallTime.now.seconds > 1_700_000_000)
    }
}
