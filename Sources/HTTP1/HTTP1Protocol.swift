import MartinetBytes
import MartinetEvents
package import MartinetHTTP

extension ApplicationProtocol {
    /// HTTP/1.1 and HTTP/1.0 (RFC 9112).
    package static let http1 = http1(mayPersist: true)
    /// The same with connections that carry one request (RFC 9112 §9.3): for clients that are sent elsewhere.
    package static let http1WithoutPersistence = http1(mayPersist: false)

    private static func http1(mayPersist: Bool) -> ApplicationProtocol {
        ApplicationProtocol(name: "http/1.1") { peer, token, responder in
            HTTP1Protocol(HTTP1Connection(peer: peer, token: token, responder: responder, mayPersist: mayPersist))
        }
    }
}

/// A place that holds one `HTTP1Connection`, for those to whom all protocols are the same.
private final class HTTP1Protocol: ProtocolConnection {
    private var connection: HTTP1Connection

    init(_ connection: consuming HTTP1Connection) { self.connection = connection }

    func advance(_ input: inout ByteQueue, _ output: inout ByteQueue, _ service: HTTPService) -> Waiting {
        connection.advance(&input, &output, service)
    }

    func timeOut(_ waiting: Waiting, _ output: inout ByteQueue, _ service: HTTPService) {
        connection.timeOut(waiting, &output, service)
    }

    func handle(_ event: ExchangeEvent, stream: UInt32) { connection.handle(event, stream: stream) }
    func drain() { connection.drain() }
    func endInput() { connection.endInput() }
    func abandon(_ service: HTTPService) { connection.abandon(service) }

    var wantsInput: Bool { connection.wantsInput }
    var hasEndedOutput: Bool { connection.hasEndedOutput }
    var ending: ConnectionEnding? { connection.ending }
    var progress: ConnectionProgress { connection.progress }
    var keptByteCount: Int { connection.keptByteCount }
}
