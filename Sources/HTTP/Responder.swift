package import MartinetEvents

/// Where responses come from: the seam between a connection, whatever its protocol, and files, CGI and the rest.
package protocol Responder: AnyObject {
    /// Begins to answer a request. The request is the caller's and changes after the call: what is needed later is copied.
    func open(_ request: borrowing Request) -> Answer
}

/// How a responder takes a request.
package enum Answer {
    /// The whole response is at hand, and the request's content, if any, is not wanted.
    case complete(Response)
    /// The same, and it has been made before.
    ///
    /// - Parameter user: the name of the user it is for this time, whose password was found right; nil where nobody has
    ///   logged in.
    case prepared(PreparedResponse, user: [UInt8]? = nil)
    /// The response takes time, or comes piece by piece.
    case exchange(any Exchange)
}

/// One request and its response in progress, owned by one connection. Dropping it cancels it.
package protocol Exchange: AnyObject {
    /// The head, once it is known.
    var response: Response? { get }

    /// Whether the request's content matters to the response.
    var contentNeed: ContentNeed { get }

    /// Takes bytes of the request's content; returns how many, 0 for "not now".
    func receive(_ content: Span<UInt8>) -> Int

    /// The request's content is complete; called at once where there is none.
    func endContent()

    /// Writes response content to the start of `room`, which is never empty.
    func produce(into room: inout MutableSpan<UInt8>) -> Production

    /// The beginning of a turn: does what can be done without waiting, and notices which times are over.
    func advance(_ now: MonotonicTime)

    /// The end of a turn in which everything possible was done without waiting: gives up what is late.
    ///
    /// - Returns: whether that changed anything, so that there is more to be done.
    func giveUp(_ now: MonotonicTime) -> Bool

    /// The response is complete. Without this call, dropping the exchange means that nobody is there any more to take it.
    func conclude()

    /// The descriptors it waits for, besides the client's. When one of them is ready, the connection has a turn.
    var waits: [Wait] { get }

    /// When it wants a turn even if nothing has happened by then; nil for never. It is asked for after each turn, so an
    /// exchange whose deadline is over has to change it in `advance` or `giveUp`.
    var deadline: MonotonicTime? { get }

    /// Whether the deadline counts even while the client does not take what was written before. It does where the exchange
    /// holds something that other clients wait for.
    var hasUrgentDeadline: Bool { get }
}

/// Most exchanges are driven by their client alone.
extension Exchange {
    package func advance(_ now: MonotonicTime) {}
    package func giveUp(_ now: MonotonicTime) -> Bool { false }
    package func conclude() {}
    package var waits: [Wait] { [] }
    package var deadline: MonotonicTime? { nil }
    package var hasUrgentDeadline: Bool { false }
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

/// A descriptor that an exchange waits for.
package struct Wait: Equatable, Sendable {
    package enum Direction: Sendable {
        case reading, writing
    }

    package let descriptor: CInt
    package let direction: Direction
    /// Whether it is waited for even while the client does not take what was written before. `Exchange.advance` then has to
    /// do what the descriptor is ready for, since nothing else of the exchange is called.
    package let isUrgent: Bool

    package init(_ descriptor: CInt, for direction: Direction, isUrgent: Bool = false) {
        self.descriptor = descriptor
        self.direction = direction
        self.isUrgent = isUrgent
    }
}

/// What a call of `Exchange.produce` came to.
package enum Production: Equatable, Sendable {
    /// This many bytes were written, at least one.
    case bytes(Int)
    /// The content is complete.
    case end
    /// Nothing yet; the exchange will be asked again.
    case notYet
    /// There will be no more although more was promised: the connection must end so that the client notices.
    case failed(String)
}
