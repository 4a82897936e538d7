package import MartinetEvents
package import MartinetHTTP
import MartinetPOSIX
import Testing

/// An exchange as its connection drives it, without a connection: what takes its place is followed.
package final class DrivenExchange {
    package let loop: TestLoop
    /// The head, once it is known.
    package var response: Response? {
        ask()
        return known
    }
    private var known: Response?
    package private(set) var interim: [Response] = []
    private var exchange: (any Exchange)?
    private var decoration: HeadDecoration?
    private var isContentComplete = false
    private let token: Token

    package convenience init(_ exchange: any Exchange, _ decoration: HeadDecoration? = nil, now: MonotonicTime = .start)
    {
        self.init(.exchange(exchange, decoration), TestLoop(now: now))
    }

    package init(_ answer: Answer, _ loop: TestLoop) {
        self.loop = loop
        token = Token(slot: 1, generation: 1, stream: 1)
        begin(answer)
    }

    /// Whether there is an exchange, and not only a response.
    package var isExchange: Bool { exchange != nil }

    package var contentNeed: ContentNeed { exchange?.contentNeed ?? .never }

    package func receive(_ content: Span<UInt8>) -> Int {
        guard let exchange else { return content.count }
        let count = exchange.receive(content)
        ask()
        return count
    }

    package func endContent() {
        isContentComplete = true
        exchange?.handle(.contentEnded(nil))
        ask()
    }

    package func produce(into room: inout MutableSpan<UInt8>) -> Production {
        exchange?.produce(into: &room) ?? .end
    }

    package func handle(_ event: ExchangeEvent) {
        exchange?.handle(event)
        ask()
    }

    /// The response is complete.
    package func conclude() { exchange?.handle(.completed) }

    /// A turn: whatever has happened that it waits for, at this moment.
    package func advance(_ now: MonotonicTime) {
        loop.now = now
        for (event, _) in (try? loop.takeEvents()) ?? [] {
            exchange?.handle(event)
            ask()
        }
        for _ in loop.takeDue() {
            exchange?.handle(.deadline)
            ask()
        }
    }

    /// Whether it waits for nothing, and will not any more: it has been given up, or the response is at hand.
    package var isOver: Bool { waits.isEmpty && deadline == nil }

    /// Waits until something happens that it waits for, and gives it a turn.
    package func wait(at now: MonotonicTime) throws {
        loop.now = now
        ask()
        guard known == nil || exchange != nil else { return }
        var entries = loop.entries
        try FileDescriptor.waitForAny(&entries)
        advance(now)
    }

    /// The descriptors that it waits for.
    package var waits: [TestLoop.Registration] { loop.registrations }

    /// When it wants a turn even if nothing has happened by then.
    package var deadline: MonotonicTime? { loop.deadlines[token] }

    private func begin(_ answer: Answer) {
        switch answer {
        case .complete(var response):
            decoration?.apply(to: &response)
            known = response
        case .prepared(let prepared, let user):
            var response = prepared.response(for: user)
            decoration?.apply(to: &response)
            known = response
        case .exchange(let next, let inner):
            decoration = decoration.map { HeadDecoration(inner, then: $0.apply) } ?? inner
            exchange = next
            next.begin(ExchangeHost(loop, token: token))
            if isContentComplete { next.handle(.contentEnded(nil)) }
        }
    }

    /// Asks for the head. What is replaced is gone, with all that it waits for, before the next one begins, which waits under
    /// the same token: so nothing here may hold on to either.
    private func ask() {
        while known == nil, exchange != nil {
            var replacement: Answer?
            switch exchange?.head() ?? .notYet {
            case .notYet: return
            case .interim(let response): interim.append(response)
            case .final(var response):
                decoration?.apply(to: &response)
                known = response
            case .replaced(let answer): replacement = answer
            }
            guard replacement != nil else { continue }
            drop()
            if let answer = replacement.take() { begin(answer) }
        }
    }

    /// Nobody wants the answer any more.
    package func drop() { exchange = nil }
}
