/// Gives one exchange or one member of a loop a turn, from any thread.
package struct Waker: Sendable {
    private let target: any WakeTarget
    private let token: Token

    package init(_ target: any WakeTarget, token: Token) {
        self.target = target
        self.token = token
    }

    /// Harmless when whoever it is for is gone, and cheap when it was called before and has not been answered yet.
    package func wake() { target.wake(token) }
}

/// What takes wake-ups for a loop.
package protocol WakeTarget: AnyObject, Sendable {
    func wake(_ token: Token)
}
