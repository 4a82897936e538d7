import MartinetBytes
import MartinetHTTP

/// The writing of one response after the other (RFC 9112 §4, §6).
struct ResponseWriter {
    private enum Phase {
        /// There is no response yet.
        case awaiting
        /// The response is known, and is sent as soon as the request's content can break no more rules: content that does is
        /// answered as such.
        case held(Response)
        /// The same of one that was made before.
        case heldPrepared(PreparedResponse, user: [UInt8]?)
        /// The head is written.
        case content(ResponseContent)
        /// The head is written, and what follows is no message.
        case tunnel
        case complete
    }

    private var phase = Phase.awaiting
    /// The response's, once it has begun.
    private(set) var status = StatusCode.ok
    /// The user whom the response, once it has begun, is for; nil where nobody has logged in.
    private(set) var user: [UInt8]?
    /// Content written so far, in bytes, without framing; kept until the next request.
    private(set) var contentByteCount = 0
    private var isHTTP10 = false
    private var isHead = false

    /// A request has come.
    ///
    /// - Parameters:
    ///   - isHTTP10: whether it is in HTTP/1.0.
    ///   - isHead: whether its method is HEAD, whose response has no content.
    mutating func begin(isHTTP10: Bool = false, isHead: Bool = false) {
        self.isHTTP10 = isHTTP10
        self.isHead = isHead
        user = nil
        contentByteCount = 0
    }

    /// The response is recorded, and the next one may begin.
    mutating func finish() {
        phase = .awaiting
    }

    var isAwaiting: Bool { if case .awaiting = phase { true } else { false } }
    var isHolding: Bool {
        switch phase {
        case .held, .heldPrepared: true
        case .awaiting, .content, .tunnel, .complete: false
        }
    }
    var isTunnel: Bool { if case .tunnel = phase { true } else { false } }
    var isComplete: Bool { if case .complete = phase { true } else { false } }

    /// Whether the client has been sent some of it.
    var hasBegun: Bool {
        switch phase {
        case .awaiting, .held, .heldPrepared: false
        case .content, .tunnel, .complete: true
        }
    }

    /// Content of the response that is in memory until all of it is written, in bytes.
    var keptByteCount: Int {
        switch phase {
        case .held(let response): response.content.keptByteCount
        case .heldPrepared(let prepared, _): prepared.response.content.keptByteCount
        case .content(.bytes(let bytes, _)): bytes.count
        case .awaiting, .content, .tunnel, .complete: 0
        }
    }

    /// Keeps the response until the request's content is read.
    mutating func hold(_ response: Response) {
        phase = .held(response)
    }

    mutating func hold(_ prepared: PreparedResponse, user: [UInt8]?) {
        phase = .heldPrepared(prepared, user: user)
    }

    /// Starts the response that was held.
    mutating func startHeld(_ persists: inout Bool, date: [UInt8], to output: inout ByteQueue) {
        switch phase {
        case .held(let response): start(response, &persists, date: date, to: &output)
        case .heldPrepared(let prepared, let user):
            send(prepared, user: user, persists: persists, date: date, to: &output)
        case .awaiting, .content, .tunnel, .complete: break
        }
    }

    /// Nobody takes it any more: what has not begun counts as not given.
    mutating func abandon() {
        if !hasBegun { status = .clientClosedRequest }
    }

    // MARK: Whole messages

    /// Sends the whole message that was made of the response before, or makes it for this time and all that follow.
    ///
    /// - Parameters:
    ///   - user: whom it is for this time.
    ///   - persists: whether the connection does.
    mutating func send(
        _ prepared: PreparedResponse, user: [UInt8]?, persists: Bool, date: [UInt8], to output: inout ByteQueue
    ) {
        let message: PreparedMessage
        if let known = prepared.message as? PreparedMessage {
            message = known
        } else {
            message = ResponseSerializer.prepare(prepared.response, date: date)
            prepared.message = message
        }
        message.write(date: date, persistence: persistence(persists), hasContent: !isHead, to: &output)
        status = message.status
        self.user = user
        contentByteCount = isHead ? 0 : message.contentByteCount
        phase = .complete
    }

    // MARK: Heads and contents

    /// Writes a response's head; its content, if it has any, follows with `write`.
    ///
    /// - Parameter persists: whether the connection does; set to false where this response ends it.
    mutating func start(
        _ response: Response, _ persists: inout Bool, date: [UInt8], to output: inout ByteQueue
    ) {
        let framing = ResponseSerializer.framing(response, isHTTP10: isHTTP10)
        if framing == .close { persists = false }
        status = response.status
        user = response.user
        let line: StaticString?
        switch response.content {
        case .message:
            phase = .content(.stream(remaining: nil, isChunked: false))
            return
        case .tunnel: line = upgrade
        case .none, .bytes, .stream: line = persistence(persists)
        }
        ResponseSerializer.writeHead(response, framing: framing, date: date, persistence: line, to: &output)
        let hasContent = !isHead && framing != .none && framing != .length(0)
        switch response.content {
        case .bytes(let bytes) where hasContent: phase = .content(.bytes(bytes, written: 0))
        case .stream(let length) where hasContent:
            phase = .content(.stream(remaining: length, isChunked: framing == .chunked))
        case .tunnel: phase = .tunnel
        default: phase = .complete
        }
    }

    /// What is said of the connection: what its version does not mean by itself (RFC 9112 §9.3).
    private func persistence(_ persists: Bool) -> StaticString? {
        persists ? (isHTTP10 ? "Connection: keep-alive\r\n" : nil) : "Connection: close\r\n"
    }

    /// What is said of the connection where a tunnel begins (RFC 9110 §7.8).
    private var upgrade: StaticString? { status == .switchingProtocols ? "Connection: upgrade\r\n" : nil }

    /// Whether a tunnel begins with the response that is held: what comes behind the request's content is then the tunnel's.
    var holdsTunnel: Bool {
        guard case .held(let response) = phase, case .tunnel = response.content else { return false }
        return true
    }

    /// Writes an interim response, if the client knows such.
    func writeInterim(_ response: Response, to output: inout ByteQueue) {
        if !isHTTP10, !hasBegun { ResponseSerializer.writeInterim(response, to: &output) }
    }

    /// Whether content is left that did not fit: the output has no room for a piece worth a call.
    func isBlocked(by output: borrowing ByteQueue) -> Bool {
        switch phase {
        case .content, .tunnel: ResponseContent.space(in: output) == nil
        case .awaiting, .held, .heldPrepared, .complete: false
        }
    }

    /// Counts bytes that have gone through the tunnel to the client.
    mutating func count(tunnelled count: Int) { contentByteCount += count }

    /// Nothing more goes through the tunnel to the client.
    mutating func endTunnel() { phase = .complete }

    /// Writes as much content as there is and fits; nil where there is none to write.
    @inline(__always)
    mutating func write(from exchange: (any Exchange)?, to output: inout ByteQueue) -> ResponseContent.Pause? {
        guard case .content(var content) = phase else { return nil }
        let pause = content.write(from: exchange, to: &output, counting: &contentByteCount)
        phase = pause == .complete ? .complete : .content(content)
        return pause
    }

    /// Writes content that is at hand without regard to how much waits already.
    mutating func writeWhole(to output: inout ByteQueue) {
        guard case .content(.bytes(let bytes, _)) = phase else { return }
        output.append(bytes)
        contentByteCount = bytes.count
        phase = .complete
    }
}

extension Response.Content {
    /// In memory until all of it is written, in bytes.
    fileprivate var keptByteCount: Int { if case .bytes(let bytes) = self { bytes.count } else { 0 } }
}
