package import MartinetBytes
package import MartinetEvents
package import MartinetHTTP

/// One connection's succession of exchanges (RFC 9112 §9): bytes in, bytes out, no I/O.
///
/// Two small machines run side by side, the reading of a request and the writing of its response. When both have
/// completed, the exchange is over, and the next begins if the connection persists.
package struct HTTP1Connection: ~Copyable {
    private enum Reading {
        case head
        case content(RequestContent)
        case complete
    }

    /// Where the connection stands between two calls.
    package struct State {
        /// Nothing more is to be read or written: flush and close.
        package let isFinished: Bool
        /// The last response was cut short, so that the connection must not end as if it were whole.
        package let isTruncated: Bool
        /// The client asked for the end, and sends no more requests that an early close could hurt.
        package let isEndExpected: Bool
        package let waiting: Waiting
        /// Request content read so far in this exchange, in bytes.
        package let receivedByteCount: Int
        /// How many exchanges are over.
        package let exchangeCount: Int
    }

    /// What the connection waits for, which says how long it may.
    package enum Waiting: Equatable, Sendable {
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
        /// The other connections, to have their turns.
        case turn
    }

    private let peer: Peer
    private let responder: (any Responder)?
    private var reading = Reading.head
    private var writer = ResponseWriter()
    private var headReader = HeadReader()
    private var exchange: (any Exchange)?
    /// The request in progress, kept only when its exchange outlasts a turn.
    private var kept: KeptRequest?
    private var persists = true
    /// The client itself has said that this request is its last.
    private var isLastRequest = false
    private var isInputEnded = false

    private var isFinished = false
    private var isTruncated = false
    package private(set) var waiting = Waiting.request
    /// Whether request content is wanted and none is at hand.
    private var lacksContent = false
    private var receivedByteCount = 0
    private var exchangeCount = 0

    /// - Parameter responder: where responses come from; nil for the service's.
    package init(peer: Peer, responder: (any Responder)? = nil) {
        self.peer = peer
        self.responder = responder
    }

    package var state: State {
        State(
            isFinished: isFinished, isTruncated: isTruncated, isEndExpected: isLastRequest && !isTruncated,
            waiting: waiting,
            receivedByteCount: receivedByteCount, exchangeCount: exchangeCount)
    }

    /// Whether more input can change anything.
    package var wantsInput: Bool {
        if isFinished || isInputEnded { return false }
        return switch reading {
        case .head: true
        case .content: lacksContent
        case .complete: false
        }
    }

    /// Content of the response in progress that is in memory until all of it is written, in bytes.
    package var keptByteCount: Int { writer.keptByteCount }

    /// What the exchange in progress waits for besides the client.
    package var waits: [Wait] { exchange?.waits ?? [] }

    /// When the exchange in progress wants a turn whatever happens.
    package var exchangeDeadline: MonotonicTime? { exchange?.deadline }

    /// Whether that counts also while nothing can be written; see `Exchange`.
    package var hasUrgentDeadline: Bool { exchange?.hasUrgentDeadline ?? false }

    /// Advances the exchange in progress, and nothing else.
    package func advanceExchange(_ service: HTTP1Service) {
        exchange?.advance(service.moment.now)
    }

    /// The client will send no more.
    package mutating func endInput() {
        isInputEnded = true
    }

    /// Moves everything as far as it goes: reads requests from `input`, writes responses to `output`.
    ///
    /// It returns when it waits for something, which `waiting` names, or is finished. While it is `.output` that it waits
    /// for, it is to be called again as soon as `output` has been emptied; after `.turn`, when others have had theirs.
    package mutating func advance(_ input: inout ByteQueue, _ output: inout ByteQueue, _ service: HTTP1Service) {
        // Lent for the whole of it, since each access to it there would be checked for exclusivity.
        advance(&input, &output, &service.request, service)
    }

    private mutating func advance(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: inout Request, _ service: HTTP1Service
    ) {
        exchange?.advance(service.moment.now)
        var budget = TurnBudget()
        while !isFinished {
            if case .head = reading {
                guard output.count < HTTP1Service.outputByteCount else {
                    waiting = .output
                    return
                }
                guard input.isEmpty || budget.takeRequest(service.clock) else {
                    waiting = .turn
                    return
                }
                guard begin(&input, &output, &head, service) else { return }
            }
            if !isExchangeComplete {
                receiveContent(&input, &output, head, service)
                if isFinished { return }
                writeResponse(&output, head, service)
                // Content that the exchange did not take before its response was complete is dropped.
                if writer.isComplete, case .content = reading { receiveContent(&input, &output, head, service) }
                if isFinished { return }
                guard isExchangeComplete else {
                    if exchange?.giveUp(service.moment.now) == true { continue }
                    if kept == nil { kept = KeptRequest(head) }
                    return
                }
            }
            finishExchange(head, service)
        }
    }

    private var isExchangeComplete: Bool {
        if case .complete = reading { writer.isComplete } else { false }
    }

    /// The connection was lost or is given up: records the exchange in progress, if there is one.
    package mutating func abandon(_ service: HTTP1Service) {
        if let kept {
            writer.abandon()
            record(kept.request, isComplete: false, service)
        }
        truncate()
    }

    /// The time for what the connection waits for is over. Where a request is late, the answer is 408 (RFC 9110 §15.5.9);
    /// where it is only content that nobody needs, the response is sent with the next `advance`.
    package mutating func timeOut(_ output: inout ByteQueue, _ service: HTTP1Service) {
        switch waiting {
        case .request:
            isFinished = true
        case .head:
            writer.begin()
            refuse(.late, nil, &output, service)
        case .content:
            refuse(.late, kept?.request, &output, service)
        case .unreadContent:
            leaveContent()
        case .response, .output, .turn:
            abandon(service)
        }
    }

    // MARK: Reading

    /// Reads a head and opens its exchange; false when there is no whole head yet, or it was refused.
    private mutating func begin(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: inout Request, _ service: HTTP1Service
    ) -> Bool {
        var isRead = false
        do throws(MessageError) {
            switch try headReader.read(from: &input, into: &head) {
            case .nothing:
                waiting = .request
                // A client that has just come has its first request on the way.
                isFinished = isInputEnded || service.isDraining && exchangeCount > 0
                return false
            case .part:
                waiting = .head
                isFinished = isInputEnded
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
        _ output: inout ByteQueue, _ head: inout Request, _ service: HTTP1Service
    ) throws(MessageError) {
        receivedByteCount = 0
        waiting = .response
        head.peer = peer
        let moment = service.moment
        head.arrival = moment.now
        head.date = moment.date
        writer.begin(minorVersion: head.minorVersion, isHead: head.method == .head)
        isLastRequest = !head.asksToPersist
        persists = !isLastRequest && !service.isDraining
        if let isSecure = head.isTargetSecure, isSecure != (peer.protocolVersion != nil) { throw .misdirected }
        let isAwaited = try head.expectsContinue()
        let content = head.content
        reading = content == .none ? .complete : .content(RequestContent(content, isAwaited: isAwaited))
        switch (responder ?? service.responder).open(head) {
        case .exchange(let exchange):
            self.exchange = exchange
            if content == .none {
                exchange.endContent()
                exchange.advance(moment.now)
            } else if exchange.contentNeed == .never {
                forgoContent()
            }
        case .complete(let response):
            if content == .none {
                writer.start(response, &persists, date: moment.dateText, to: &output)
            } else {
                forgoContent()
                writer.hold(response)
            }
        case .prepared(let response, let user):
            if content == .none {
                writer.send(response, user: user, &persists, date: moment.dateText, to: &output)
            } else {
                forgoContent()
                writer.hold(response, user: user)
            }
        }
    }

    /// The response does not depend on the request's content. A little of it is read and dropped so that the connection
    /// can go on; where it is long, or the client waits to be asked for it, the connection ends instead.
    private mutating func forgoContent() {
        guard case .content(let content) = reading, content.isLong || content.isAwaited else { return }
        leaveContent()
    }

    /// The rest of the content is not read, so that no request can follow it. It may still come, and an early close would
    /// destroy the response.
    private mutating func leaveContent() {
        persists = false
        isLastRequest = false
        reading = .complete
        waiting = .response
    }

    private mutating func receiveContent(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTP1Service
    ) {
        lacksContent = false
        guard case .content(var content) = reading else { return }
        do throws(MessageError) {
            let pause = try content.read(from: &input, to: exchange)
            receivedByteCount = content.byteCount
            reading = .content(content)
            switch pause {
            case .complete:
                reading = .complete
                waiting = .response
                exchange?.endContent()
            case .notTaken: waiting = .response
            case .tooLong: leaveContent()
            case .lacking where writer.isComplete && service.isDraining: leaveContent()
            case .lacking: try awaitContent(content, hasInput: !input.isEmpty, &output)
            }
        } catch {
            input.removeAll()
            refuse(error, kept?.request ?? copy head, &output, service)
        }
    }

    private var needsContent: Bool {
        if writer.isComplete || writer.isHolding { return false }
        return exchange.map { $0.contentNeed != .never } ?? writer.isAwaiting
    }

    /// All that has come is read, and there is more to come.
    private mutating func awaitContent(
        _ content: RequestContent, hasInput: Bool, _ output: inout ByteQueue
    ) throws(MessageError) {
        lacksContent = true
        waiting = needsContent || writer.isComplete ? .content : .unreadContent
        if isInputEnded {
            guard needsContent || !content.hasKnownLength else { return leaveContent() }
            throw .bad("The request's content ended early.")
        }
        guard content.isAwaited else { return }
        switch exchange?.contentNeed ?? .now {
        case .now: break
        case .later:
            lacksContent = false
            waiting = .response
            return
        case .never:
            // Who waits to be asked for content that nobody wants any more is not asked.
            lacksContent = false
            return leaveContent()
        }
        // A response that is known already does not depend on it.
        guard writer.isAwaiting, exchange?.response == nil else { return }
        var asked = content
        asked.isAwaited = false
        reading = .content(asked)
        // Who has begun to send it does not wait.
        if content.byteCount == 0, !hasInput { output.append(ResponseSerializer.continueResponse) }
    }

    // MARK: Writing

    /// The response is complete. Request content that is still to come is no longer wanted.
    private mutating func endResponse() {
        exchange?.conclude()
        exchange = nil
        if case .content(let content) = reading, content.isAwaited || !persists { leaveContent() }
    }

    /// Begins the response, if there is one and it is to be sent now.
    ///
    /// - Returns: whether it has begun.
    @inline(__always)
    private mutating func startResponse(_ output: inout ByteQueue, _ service: HTTP1Service) -> Bool {
        if writer.hasBegun { return false }
        let isSettled =
            switch reading {
            case .head: false
            // Nothing that can still come of it breaks the rules.
            case .content(let content): content.hasKnownLength
            case .complete: true
            }
        // That of the exchange; nil for one that is held.
        var response: Response?
        if writer.isHolding {
            guard isSettled else { return false }
        } else {
            guard let exchange, isSettled || exchange.contentNeed != .never, let known = exchange.response else {
                return false
            }
            response = known
        }
        if service.isDraining { persists = false }
        // More is to come than is worth reading for nobody.
        if case .content(let content) = reading, content.isLong, !needsContent { persists = false }
        let date = service.moment.dateText
        if let response {
            writer.start(response, &persists, date: date, to: &output)
        } else {
            writer.startHeld(&persists, date: date, to: &output)
        }
        return true
    }

    @inline(__always)
    private mutating func writeResponse(
        _ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTP1Service
    ) {
        if startResponse(&output, service), writer.isComplete { return endResponse() }
        switch writer.write(from: exchange, to: &output) {
        case nil: break
        case .complete: endResponse()
        case .full: waiting = .output
        case .notYet: if !lacksContent { waiting = .response }
        case .failed(let problem): fail(problem, head, service)
        }
    }

    private mutating func finishExchange(_ head: borrowing Request, _ service: HTTP1Service) {
        if let kept {
            record(kept.request, isComplete: true, service)
        } else {
            record(head, isComplete: true, service)
        }
        beginNext()
    }

    private func record(_ request: borrowing Request, isComplete: Bool, _ service: HTTP1Service) {
        service.journal.record(
            request, peer: peer, user: writer.user, status: writer.status,
            contentByteCount: writer.contentByteCount, isComplete: isComplete)
    }

    /// The exchange is over; the next may follow if the connection persists.
    private mutating func beginNext() {
        kept = nil
        exchange = nil
        exchangeCount += 1
        reading = .head
        writer.finish()
        waiting = .request
        isFinished = !persists
    }

    // MARK: Ending early

    /// Answers a message that breaks the rules, and ends the connection.
    ///
    /// - Parameter request: nil where no request could be read.
    private mutating func refuse(
        _ error: MessageError, _ request: Request?, _ output: inout ByteQueue, _ service: HTTP1Service
    ) {
        persists = false
        service.journal.recordRefusal(error.status, error.explanation, request, peer: peer)
        if case .content = reading { isLastRequest = false }
        if writer.isComplete {
            // What it asked for it has; only the rest of its content is not as it should be.
            if let request { record(request, isComplete: true, service) }
            beginNext()
            return
        }
        guard !writer.hasBegun else {
            // The response has begun: all that is left is to end the connection before its content is complete.
            kept = request.map(KeptRequest.init)
            abandon(service)
            return
        }
        exchange = nil
        var response = Response.error(error.status, error.explanation)
        response.closesConnection = true
        writer.start(response, &persists, date: service.moment.dateText, to: &output)
        // Whole, whatever waits already: the connection is finished and will not be asked for the rest.
        writer.writeWhole(to: &output)
        if let request {
            record(request, isComplete: true, service)
        } else {
            service.journal.recordUnreadable(
                peer: peer, status: error.status, contentByteCount: writer.contentByteCount)
        }
        kept = nil
        reading = .complete
        isFinished = true
    }

    /// The response cannot be completed.
    private mutating func fail(_ problem: String, _ head: borrowing Request, _ service: HTTP1Service) {
        let request = kept?.request ?? copy head
        kept = KeptRequest(request)
        service.journal.report(problem, request, peer: peer)
        abandon(service)
    }

    private mutating func truncate() {
        kept = nil
        exchange = nil
        reading = .complete
        isTruncated = true
        isFinished = true
    }
}

/// The request of an exchange that outlasts its turn. In a box, which most connections do without.
private final class KeptRequest {
    let request: Request

    init(_ request: Request) {
        self.request = request
    }
}
