import MartinetHTTP
import MartinetPOSIX

/// Where work is done that would hold up a worker's other connections; done at once where there are no helper threads.
struct Helpers {
    private let threads: HelperThreads?

    init(_ threads: HelperThreads?) {
        self.threads = threads
    }

    enum Outcome<Result: Sendable> {
        case done(Result)
        case pending(Calculation<Result>)
        /// There is too much to do already.
        case refused
    }

    func calculate<Result: Sendable>(_ work: @escaping @Sendable () -> Result) -> Outcome<Result> {
        guard let threads else { return .done(work()) }
        guard let calculation = threads.calculate(work) else { return .refused }
        return .pending(calculation)
    }

    /// The answer to a request that depends on some work; nil where there is too much to do already.
    ///
    /// - Parameter then: what the result leads to; called at once or in a later turn of the request's connection.
    func answer<Result: Sendable>(
        _ request: borrowing Request, after work: @escaping @Sendable () -> Result,
        then: @escaping (_ request: borrowing Request, Result) -> Answer
    ) -> Answer? {
        switch calculate(work) {
        case .done(let result): then(request, result)
        case .pending(let calculation): .exchange(DeferredExchange(request, calculation, then: then))
        case .refused: nil
        }
    }
}
