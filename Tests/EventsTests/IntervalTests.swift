import MartinetEvents
import MartinetTestSupport
import Testing

@Suite("Intervals")
struct IntervalTests {
    @Test("Durations are counted in nanoseconds, and too long ones are cut")
    func durations() {
        #expect(Interval(.seconds(1.5)).nanoseconds == 1_500_000_000)
        #expect(Interval(.milliseconds(-1)) == .milliseconds(-1))
        #expect(Interval(.seconds(Int64.max)).nanoseconds == .max)
        #expect(Interval(.seconds(Int64.min)).nanoseconds == .min)
        #expect(Interval(.nanoseconds(Int64.max) + .nanoseconds(1)).nanoseconds == .max)
        #expect(Interval(.nanoseconds(Int64.min) - .nanoseconds(1)).nanoseconds == .min)
    }

    @Test("What is counted in seconds or milliseconds is rounded as asked")
    func rounding() {
        #expect(Interval.milliseconds(1_200).secondsRoundedUp == 2)
        #expect(Interval.seconds(2).secondsRoundedUp == 2)
        #expect(Interval.milliseconds(1_900).wholeSeconds == 1)
        #expect(Interval(nanoseconds: 1).millisecondsRoundedUp == 1)
        #expect(Interval(nanoseconds: .max).millisecondsRoundedUp == 9_223_372_036_855)
        #expect(Interval.milliseconds(-1_200).secondsRoundedUp == -1)
    }

    @Test("A count at a rate takes its time, also where it is beyond what an interval holds")
    func rates() {
        #expect(Interval.seconds(1536, each: 1024) == .milliseconds(1_500))
        #expect(Interval.seconds(Int.max, each: 1).nanoseconds == .max)
    }
}
