package import MartinetBytes
package import MartinetHTTP

extension HTTP1Connection {
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

    /// The connection does not go on after this exchange, whatever was meant before.
    mutating func close() {
        if case .persists = persistence { persistence = .closes }
    }

    /// Nothing more is to be read, and nothing written but what is in the output.
    mutating func end() {
        ending = .complete(isExpected: { if case .closesAsAsked = persistence { true } else { false } }())
    }

    /// Answers a message that breaks the rules, and ends the connection.
    ///
    /// - Parameter request: nil where no request could be read.
    mutating func refuse(
        _ error: MessageError, _ request: Request?, _ output: inout ByteQueue, _ service: HTTPService
    ) {
        close()
        service.journal.recordRefusal(error.status, error.explanation, request, peer: peer)
        if case .content = reading { persistence = .closes }
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
        let response = Response.error(error.status, error.explanation)
        var persists = false
        writer.start(response, &persists, date: service.moment.dateText, to: &output)
        // Whole, whatever waits already: the connection has ended and will not be asked for the rest.
        writer.writeWhole(to: &output)
        if let request {
            record(request, isComplete: true, service)
        } else {
            service.journal.recordUnreadable(
                peer: peer, status: error.status, contentByteCount: writer.contentByteCount)
        }
        kept = nil
        reading = .complete
        end()
    }

    /// The response cannot be completed.
    mutating func fail(_ problem: String, _ head: borrowing Request, _ service: HTTPService) {
        let request = kept?.request ?? copy head
        kept = KeptRequest(request)
        service.journal.report(problem, request, peer: peer)
        abandon(service)
    }

    mutating func truncate() {
        kept = nil
        exchange = nil
        reading = .complete
        ending = .truncated
    }
}
