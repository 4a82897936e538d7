package import MartinetEvents

/// What an exchange waits with. It belongs to one exchange, and all that is registered ends with it.
package struct ExchangeHost: ~Copyable {
    private let loop: any ExchangeLoop
    private let token: Token
    private var isRegistered = false

    /// - Parameter token: the exchange's, a stream of its connection's.
    package init(_ loop: any ExchangeLoop, token: Token) {
        self.loop = loop
        self.token = token
    }

    deinit {
        if isRegistered { loop.cancel(token) }
    }

    /// The moment at which the current round of turns began.
    package var now: MonotonicTime { loop.now }

    /// Has `.ready` come once, when the descriptor is ready in one of the directions. Those that were asked for before and
    /// have not been reported stay.
    ///
    /// Called when the kernel has said "not now", not before: then what nobody asks for is not watched either.
    package mutating func watch(_ descriptor: CInt, for directions: Readiness) {
        isRegistered = true
        loop.watch(descriptor, adding: directions, for: token)
    }

    /// Waits for a descriptor no longer. To be called before it is closed or given away.
    package mutating func forget(_ descriptor: CInt) {
        if isRegistered { loop.forget(descriptor, for: token) }
    }

    /// Has `.deadline` come at that moment and no other; `distantFuture` for never. Moving it forwards is cheap.
    package mutating func setDeadline(_ time: MonotonicTime) {
        guard isRegistered || time != .distantFuture else { return }
        isRegistered = true
        loop.setDeadline(time, for: token)
    }

    /// For any thread: has `.woken` come.
    package var waker: Waker { loop.waker(for: token) }
}

/// The loop that a connection lives on, as far as exchanges may use it.
package protocol ExchangeLoop: AnyObject {
    /// The moment at which the current round began.
    var now: MonotonicTime { get }
    /// What the clock says now, in the middle of a round.
    func readClock() -> MonotonicTime
    func watch(_ descriptor: CInt, adding directions: Readiness, for token: Token)
    func forget(_ descriptor: CInt, for token: Token)
    func setDeadline(_ time: MonotonicTime, for token: Token)
    func waker(for token: Token) -> Waker
    /// Forgets all that is registered for the token.
    func cancel(_ token: Token)
}
