import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Clocks")
struct ClockTests {
    @Test("The monotonic clock does not go back")
    func monotonic() {
        let first = MonotonicTime.now
        #expect(MonotonicTime.now >= first)
        #expect(WallTime.now.seconds > 1_700_000_000)
    }
}
