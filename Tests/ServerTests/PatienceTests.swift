import MartinetPOSIX
import Testing

@testable import MartinetServer

@Suite("How long a connection may wait")
struct PatienceTests {
    private let times = Patience.Times(Limits())

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    private let nothing = Patience.Progress()
    private let received = Patience.Progress(hasReceived: true, contentByteCount: 1)

    @Test("The handshake, a head and lingering have their time from their beginning, whatever moves meanwhile")
    func fixed() {
        var patience = Patience(times, now: at(0))
        #expect(patience.deadline == at(10))
        patience.wait(for: .handshake, received, times, now: at(4))
        #expect(patience.deadline == at(10))
        patience.wait(for: .head(0), received, times, now: at(5))
        patience.wait(for: .head(0), received, times, now: at(9))
        #expect(patience.deadline == at(15))
        patience.wait(for: .head(1), received, times, now: at(20))
        #expect(patience.deadline == at(30), "another head")
        patience.wait(for: .leftover(1), nothing, times, now: at(21))
        patience.wait(for: .leftover(1), received, times, now: at(22))
        #expect(patience.deadline == at(23))
        patience.wait(for: .lingering, nothing, times, now: at(30))
        patience.wait(for: .lingering, received, times, now: at(31))
        #expect(patience.deadline == at(32))
    }

    @Test("What is waited for can be made to come earlier, and not later")
    func shortened() {
        var patience = Patience(times, now: at(0))
        patience.shorten(to: at(12))
        #expect(patience.deadline == at(10))
        patience.shorten(to: at(3))
        patience.wait(for: .handshake, received, times, now: at(2))
        #expect(patience.deadline == at(3))
        patience.wait(for: .idle(0), received, times, now: at(2))
        #expect(patience.deadline == at(62))
    }

    @Test("A client that takes or sends something has its time anew")
    func output() {
        var patience = Patience(times, now: at(0))
        patience.wait(for: .output, nothing, times, now: at(1))
        patience.wait(for: .output, nothing, times, now: at(5))
        #expect(patience.deadline == at(31))
        patience.wait(for: .output, Patience.Progress(hasSent: true), times, now: at(6))
        #expect(patience.deadline == at(36))
        patience.wait(for: .output, received, times, now: at(7))
        #expect(patience.deadline == at(37))
    }

    @Test("An idle connection's time begins with the end of an exchange, and a responder has all the time it needs")
    func idle() {
        var patience = Patience(times, now: at(0))
        patience.wait(for: .idle(0), nothing, times, now: at(1))
        patience.wait(for: .idle(0), received, times, now: at(2))
        #expect(patience.deadline == at(61))
        patience.wait(for: .idle(1), nothing, times, now: at(2))
        #expect(patience.deadline == at(62))
        patience.wait(for: .response, nothing, times, now: at(3))
        #expect(patience.deadline == .distantFuture)
    }

    @Test("Content must come, and after a while come fast enough (256 bytes a second)")
    func content() {
        var patience = Patience(times, now: at(0))
        patience.wait(for: .content(0), nothing, times, now: at(0))
        #expect(patience.deadline == at(30))
        patience.wait(for: .content(0), nothing, times, now: at(10))
        #expect(patience.deadline == at(30), "nothing came")
        patience.wait(for: .content(0), received, times, now: at(20))
        #expect(patience.deadline == at(50))
        patience.wait(for: .content(0), received, times, now: at(40))
        #expect(patience.deadline == at(50), "one byte in forty seconds")
        let much = Patience.Progress(hasReceived: true, contentByteCount: 256 * 40)
        patience.wait(for: .content(0), much, times, now: at(40))
        #expect(patience.deadline == at(70))
        let more = Patience.Progress(hasReceived: true, contentByteCount: 256 * 40 + 1)
        patience.wait(for: .content(0), more, times, now: at(69))
        #expect(patience.deadline == at(99))
        patience.wait(for: .content(0), more, times, now: at(71))
        #expect(patience.deadline == at(99), "however much had come before")
        patience.wait(for: .response, more, times, now: at(72))
        patience.wait(for: .content(0), more, times, now: at(73))
        patience.wait(for: .content(0), more, times, now: at(104))
        #expect(patience.deadline == at(103), "nor before something else was waited for")
        patience.wait(for: .content(1), nothing, times, now: at(105))
        #expect(patience.deadline == at(135), "another request's")
    }

    @Test("A time without an end is none")
    func endless() {
        var limits = Limits()
        limits.idle = .seconds(Int64.max)
        var patience = Patience(Patience.Times(limits), now: at(1))
        patience.wait(for: .idle(0), nothing, Patience.Times(limits), now: at(1))
        #expect(patience.deadline == .distantFuture)
    }
}
