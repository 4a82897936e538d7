import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("Log lines that strangers cause")
struct LogPaceTests {
    @Test("One a second is written, and says how many were not")
    func pace() {
        var pace = LogPace()
        let start = MonotonicTime(nanoseconds: 5)
        #expect(pace.admit(start)?.isEmpty == true)
        #expect(pace.admit(start + .milliseconds(1)) == nil)
        #expect(pace.admit(start + .milliseconds(999)) == nil)
        #expect(pace.admit(start + .seconds(1)) == " (and 2 times more since the last such line)")
        #expect(pace.admit(start + .milliseconds(1001)) == nil)
        #expect(pace.admit(start + .seconds(9)) == " (and 1 times more since the last such line)")
        #expect(pace.admit(start + .seconds(10))?.isEmpty == true)
    }
}
