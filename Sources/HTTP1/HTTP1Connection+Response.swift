import MartinetBytes
import MartinetHTTP

extension HTTP1Connection {
    // MARK: Writing

    /// Asks the exchange for the head of its response, as long as there is none.
    mutating func takeHead(_ output: inout ByteQueue, _ service: HTTPService) {
        // Interim responses may have no end.
        while writer.isAwaiting, exchange != nil, output.count < HTTPService.outputByteCount {
            var replacement: Answer?
            switch exchange?.head() ?? .notYet {
            case .notYet: return
            case .interim(let response): writer.writeInterim(response, to: &output)
            case .final(let response):
                if response.stopsRequest { stopReading() }
                writer.hold(decorated(response))
            case .replaced(let answer): replacement = answer
            }
            guard let replacement else { continue }
            // With all that it waits for, before the next one begins, which waits under the same token.
            exchange = nil
            replace(with: replacement, service)
        }
    }

    /// Whether a response that is known may be sent.
    private var maySend: Bool {
        switch reading {
        case .head, .tunnel: false
        case .content(let content):
            // What comes behind the content is the tunnel's. Otherwise nothing that can still come of it breaks the rules, or
            // it is the exchange that reads it.
            !writer.holdsTunnel && (content.hasKnownLength || exchange.map { $0.contentNeed != .never } ?? false)
        case .complete: true
        }
    }

    @inline(__always)
    mutating func writeResponse(_ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTPService) {
        takeHead(&output, service)
        if writer.isHolding, maySend {
            if service.isDraining { close() }
            // More is to come than is worth reading for nobody.
            if case .content(let content) = reading, content.isLong, !needsContent { close() }
            var persists = persists
            writer.startHeld(&persists, date: service.moment.dateText, to: &output)
            if !persists { close() }
            if writer.isTunnel {
                reading = .tunnel
                return
            }
            if writer.isComplete { return endResponse() }
        }
        switch writer.write(from: exchange, to: &output) {
        case nil, .full, .notYet: break
        case .complete: endResponse()
        case .failed(let problem): fail(problem, head, service)
        }
    }

    /// The response is complete. Request content that is still to come is no longer wanted.
    @inline(__always)
    private mutating func endResponse() {
        exchange?.handle(.completed)
        exchange = nil
        guard case .content(let content) = reading else { return }
        if persists, !content.isAwaited { return }
        leaveContent()
    }

    mutating func finishExchange(_ head: borrowing Request, _ service: HTTPService) {
        if let kept {
            record(kept.request, isComplete: true, service)
        } else {
            record(head, isComplete: true, service)
        }
        beginNext()
    }

    func record(_ request: borrowing Request, isComplete: Bool, _ service: HTTPService) {
        service.journal.record(
            request, peer: peer, user: writer.user, status: writer.status,
            contentByteCount: writer.contentByteCount, isComplete: isComplete)
    }

    /// The exchange is over; the next may follow if the connection persists.
    mutating func beginNext() {
        kept = nil
        exchange = nil
        decoration = nil
        progress.exchangeCount += 1
        reading = .head
        writer.finish()
        if !persists { end() }
    }
}
