import Bytes
import HTTP
import POSIX

/// An exchange whose answer depends on what a helper thread calculates: it waits for that, and then is the answer.
///
/// Until then none of the request's content is taken or asked for: who it is from, or whether it is wanted, may not be known.
final class DeferredExchange: Exchange {
    private enum Phase {
        case waiting(descriptor: CInt, answer: () -> Answer?)
        /// The response is at hand.
        case answered
        case replaced(any Exchange)
    }

    private var phase: Phase
    private var ownResponse: Response?
    private var isContentComplete = false

    /// - Parameter then: what the result leads to; called once, in a turn of the exchange's connection.
    init<Result: Sendable>(
        _ request: borrowing Request, _ calculation: Calculation<Result>,
        then: @escaping (_ request: borrowing Request, Result) -> Answer
    ) {
        let kept = copy request
        phase = .waiting(descriptor: calculation.descriptor) { calculation.take().map { then(kept, $0) } }
    }

    var response: Response? {
        if case .replaced(let exchange) = phase { exchange.response } else { ownResponse }
    }

    var contentNeed: ContentNeed {
        switch phase {
        case .waiting: .later
        case .answered: .never
        case .replaced(let exchange): exchange.contentNeed
        }
    }

    func receive(_ content: Span<UInt8>) -> Int {
        switch phase {
        case .waiting: 0
        case .answered: content.count
        case .replaced(let exchange): exchange.receive(content)
        }
    }

    func endContent() {
        isContentComplete = true
        if case .replaced(let exchange) = phase { exchange.endContent() }
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        if case .replaced(let exchange) = phase { exchange.produce(into: &room) } else { .end }
    }

    func advance(_ now: Int64) {
        switch phase {
        case .waiting(_, let answer):
            switch answer() {
            case nil: return
            case .complete(let response):
                ownResponse = response
                phase = .answered
            case .exchange(let exchange):
                phase = .replaced(exchange)
                if isContentComplete { exchange.endContent() }
                exchange.advance(now)
            }
        case .answered: break
        case .replaced(let exchange): exchange.advance(now)
        }
    }

    func giveUp(_ now: Int64) -> Bool {
        if case .replaced(let exchange) = phase { exchange.giveUp(now) } else { false }
    }

    func conclude() {
        if case .replaced(let exchange) = phase { exchange.conclude() }
    }

    var waits: [Wait] {
        switch phase {
        case .waiting(let descriptor, _): [Wait(descriptor, for: .reading)]
        case .answered: []
        case .replaced(let exchange): exchange.waits
        }
    }

    var deadline: Int64? {
        if case .replaced(let exchange) = phase { exchange.deadline } else { nil }
    }

    var hasUrgentDeadline: Bool {
        if case .replaced(let exchange) = phase { exchange.hasUrgentDeadline } else { false }
    }
}
