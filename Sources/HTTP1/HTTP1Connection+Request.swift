import MartinetBytes
import MartinetHTTP

extension HTTP1Connection {
    // MARK: Heads

    /// Reads a head and opens its exchange; false when there is no whole head yet, or it was refused.
    mutating func begin(
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
        if case .unknownLength = content { trailers = nil }
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

    // MARK: Content

    /// The response does not depend on the request's content. A little of it is read and dropped so that the connection
    /// can go on; where it is long, or the client waits to be asked for it, the connection ends instead.
    private mutating func forgoContent() {
        guard case .content(let content) = reading, content.isLong || content.isAwaited else { return }
        leaveContent()
    }

    private mutating func forgoContent(for response: borrowing Response) {
        if response.stopsRequest { stopReading() } else { forgoContent() }
    }

    /// Nothing more of the request's content is read. How much of it was here already is chance, and decides nothing: where
    /// there was any, the connection ends.
    mutating func stopReading() {
        if case .content = reading { return leaveContent() }
        if progress.receivedByteCount > 0 { close() }
    }

    /// The rest of the content is not read, so that no request can follow it. It may still come, and an early close would
    /// destroy the response.
    mutating func leaveContent() {
        persistence = .closes
        reading = .complete
    }

    mutating func receiveContent(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTPService
    ) {
        guard case .content(var content) = reading else { return }
        do throws(MessageError) {
            let pause = try content.read(from: &input, to: exchange, &trailers)
            progress.receivedByteCount = content.byteCount
            reading = .content(content)
            switch pause {
            case .complete:
                reading = .complete
                exchange?.handle(.contentEnded(trailers?.fields))
                trailers = nil
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
