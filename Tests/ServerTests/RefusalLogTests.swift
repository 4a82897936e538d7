import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetServer

@Suite("Refused messages in the error log")
struct RefusalLogTests {
    private let log = RecordingLog(level: .notice)
    private let start = MonotonicTime(nanoseconds: 1)

    private func makeRefusals() -> RefusalLog {
        let log = log
        return RefusalLog(Logger(label: "test") { _ in log })
    }

    @Test("The first of a kind has a line with its reason, the others are counted a second later")
    func grouped() {
        var refusals = makeRefusals()
        refusals.add(.badRequest, "No Host.", request: "GET /a", from: "192.0.2.1", at: start)
        refusals.add(.badRequest, "No Host.", request: "GET /b", from: "192.0.2.2", at: start + .milliseconds(10))
        refusals.add(.requestTimeout, "Late.", request: nil, from: "192.0.2.3", at: start + .milliseconds(20))
        refusals.add(.badRequest, "No Host.", request: "GET /c", from: "192.0.2.4", at: start + .milliseconds(30))
        #expect(log.lines == ["192.0.2.1: GET /a: 400: No Host.", "192.0.2.3: 408: Late."])
        #expect(refusals.due == start + .seconds(1))
        refusals.writeDue(start + .milliseconds(999))
        #expect(log.lines.count == 2)
        refusals.writeDue(start + .seconds(1))
        #expect(log.lines.dropFirst(2) == ["400: No Host. 2 more within a second, the last from 192.0.2.4"])
        #expect(refusals.due == .distantFuture)
        refusals.add(.badRequest, "No Host.", request: "GET /d", from: "192.0.2.1", at: start + .seconds(2))
        #expect(log.lines.last == "192.0.2.1: GET /d: 400: No Host.")
    }

    @Test("However many are refused, there are no more lines than so many a second")
    func bounded() {
        var refusals = makeRefusals()
        for index in 0..<10_000 {
            let now = start + Interval(.microseconds(index * 99))
            refusals.add(.badRequest, "Reason \(index % 100)", request: "GET /", from: "192.0.2.1", at: now)
        }
        refusals.writeAll()
        #expect(log.lines.count == RefusalLog.kindLimit * 2 + 1)
        #expect(log.lines.last == "other refusals 9200 more within a second, the last from 192.0.2.1")
    }

    @Test("A long target is not quoted in full")
    func long() {
        var refusals = makeRefusals()
        let target = String(repeating: "x", count: 10_000)
        refusals.add(.badRequest, "No Host.", request: "GET /\(target)", from: "192.0.2.1", at: start)
        #expect(log.lines[0].count < 250)
    }
}
