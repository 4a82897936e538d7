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
    /// The response takes time, or comes piece by piece. Its head is changed by the decoration, if there is one.
    case exchange(any Exchange, HeadDecoration? = nil)
}

/// A change of a response's head, which its connection makes once, when the head is known.
package final class HeadDecoration {
    private let inner: HeadDecoration?
    private let change: (inout Response) -> Void

    package init(_ inner: HeadDecoration?, then change: @escaping (inout Response) -> Void) {
        self.inner = inner
        self.change = change
    }

    package func apply(to response: inout Response) {
        inner?.apply(to: &response)
        change(&response)
    }
}
