import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("How long a worker's replacement waits")
struct RestartPolicyTests {
    @Test(
        "A worker that had been ready is replaced at once, however it ended",
        arguments: [
            ChildProcess.Ending.exited(status: 0), .exited(status: 1), .killed(signal: 9), .killed(signal: 15),
        ])
    func atOnce(ending: ChildProcess.Ending) {
        var policy = RestartPolicy()
        for _ in 0..<20 { #expect(policy.delay(after: ending, readyFor: .zero) == .zero) }
    }

    @Test("Workers that crash as soon as they are ready wait longer and longer", arguments: [4, 5, 6, 7, 11])
    func crashes(signal: Int) {
        var policy = RestartPolicy()
        let delays = (0..<8).map { _ in policy.delay(after: .killed(signal: signal), readyFor: .seconds(1)) }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
        #expect(policy.delay(after: .killed(signal: signal), readyFor: .seconds(2)) == .zero)
        #expect(policy.delay(after: .killed(signal: signal), readyFor: .seconds(1)) == .milliseconds(100))
    }

    @Test("So do those that never get ready, and those that cannot be started")
    func neverReady() {
        var policy = RestartPolicy()
        #expect(policy.delay(after: .killed(signal: 9), readyFor: nil) == .milliseconds(100))
        #expect(policy.failed() == .milliseconds(200))
        #expect(policy.delay(after: .exited(status: 1), readyFor: nil) == .milliseconds(400))
    }
}
