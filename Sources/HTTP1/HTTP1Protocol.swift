import MartinetBytes
import MartinetEvents
package import MartinetHTTP

extension ApplicationProtocol {
    /// HTTP/1.1 and HTTP/1.0 (RFC 9112).
    package static let http1 = ApplicationProtocol(name: "http/1.1") { peer, token, responder in
        HTTP1Protocol(peer: peer, token: token, responder: responder)
    }
}

/// A place that holds one `HTTP1Connection`, for those to whom all protocols are the same.
private final class HTTP1Protocol: ProtocolConnection {
    private var connection: HTTP1Connection

    init(peer: Peer, token: Token, responder: (any Responder)?) {
        connection = HTTP1Connection(peer: peer, token: token, responder: responder)
    }

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
