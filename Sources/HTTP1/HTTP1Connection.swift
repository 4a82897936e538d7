package import MartinetBytes
package import MartinetEvents
package import MartinetHTTP

/// One connection's succession of exchanges (RFC 9112 §9): bytes in, bytes out, no I/O.
///
/// Two small machines run side by side, the reading of a request and the writing of its response. When both have
/// completed, the exchange is over, and the next begins if the connection persists. What is waited for follows from them:
///
///     reading    writer             waits for
///     head       awaiting           request (no byte has come), head, output (no room to answer), turn (budget spent)
///     content    awaiting, held     output (interim responses fill it), else content (it is needed), unreadContent (it is
///                                   not), response (the exchange takes none)
///     content    content            output (no room), else content, unreadContent or response likewise
///     content    complete           content, unless the exchange takes none: response
///     complete   awaiting, held     output (interim responses fill it), else response
///     complete   content            output (no room), else response
///     complete   complete           nothing: the exchange is over, and reading begins with a head or the connection ends
///     tunnel     tunnel             output (no room), else tunnel
///     tunnel     complete           tunnelEnd, or tunnel while the exchange takes none; over when both sides have ended
///
/// Here they are driven; what each of them does is in the files beside this one: request, response, tunnel and ending.
package struct HTTP1Connection: ~Copyable {
    enum Reading {
        case head
        case content(RequestContent)
        case complete
        case tunnel
    }

    /// What the client sends behind the head that began a tunnel.
    struct Tunnel {
        /// The exchange, asked last, took none of what there is.
        var isHeldBack = false
        /// The exchange knows that the client sends no more.
        var isEnded = false
    }

    /// What becomes of the connection when the exchange in progress is over.
    enum Persistence {
        case persists
        case closes
        /// The client itself has said that this request is its last.
        case closesAsAsked
    }

    let peer: Peer
    let token: Token
    let responder: (any Responder)?
    let mayPersist: Bool
    var reading = Reading.head
    /// The fields behind the content that is read; nil where there are none.
    var trailers: TrailerReader?
    var tunnel = Tunnel()
    var writer = ResponseWriter()
    var headReader = HeadReader()
    var exchange: (any Exchange)?
    /// What is changed of its response's head.
    var decoration: HeadDecoration?
    /// Another answer has taken the exchange's place, and has not been offered the content that waits.
    var isReplaced = false
    /// The request in progress, kept only when its exchange outlasts a turn.
    var kept: KeptRequest?
    var persistence = Persistence.persists
    var isInputEnded = false
    /// Why nothing more is to be read or written; nil while the connection goes on.
    package internal(set) var ending: ConnectionEnding?
    package internal(set) var progress = ConnectionProgress()

    /// - Parameters:
    ///   - token: the connection's own; its exchanges are streams of it.
    ///   - responder: where responses come from; nil for the service's.
    ///   - mayPersist: whether more than one request may come on it.
    package init(peer: Peer, token: Token, responder: (any Responder)? = nil, mayPersist: Bool = true) {
        self.peer = peer
        self.token = token
        self.responder = responder
        self.mayPersist = mayPersist
    }

    /// Whether more input can change anything.
    package var wantsInput: Bool {
        if ending != nil || isInputEnded { return false }
        return switch reading {
        case .head: true
        case .content(let content): lacks(content)
        case .complete: false
        case .tunnel: !tunnel.isHeldBack
        }
    }

    /// Whether nothing more goes to the client, who may still send: one side of a tunnel has ended.
    package var hasEndedOutput: Bool {
        if case .tunnel = reading { writer.isComplete } else { false }
    }

    /// Content of the response in progress that is in memory until all of it is written, in bytes.
    package var keptByteCount: Int { writer.keptByteCount }

    /// Something has happened to an exchange: to the one in progress, or to one that is over, which does not hear of it.
    package func handle(_ event: ExchangeEvent, stream: UInt32) {
        if stream == self.stream { exchange?.handle(event) }
    }

    /// The worker is about to leave: the exchange in progress hears of it.
    package func drain() { exchange?.handle(.draining) }

    /// The client will send no more.
    package mutating func endInput() {
        isInputEnded = true
    }

    /// The exchange in progress, as a stream of the connection's token.
    private var stream: UInt32 { UInt32(truncatingIfNeeded: progress.exchangeCount) & 0x7FFF_FFFF + 1 }

    /// What the exchange that begins waits with.
    func makeHost(_ service: HTTPService) -> ExchangeHost {
        ExchangeHost(service.loop, token: token.stream(stream))
    }

    /// Moves everything as far as it goes: reads requests from `input`, writes responses to `output`.
    ///
    /// - Returns: what it waits for, unless it has ended. After `.output` it is to be called again as soon as `output` has
    ///   been emptied; after `.turn` when others have had theirs.
    package mutating func advance(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ service: HTTPService
    ) -> Waiting {
        // Lent for the whole of it, since each access to it there would be checked for exclusivity.
        advance(&input, &output, &service.request, service)
    }

    private mutating func advance(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: inout Request, _ service: HTTPService
    ) -> Waiting {
        var budget = TurnBudget()
        while ending == nil {
            if case .head = reading {
                guard output.count < HTTPService.outputByteCount else { return .output }
                guard input.isEmpty || budget.takeRequest(service.loop) else { return .turn }
                guard begin(&input, &output, &head, service) else { break }
            }
            if !isExchangeComplete {
                receiveContent(&input, &output, head, service)
                if ending != nil { break }
                writeResponse(&output, head, service)
                // Content that the exchange did not take before its response was complete is dropped.
                if writer.isComplete, case .content = reading { receiveContent(&input, &output, head, service) }
                if case .tunnel = reading { moveTunnel(&input, &output, head, service) }
                if ending != nil { break }
                guard isExchangeComplete else {
                    if mayTakeContent {
                        isReplaced = false
                        continue
                    }
                    if kept == nil { kept = KeptRequest(head) }
                    break
                }
            }
            finishExchange(head, service)
        }
        return waiting(input, output)
    }

    /// Whether content that an exchange did not take may find a taker now, or nobody wants it any more.
    private var mayTakeContent: Bool {
        guard case .content(let content) = reading, content.isHeldBack || isReplaced else { return false }
        return isReplaced || exchange.map { $0.contentNeed == .never } ?? true
    }

    /// What is waited for when nothing more can be done.
    private func waiting(_ input: borrowing ByteQueue, _ output: borrowing ByteQueue) -> Waiting {
        if case .head = reading { return input.isEmpty ? .request : .head }
        if writer.isBlocked(by: output) || output.count >= HTTPService.outputByteCount { return .output }
        if case .tunnel = reading { return writer.isComplete && !tunnel.isHeldBack ? .tunnelEnd : .tunnel }
        guard case .content(let content) = reading, lacks(content) else { return .response }
        return needsContent || writer.isComplete ? .content : .unreadContent
    }

    var persists: Bool { if case .persists = persistence { true } else { false } }

    /// Whether all content that has come is read, and more of it is wanted.
    private func lacks(_ content: RequestContent) -> Bool {
        if content.isHeldBack { return false }
        return !content.isAwaited || exchange.map { $0.contentNeed == .now } ?? true
    }

    private var isExchangeComplete: Bool {
        if case .complete = reading { writer.isComplete } else { false }
    }
}
