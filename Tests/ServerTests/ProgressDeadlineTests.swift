import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("How long a connection may wait")
struct PatienceTests {
    private let times = ProgressDeadline.Timeouts(Limits())

    private func at(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: Int64(seconds * 1e9)) }

    private let nothing = ProgressDeadline.Progress()
    private let received = ProgressDeadline.Progress(receivedByteCount: 1, contentByteCount: 1)

    @Test("The handshake, a head and lingering have their time from their beginning, whatever moves meanwhile")
    func fixed() {
        var progress = ProgressDeadline(times, now: at(0))
        #expect(progress.deadline == at(10))
        progress.wait(for: .handshake, received, times, now: at(4))
        #expect(progress.deadline == at(10))
        progress.wait(for: .conversation(.head, exchange: 0), received, times, now: at(5))
        progress.wait(for: .conversation(.head, exchange: 0), received, times, now: at(9))
        #expect(progress.deadline == at(15))
        progress.wait(for: .conversation(.head, exchange: 1), received, times, now: at(20))
        #expect(progress.deadline == at(30), "another head")
        progress.wait(for: .conversation(.unreadContent, exchange: 1), nothing, times, now: at(21))
        progress.wait(for: .conversation(.unreadContent, exchange: 1), received, times, now: at(22))
        #expect(progress.deadline == at(23))
        progress.wait(for: .lingering, nothing, times, now: at(30))
        progress.wait(for: .lingering, received, times, now: at(31))
        #expect(progress.deadline == at(32))
    }

    @Test("What is waited for can be made to come earlier, and not later")
    func shortened() {
        var progress = ProgressDeadline(times, now: at(0))
        progress.shorten(to: at(12))
        #expect(progress.deadline == at(10))
        progress.shorten(to: at(3))
        progress.wait(for: .handshake, received, times, now: at(2))
        #expect(progress.deadline == at(3))
        progress.wait(for: .conversation(.request, exchange: 0), received, times, now: at(2))
        #expect(progress.deadline == at(62))
    }

    @Test("A client that takes or sends something has its time anew")
    func output() {
        var progress = ProgressDeadline(times, now: at(0))
        progress.wait(for: .flushing, nothing, times, now: at(1))
        progress.wait(for: .flushing, nothing, times, now: at(5))
        #expect(progress.deadline == at(31))
        progress.wait(for: .flushing, ProgressDeadline.Progress(sentByteCount: 1), times, now: at(6))
        #expect(progress.deadline == at(36))
        progress.wait(for: .flushing, received, times, now: at(7))
        #expect(progress.deadline == at(37))
    }

    @Test("An idle connection's time begins with the end of an exchange, and a responder has all the time it needs")
    func idle() {
        var progress = ProgressDeadline(times, now: at(0))
        progress.wait(for: .conversation(.request, exchange: 0), nothing, times, now: at(1))
        progress.wait(for: .conversation(.request, exchange: 0), received, times, now: at(2))
        #expect(progress.deadline == at(61))
        progress.wait(for: .conversation(.request, exchange: 1), nothing, times, now: at(2))
        #expect(progress.deadline == at(62))
        progress.wait(for: .conversation(.response, exchange: 0), nothing, times, now: at(3))
        #expect(progress.deadline == .distantFuture)
    }

    @Test("Through a tunnel whose other side has ended something must come as often as requests")
    func tunnelEnd() {
        var progress = ProgressDeadline(times, now: at(0))
        progress.wait(for: .conversation(.tunnelEnd, exchange: 0), nothing, times, now: at(1))
        progress.wait(for: .conversation(.tunnelEnd, exchange: 0), nothing, times, now: at(2))
        #expect(progress.deadline == at(61))
        progress.wait(for: .conversation(.tunnelEnd, exchange: 0), received, times, now: at(3))
        #expect(progress.deadline == at(63))
    }

    @Test("Content must come, and after a while come fast enough (256 bytes a second)")
    func content() {
        var progress = ProgressDeadline(times, now: at(0))
        progress.wait(for: .conversation(.content, exchange: 0), nothing, times, now: at(0))
        #expect(progress.deadline == at(30))
        progress.wait(for: .conversation(.content, exchange: 0), nothing, times, now: at(10))
        #expect(progress.deadline == at(30), "nothing came")
        progress.wait(for: .conversation(.content, exchange: 0), received, times, now: at(20))
        #expect(progress.deadline == at(50))
        progress.wait(for: .conversation(.content, exchange: 0), received, times, now: at(40))
        #expect(progress.deadline == at(50), "one byte in forty seconds")
        let much = ProgressDeadline.Progress(receivedByteCount: 1, contentByteCount: 256 * 40)
        progress.wait(for: .conversation(.content, exchange: 0), much, times, now: at(40))
        #expect(progress.deadline == at(70))
        let more = ProgressDeadline.Progress(receivedByteCount: 1, contentByteCount: 256 * 40 + 1)
        progress.wait(for: .conversation(.content, exchange: 0), more, times, now: at(69))
        #expect(progress.deadline == at(99))
        progress.wait(for: .conversation(.content, exchange: 0), more, times, now: at(71))
        #expect(progress.deadline == at(99), "however much had come before")
        progress.wait(for: .conversation(.response, exchange: 0), more, times, now: at(72))
        progress.wait(for: .conversation(.content, exchange: 0), more, times, now: at(73))
        progress.wait(for: .conversation(.content, exchange: 0), more, times, now: at(104))
        #expect(progress.deadline == at(103), "nor before something else was waited for")
        progress.wait(for: .conversation(.content, exchange: 1), nothing, times, now: at(105))
        #expect(progress.deadline == at(135), "another request's")
    }

    @Test("A time without an end is none")
    func endless() {
        var limits = Limits()
        limits.idle = .seconds(Int64.max)
        var progress = ProgressDeadline(ProgressDeadline.Timeouts(limits), now: at(1))
        progress.wait(for: .conversation(.request, exchange: 0), nothing, ProgressDeadline.Timeouts(limits), now: at(1))
        #expect(progress.deadline == .distantFuture)
    }
}
