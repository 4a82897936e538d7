import MartinetEvents
import MartinetTestSupport
import Testing

@Suite("Times of day")
struct WallTimeTests {
    @Test("They are in order by seconds, then by nanoseconds")
    func order() {
        let times = [(-2, 5), (-2, 6), (-1, 0), (0, 0), (0, 1), (1, 0)].map(WallTime.init)
        for (early, late) in zip(times, times.dropFirst()) {
            #expect(early < late)
            #expect(!(late < early))
        }
        #expect(WallTime(seconds: -2, nanoseconds: 6).wholeSeconds == WallTime(seconds: -2))
    }

    @Test("An interval earlier, seconds are borrowed from and given to as needed")
    func earlier() {
        #expect(
            WallTime(seconds: 5, nanoseconds: 1) - .milliseconds(50) == WallTime(seconds: 4, nanoseconds: 950_000_001))
        #expect(WallTime(seconds: 5, nanoseconds: 50_000_000) - .milliseconds(50) == WallTime(seconds: 5))
        #expect(WallTime(seconds: 5) - .milliseconds(-1_500) == WallTime(seconds: 6, nanoseconds: 500_000_000))
        #expect(WallTime(seconds: 5, nanoseconds: 600_000_000) - .milliseconds(-400) == WallTime(seconds: 6))
    }
}
