/// What a connection waits for, which says how long it may.
package enum Waiting: Equatable, Sendable, CaseIterable {
    /// The next request, of which nothing has come.
    case request
    /// The rest of a head.
    case head
    /// Request content.
    case content
    /// The rest of request content that nobody needs, before a response can be sent.
    case unreadContent
    /// The responder.
    case response
    /// The client, to take what is written.
    case output
    /// Either end of a tunnel.
    case tunnel
    /// The other connections, to have their turns.
    case turn
}

/// How a connection comes to its end.
package enum ConnectionEnding: Equatable, Sendable {
    /// After what is written.
    ///
    /// - isExpected: the client asked for it, and sends nothing more that an early close could hurt.
    case complete(isExpected: Bool)
    /// A response was cut short: the connection must not end as if it were whole.
    case truncated
}

/// What limits on time are about besides what is waited for: where it changes, the same thing is waited for anew.
package struct ConnectionProgress: Equatable, Sendable {
    /// How many exchanges are over.
    package var exchangeCount = 0
    /// Request content read so far in the exchange in progress, in bytes, or what a client has sent through a tunnel.
    package var receivedByteCount = 0

    package init() {}
}
