import Logging
import MartinetHTTP

/// The log as far as one request to a gateway is concerned: each line names the client, the request, what answers, and the
/// request's number.
struct GatewayLog {
    /// The request's number.
    let identifier: String
    private let logger: Logger
    /// The client and its request.
    private let subject: String
    /// What answers: `script /srv/cgi/x`.
    private let backend: String
    private let messagesPlace: String?

    /// - Parameter messagesPlace: where the messages of what answers are, for the page about a failure to say it and what the log
    ///   says; nil for neither.
    init(
        _ logger: Logger, _ request: borrowing Request, identifier: String, _ backend: String, messagesPlace: String?
    ) {
        self.logger = logger
        self.identifier = identifier
        self.backend = backend
        self.messagesPlace = messagesPlace
        let client = request.peer?.address ?? "-"
        subject = "\(client): \(request.text(request.methodName)) \(request.text(request.target))"
    }

    /// A line that what answers has said for the log.
    func message(_ text: String) { logger.warning("\(subject): \(backend) says [\(identifier)]: \(text)") }

    /// Something that is no failure.
    func note(_ fact: String) { logger.info("\(subject): \(sentence(fact))") }

    /// A mistake that the answer survives.
    func warn(_ fact: String) { logger.warning("\(subject): \(sentence(fact))") }

    /// The sentence with its subject, for a log line that another writes.
    func sentence(_ predicate: String) -> String { "\(backend) \(predicate) [\(identifier)]" }

    /// The answer to a request that failed; the log gets a line.
    func response(_ failure: GatewayFailure) -> Response {
        let line = "\(subject): \(sentence(failure.reason))"
        // What a client can cause with any path it likes is no failure of the server's.
        if failure.status.rawValue < 500 { logger.notice("\(line)") } else { logger.error("\(line)") }
        var explanation = failure.explanation
        if let messagesPlace {
            explanation += " The \(backend) \(failure.reason)."
            explanation += " Its messages are in \(messagesPlace), marked [\(identifier)]."
        } else if failure.status.rawValue >= 500 {
            explanation += " In the server's log this request is \(identifier)."
        }
        var response = Response.error(failure.status, explanation)
        if let seconds = failure.retryAfter { response.fields.append("Retry-After", seconds) }
        return response
    }
}
