import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("An answer that depends on what a helper thread calculates")
struct DeferredExchangeTests {
    @Test("Nothing of the request's content is taken before the result is there")
    func content() throws {
        let (exchange, busy) = try deferred { _, _ in .complete(Response(.noContent)) }
        #expect(exchange.contentNeed == .later && exchange.response == nil)
        #expect(exchange.receive([1, 2, 3].span) == 0)
        busy.release()
        try exchange.wait(at: 1)
        #expect(exchange.contentNeed == .never && exchange.response?.status == .noContent)
        #expect(exchange.receive([1, 2, 3].span) == 3)
        #expect(exchange.isOver)
    }

    @Test("The answer may be another exchange, which hears that the content is complete")
    func replaced() throws {
        let inner = Recorder()
        let (exchange, busy) = try deferred { _, result in
            inner.result = result
            return .exchange(inner)
        }
        exchange.endContent()
        #expect(inner.heard.isEmpty)
        busy.release()
        try exchange.wait(at: 7)
        // The wake-up may come once more, for the one whose place it has taken.
        #expect(inner.result == 42 && inner.heard.prefix(2) == ["begin 7", "contentEnded"])
        #expect(exchange.response?.status == .ok && exchange.deadline == 99, "its host is its own")
        exchange.conclude()
        #expect(inner.heard.last == "completed")
    }

    @Test("The answer is made for the request as it was")
    func request() throws {
        var path: String?
        let (exchange, busy) = try deferred { request, _ in
            path = request.text(request.path)
            return .complete(Response(.ok))
        }
        busy.release()
        try exchange.wait(at: 1)
        #expect(path == "/here")
    }

    @Test("A result for somebody who has left is dropped, also when it comes later")
    func dropped() throws {
        let (exchange, busy) = try deferred { _, _ in
            Issue.record("nobody waits for it")
            return .complete(Response(.ok))
        }
        exchange.drop()
        busy.release()
        exchange.advance(1)
        #expect(exchange.response == nil && exchange.isOver)
    }

    /// An exchange that waits for a thread which is busy until it is released.
    private func deferred(
        _ then: @escaping (borrowing Request, Int) -> Answer
    ) throws -> (DrivenExchange, BusyThread) {
        let busy = try BusyThread(queueLimit: 4)
        let calculation = try #require(busy.threads.calculate { 42 })
        return (DrivenExchange(DeferredExchange(Request("/here"), calculation, then: then)), busy)
    }
}

/// Remembers what it was told.
private final class Recorder: Exchange {
    var result: Int?
    private(set) var heard: [String] = []
    private var host: ExchangeHost?
    let contentNeed = ContentNeed.now

    func begin(_ host: consuming ExchangeHost) {
        heard.append("begin \(host.now.nanoseconds)")
        self.host = consume host
        self.host?.setDeadline(99)
    }

    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func head() -> HeadStep { .final(Response(.ok)) }
    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .contentEnded: heard.append("contentEnded")
        case .completed: heard.append("completed")
        case .clientEnded, .ready, .deadline, .woken, .draining: heard.append("else")
        }
    }
}
