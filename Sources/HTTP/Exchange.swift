package import MartinetEvents

/// One request and its response in progress, owned by one connection. Dropping it cancels it.
///
/// The rule that carries everything: *try, then register, once*. An exchange reads or writes; where the kernel says "not now"
/// it registers with its host what it waits for; the event takes the registration back, and the connection asks again. So
/// whoever has no room for the response does not ask for it, nothing is registered, and what produces it is held up; and every
/// "not now" (`receive` returning 0, `.notYet`) is followed by an event. There are no default implementations: whoever is
/// asked answers.
package protocol Exchange: AnyObject {
    /// It begins, with what it may wait with. Called once and first; then `.contentEnded` comes where there is no content.
    func begin(_ host: consuming ExchangeHost)

    /// Whether the request's content matters to the response; asked before content is handed over, and may change.
    var contentNeed: ContentNeed { get }

    /// Takes bytes of the request's content, or of what the client sends through the tunnel; returns how many, 0 for "not
    /// now", after which an event has to follow.
    func receive(_ content: Span<UInt8>) -> Int

    /// What the response begins with; asked until there is a head, and not after that.
    func head() -> HeadStep

    /// Writes response content, or what goes to the client through the tunnel, to the start of `room`, which is never empty.
    func produce(into room: inout MutableSpan<UInt8>) -> Production

    /// Something has happened. The connection asks for the head or for content afterwards, if it has room.
    func handle(_ event: ExchangeEvent)
}

/// What a call of `Exchange.head` came to.
package enum HeadStep {
    /// Nothing yet; an event has to follow.
    case notYet
    /// An interim response (RFC 9110 §15.2) other than 100, which follows from `contentNeed`; others may follow.
    case interim(Response)
    case final(Response)
    /// Another answer takes this one's place: a local redirection (RFC 3875 §6.2.2), or a request that has been let through.
    /// It begins when this exchange, with all that it waits for, is gone.
    case replaced(Answer)
}

/// What a call of `Exchange.produce` came to.
package enum Production: Equatable, Sendable {
    /// This many bytes were written, at least one.
    case bytes(Int)
    /// The content is complete. In a tunnel: nothing more goes to the client, who may still send.
    case end
    /// The same, and fields follow the content (RFC 9110 §6.5), where the protocol has a place for them.
    case endWithTrailers(Fields)
    /// Nothing yet; an event has to follow.
    case notYet
    /// There will be no more although more was promised, and the client must not take what it has for the whole.
    case failed(String)
}

/// Whether an exchange needs its request's content.
package enum ContentNeed: Sendable {
    case now
    /// As soon as something else has happened. A client that waits to be asked for content is asked then.
    case later
    /// It is read and dropped. The response waits for the end of content of unknown length, so that content which breaks the
    /// rules of its framing gets a 400; it waits for a short while only.
    case never
}

/// What an exchange hears of.
package enum ExchangeEvent {
    /// The request's content is complete; at once where there is none. There may be trailers behind it (RFC 9110 §6.5).
    case contentEnded(Fields?)
    /// The client sends no more through the tunnel, and may still be sent something.
    case clientEnded
    /// A descriptor is ready. What is reported is no longer registered.
    case ready(CInt, Readiness)
    /// The deadline that was set last is over, and there is none any more.
    case deadline
    /// Somebody has used its waker.
    case woken
    /// The worker is about to leave: what has no end of its own should come to one.
    case draining
    /// The response is complete. Without this, being dropped means that nobody is there any more to take it.
    case completed
}
