import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("An answer that depends on what a helper thread calculates")
struct DeferredExchangeTests {
    private let threads: HelperThreads

    init() throws {
        threads = try HelperThreads(threadCount: 0, queueLimit: 0)
    }

    @Test("Nothing of the request's content is taken before the result is there")
    func content() throws {
        let exchange = try deferred { _, _ in .complete(Response(.noContent)) }
        #expect(exchange.contentNeed == .later && exchange.response == nil)
        #expect(exchange.receive([1, 2, 3].span) == 0)
        #expect(exchange.waits.count == 1)
        exchange.advance(1)
        #expect(exchange.contentNeed == .never && exchange.response?.status == .noContent)
        #expect(exchange.receive([1, 2, 3].span) == 3)
        #expect(exchange.waits.isEmpty)
    }

    @Test("The answer may be another exchange, which hears that the content is complete")
    func replaced() throws {
        let inner = Recorder()
        let exchange = try deferred { _, result in
            inner.result = result
            return .exchange(inner)
        }
        exchange.endContent()
        #expect(!inner.hasWholeContent)
        exchange.advance(7)
        #expect(inner.result == 42 && inner.hasWholeContent && inner.time == 7)
        #expect(exchange.response?.status == .ok && exchange.deadline == 99)
        exchange.conclude()
        #expect(inner.isConcluded)
    }

    @Test("The answer is made for the request as it was")
    func request() throws {
        var path: String?
        let exchange = try deferred { request, _ in
            path = request.text(request.path)
            return .complete(Response(.ok))
        }
        exchange.advance(1)
        #expect(path == "/here")
    }

    private func deferred(_ then: @escaping (borrowing Request, Int) -> Answer) throws -> DeferredExchange {
        let calculation = try #require(threads.calculate { 42 })
        return DeferredExchange(Request("/here"), calculation, then: then)
    }
}

private final class Recorder: Exchange {
    var result: Int?
    var hasWholeContent = false
    var time: MonotonicTime?
    var isConcluded = false

    var response: Response? { Response(.ok, content: .stream(length: nil)) }
    var contentNeed: ContentNeed { .now }
    var deadline: MonotonicTime? { 99 }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func endContent() { hasWholeContent = true }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }

    func advance(_ now: MonotonicTime) { time = now }

    func conclude() { isConcluded = true }
}
