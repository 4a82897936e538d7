import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Something that comes later, which an answer depends on.
protocol Deferral: AnyObject {
    associatedtype Outcome

    /// What has come; nil while nothing has, and after it was taken.
    func take(_ now: MonotonicTime) -> Outcome?

    /// What it waits for, and until when at most, as `Exchange` says it.
    var waits: [Wait] { get }
    var deadline: MonotonicTime? { get }
}

/// An exchange whose answer depends on what comes later, as from a helper thread: it waits for that, and then is the answer.
///
/// Until then none of the request's content is taken or asked for: who it is from, or whether it is wanted, may not be known.
final class DeferredExchange: Exchange {
    private enum Phase {
        case waiting(any Deferral, answer: (_ now: MonotonicTime) -> Answer?)
        /// The response is at hand.
        case answered
        case replaced(any Exchange)
    }

    private var phase: Phase
    private var ownResponse: Response?
    private var isContentComplete = false

    /// - Parameter then: what the result leads to; called once, in a turn of the exchange's connection.
    convenience init<Result: Sendable>(
        _ request: borrowing Request, _ calculation: Calculation<Result>,
        then: @escaping (_ request: borrowing Request, Result) -> Answer
    ) {
        self.init(request, DeferredCalculation(calculation), then: then)
    }

    /// - Parameter then: what the outcome leads to; called once, in a turn of the exchange's connection.
    init<Source: Deferral>(
        _ request: borrowing Request, _ source: Source,
        then: @escaping (_ request: borrowing Request, Source.Outcome) -> Answer
    ) {
        let kept = copy request
        phase = .waiting(source) { now in source.take(now).map { then(kept, $0) } }
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

    func advance(_ now: MonotonicTime) {
        switch phase {
        case .waiting(_, let answer):
            switch answer(now) {
            case nil: return
            case .complete(let response):
                ownResponse = response
                phase = .answered
            case .prepared(let prepared, let user):
                ownResponse = prepared.response(for: user)
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

    func giveUp(_ now: MonotonicTime) -> Bool {
        if case .replaced(let exchange) = phase { exchange.giveUp(now) } else { false }
    }

    func conclude() {
        if case .replaced(let exchange) = phase { exchange.conclude() }
    }

    var waits: [Wait] {
        switch phase {
        case .waiting(let source, _): source.waits
        case .answered: []
        case .replaced(let exchange): exchange.waits
        }
    }

    var deadline: MonotonicTime? {
        switch phase {
        case .waiting(let source, _): source.deadline
        case .answered: nil
        case .replaced(let exchange): exchange.deadline
        }
    }

    var hasUrgentDeadline: Bool {
        switch phase {
        // Others may wait for the same.
        case .waiting: true
        case .answered: false
        case .replaced(let exchange): exchange.hasUrgentDeadline
        }
    }
}

private final class DeferredCalculation<Result: Sendable>: Deferral {
    private let calculation: Calculation<Result>

    init(_ calculation: Calculation<Result>) {
        self.calculation = calculation
    }

    func take(_ now: MonotonicTime) -> Result? { calculation.take() }

    var waits: [Wait] { [Wait(calculation.descriptor, for: .reading)] }
    var deadline: MonotonicTime? { nil }
}
