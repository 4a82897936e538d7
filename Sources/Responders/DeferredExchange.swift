import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Something that comes later, which an answer depends on.
protocol Deferral: AnyObject {
    associatedtype Outcome

    /// What has come; nil while nothing has, and after it was taken.
    func take(_ now: MonotonicTime) -> Outcome?

    /// Nothing has come: registers what it waits for.
    func wait(with host: inout ExchangeHost)
}

/// An exchange whose answer depends on what comes later, as from a helper thread: it waits for that, and then the answer takes
/// its place.
///
/// Until then none of the request's content is taken or asked for: who it is from, or whether it is wanted, may not be known.
final class DeferredExchange: Exchange {
    /// Asks what is waited for, and registers it where it has not come.
    private let step: (_ host: inout ExchangeHost) -> Answer?
    private var host: ExchangeHost?

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
        step = { host in
            if let outcome = source.take(host.now) { return then(kept, outcome) }
            source.wait(with: &host)
            return nil
        }
    }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }

    let contentNeed = ContentNeed.later

    func receive(_ content: Span<UInt8>) -> Int { 0 }

    func head() -> HeadStep {
        guard var host = host.take() else { return .notYet }
        let answer = step(&host)
        self.host = consume host
        return answer.map { .replaced($0) } ?? .notYet
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }

    func handle(_ event: ExchangeEvent) {}
}

private final class DeferredCalculation<Result: Sendable>: Deferral {
    private let calculation: Calculation<Result>

    init(_ calculation: Calculation<Result>) {
        self.calculation = calculation
    }

    func take(_ now: MonotonicTime) -> Result? { calculation.take() }

    func wait(with host: inout ExchangeHost) { calculation.wake(host.waker) }
}
