import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("What is kept for slow readers")
struct KeptMemoryTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    @Test("While there is room, nobody is to be cut; beyond it, clients are at once")
    func limit() {
        var kept = KeptMemory(limit: 1000)
        kept.change(from: 0, to: 600, now: start)
        kept.change(from: 0, to: 400, now: start)
        #expect(kept.byteCount == 1000 && !kept.isTooMuch && kept.nextCut == .distantFuture)
        kept.change(from: 400, to: 401, now: start)
        #expect(kept.isTooMuch && kept.nextCut == start)
    }

    @Test("Clients are looked for once a second and no more, as long as there is too much, and when there is again")
    func interval() {
        var kept = KeptMemory(limit: 1000)
        kept.change(from: 0, to: 2000, now: start)
        kept.endCut(start)
        #expect(kept.nextCut == start + .seconds(1))
        kept.change(from: 2000, to: 0, now: start)
        kept.endCut(start + .seconds(1))
        #expect(kept.nextCut == .distantFuture)
        let soon = start + .milliseconds(1500)
        kept.change(from: 0, to: 2000, now: soon)
        #expect(kept.nextCut == start + .seconds(2))
        kept.endCut(start + .seconds(2))
        kept.change(from: 2000, to: 0, now: start + .seconds(2))
        kept.endCut(start + .seconds(3))
        kept.change(from: 0, to: 2000, now: start + .seconds(60))
        #expect(kept.nextCut == start + .seconds(60))
    }
}
