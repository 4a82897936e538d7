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
///     content    content, complete  output (no room), else content, else response
///     complete   awaiting, held     output (interim responses fill it), else response
///     complete   content            output (no room), else response
///     complete   complete           nothing: the exchange is over, and reading begins with a head or the connection ends
///     tunnel     tunnel             output (no room), else tunnel
///     tunnel     complete           tunnelEnd, or tunnel while the exchange takes none; over when both sides have ended
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
    private let token: Token
    private let responder: (any Responder)?
    private let mayPersist: Bool
    var reading = Reading.head
    var tunnel = Tunnel()
    var writer = ResponseWriter()
    private var headReader = HeadReader()
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

    /// The connection was lost or is given up: records the exchange in progress, if there is one.
    package mutating func abandon(_ service: HTTPService) {
        if let kept {
            writer.abandon()
            record(kept.request, isComplete: false, service)
        }
        truncate()
    }

    /// The time for what the connection waits for is over. Where a request is late, the answer is 408 (RFC 9110 §15.5.9);
    /// where it is only content that nobody needs, the response is sent with the next `advance`.
    package mutating func timeOut(_ waiting: Waiting, _ output: inout ByteQueue, _ service: HTTPService) {
        switch waiting {
        case .request:
            end()
        case .head:
            writer.begin()
            refuse(.late, nil, &output, service)
        case .content:
            refuse(.late, kept?.request, &output, service)
        case .unreadContent:
            leaveContent()
        case .response, .output, .tunnel, .tunnelEnd, .turn:
            abandon(service)
        }
    }

    // MARK: Reading

    /// Reads a head and opens its exchange; false when there is no whole head yet, or it was refused.
    private mutating func begin(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: inout Request, _ service: HTTPService
    ) -> Bool {
        var isRead = false
        do throws(MessageError) {
            switch try headReader.read(from: &input, into: &head) {
            case .nothing:
                // A client that has just come has its first request on the way.
                if isInputEnded || service.isDraining && progress.exchangeCount > 0 { end() }
                return false
            case .part:
                if isInputEnded { end() }
                return false
            case .whole:
                isRead = true
                try open(&output, &head, service)
                return true
            }
        } catch {
            // Whatever is wrong with it, the answer to HEAD has no content (RFC 9110 §9.3.2).
            if !isRead { writer.begin(isHead: input.readable.hasPrefix("HEAD ")) }
            input.removeAll()
            refuse(error, isRead ? head : nil, &output, service)
            return false
        }
    }

    private mutating func open(
        _ output: inout ByteQueue, _ head: inout Request, _ service: HTTPService
    ) throws(MessageError) {
        progress.receivedByteCount = 0
        isReplaced = false
        head.peer = peer
        let moment = service.moment
        head.arrival = moment.now
        head.date = moment.date
        writer.begin(isHTTP10: head.isHTTP10, isHead: head.method == .head)
        persistence = !head.asksToPersist ? .closesAsAsked : service.isDraining || !mayPersist ? .closes : .persists
        if let isSecure = head.isTargetSecure, isSecure != (peer.session != nil) { throw .misdirected }
        let isAwaited = try head.expectsContinue()
        let content = head.content
        reading = content == .none ? .complete : .content(RequestContent(content, isAwaited: isAwaited))
        switch (responder ?? service.responder).open(head) {
        case .exchange(let exchange, let decoration):
            begin(exchange, decoration, service)
            if content != .none, exchange.contentNeed == .never { forgoContent() }
        case .complete(let response):
            guard content == .none else {
                forgoContent(for: response)
                return writer.hold(response)
            }
            var persists = persists
            writer.start(response, &persists, date: moment.dateText, to: &output)
            if !persists { close() }
        case .prepared(let response, let user):
            guard content == .none else {
                forgoContent(for: response.response)
                return writer.hold(response, user: user)
            }
            writer.send(response, user: user, persists: persists, date: moment.dateText, to: &output)
        }
    }

    private mutating func begin(_ exchange: any Exchange, _ decoration: HeadDecoration?, _ service: HTTPService) {
        self.exchange = exchange
        self.decoration = decoration
        exchange.begin(makeHost(service))
        if case .complete = reading { exchange.handle(.contentEnded(nil)) }
        // It has begun after the others were told.
        if service.isDraining { exchange.handle(.draining) }
    }

    /// Another answer takes the place of the exchange in progress, which is gone.
    mutating func replace(with answer: Answer, _ service: HTTPService) {
        isReplaced = true
        switch answer {
        case .complete(let response):
            forgoContent(for: response)
            writer.hold(decorated(response))
        case .prepared(let response, let user):
            forgoContent(for: response.response)
            if decoration == nil {
                writer.hold(response, user: user)
            } else {
                writer.hold(decorated(response.response(for: user)))
            }
        case .exchange(let next, let inner):
            begin(next, decoration.map { HeadDecoration(inner, then: $0.apply) } ?? inner, service)
        }
    }

    func decorated(_ response: Response) -> Response {
        guard let decoration else { return response }
        var changed = response
        decoration.apply(to: &changed)
        return changed
    }

    /// The response does not depend on the request's content. A little of it is read and dropped so that the connection
    /// can go on; where it is long, or the client waits to be asked for it, the connection ends instead.
    private mutating func forgoContent() {
        guard case .content(let content) = reading, content.isLong || content.isAwaited else { return }
        leaveContent()
    }

    private mutating func forgoContent(for response: borrowing Response) {
        if response.stopsRequest { stopReading() } else { forgoContent() }
    }

    /// Nothing more of the request is read, whatever it is in the middle of.
    mutating func stopReading() {
        if case .content = reading { leaveContent() }
    }

    /// The rest of the content is not read, so that no request can follow it. It may still come, and an early close would
    /// destroy the response.
    mutating func leaveContent() {
        persistence = .closes
        reading = .complete
    }

    /// The connection does not go on after this exchange, whatever was meant before.
    mutating func close() {
        if case .persists = persistence { persistence = .closes }
    }

    private mutating func receiveContent(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTPService
    ) {
        guard case .content(var content) = reading else { return }
        do throws(MessageError) {
            let pause = try content.read(from: &input, to: exchange)
            progress.receivedByteCount = content.byteCount
            reading = .content(content)
            switch pause {
            case .complete:
                reading = .complete
                exchange?.handle(.contentEnded(content.trailers))
            case .notTaken: break
            case .tooLong: leaveContent()
            case .lacking where writer.isComplete && service.isDraining: leaveContent()
            case .lacking: try awaitContent(content, hasInput: !input.isEmpty, &output, service)
            }
        } catch {
            input.removeAll()
            refuse(error, kept?.request ?? copy head, &output, service)
        }
    }

    var needsContent: Bool {
        if writer.isComplete { return false }
        return exchange.map { $0.contentNeed != .never } ?? writer.isAwaiting
    }

    /// All that has come is read, and there is more to come.
    private mutating func awaitContent(
        _ content: RequestContent, hasInput: Bool, _ output: inout ByteQueue, _ service: HTTPService
    ) throws(MessageError) {
        if isInputEnded {
            guard needsContent || !content.hasKnownLength else { return leaveContent() }
            throw .bad("The request's content ended early.")
        }
        guard content.isAwaited else { return }
        switch exchange?.contentNeed ?? .now {
        case .now: break
        case .later: return
        // Who waits to be asked for content that nobody wants any more is not asked.
        case .never: return leaveContent()
        }
        // A response that is known already does not depend on it.
        takeHead(&output, service)
        guard !isReplaced, writer.isAwaiting, case .content = reading else { return }
        var asked = content
        asked.isAwaited = false
        reading = .content(asked)
        // Who has begun to send it does not wait.
        if content.byteCount == 0, !hasInput { output.append(ResponseSerializer.continueResponse) }
    }
}

/// The request of an exchange that outlasts its turn. In a box, which most connections do without.
final class KeptRequest {
    let request: Request

    init(_ request: Request) {
        self.request = request
    }
}
