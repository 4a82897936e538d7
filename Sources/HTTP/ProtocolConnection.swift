package import MartinetBytes
package import MartinetEvents

/// What is spoken on one connection, whatever carries its bytes: a version of HTTP, or another protocol of requests and
/// responses.
///
/// Bytes in, bytes out, no I/O. Each exchange on it is a stream of the connection's token: an event is for one of them, and
/// touches no other.
package protocol ProtocolConnection: AnyObject {
    /// Moves everything as far as it goes: reads requests from `input`, writes responses to `output`.
    ///
    /// - Returns: what it waits for, unless it has ended. After `.output` it is to be called again as soon as `output` has
    ///   been emptied; after `.turn` when others have had theirs.
    func advance(_ input: inout ByteQueue, _ output: inout ByteQueue, _ service: HTTPService) -> Waiting
    /// Something has happened to the exchange with that stream number; to one that is over, it does not matter. What comes
    /// of it, `advance` moves.
    func handle(_ event: ExchangeEvent, stream: UInt32)
    /// The worker is about to leave: the exchanges in progress hear of it.
    func drain()
    /// The client will send no more than is in the input.
    func endInput()
    /// The connection was lost or is given up: records the exchanges in progress, which are over.
    func abandon(_ service: HTTPService)
    /// The time for what the connection waits for is over.
    func timeOut(_ waiting: Waiting, _ output: inout ByteQueue, _ service: HTTPService)

    /// Whether more input can change anything.
    var wantsInput: Bool { get }
    /// Whether nothing more goes to the client, who may still send: one side of a tunnel has ended.
    var hasEndedOutput: Bool { get }
    /// Why nothing more is to be read or written; nil while the connection goes on.
    var ending: ConnectionEnding? { get }
    var progress: ConnectionProgress { get }
    /// Content of responses in progress that is in memory until all of it is written, in bytes.
    var keptByteCount: Int { get }
}

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
    /// The client, to send something through a tunnel, or its end. The exchange has ended its own side, and has no say any
    /// more in how long that may take.
    case tunnelEnd
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

/// A protocol that clients may choose.
package struct ApplicationProtocol: Sendable {
    /// What begins to speak it on a connection.
    ///
    /// - Parameters:
    ///   - token: the connection's own; its exchanges are streams of it.
    ///   - responder: where responses come from; nil for the service's.
    package typealias Start =
        @Sendable (_ peer: Peer, _ token: Token, _ responder: (any Responder)?) -> any ProtocolConnection

    /// By which it is chosen in the TLS handshake (ALPN, RFC 7301 §6), such as "h2".
    package let name: String
    package let start: Start

    package init(name: String, start: @escaping Start) {
        self.name = name
        self.start = start
    }
}

/// What is spoken on the connections of a worker.
package struct ApplicationProtocols: Sendable {
    /// What clients may choose, the best first.
    private let offered: [ApplicationProtocol]
    /// What is spoken with clients that choose nothing.
    package let usual: ApplicationProtocol

    /// - Parameter better: what is preferred to the usual one where clients know it, the best first.
    package init(_ usual: ApplicationProtocol, better: [ApplicationProtocol] = []) {
        self.usual = usual
        offered = better + [usual]
    }

    /// What a TLS context offers.
    package var names: [String] { offered.map(\.name) }

    /// What is spoken with a client that has chosen that name; nil where it has chosen none.
    package func chosen(_ name: String?) -> ApplicationProtocol {
        offered.first { $0.name == name } ?? usual
    }
}
