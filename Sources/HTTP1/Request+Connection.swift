import MartinetBytes
import MartinetHTTP

/// What a request says of the connection that it came on.
extension Request {
    /// Whether it is in HTTP/1.0, which knows neither persistence by itself, nor chunks, nor interim responses.
    var isHTTP10: Bool { if case .http10 = version { true } else { false } }

    /// Whether its client means to send others after it (RFC 9112 §9.3).
    var asksToPersist: Bool {
        guard has(.connection) else { return !isHTTP10 }
        if listsToken("close", in: .connection) { return false }
        return !isHTTP10 || listsToken("keep-alive", in: .connection)
    }

    /// Whether its client waits to be asked for the content (RFC 9110 §10.1.1).
    ///
    /// - Throws: 417, where it expects something else.
    func expectsContinue() throws(MessageError) -> Bool {
        guard !isHTTP10, let value = value(of: .expect) else { return false }
        guard count(of: .expect) == 1, bytes.span.extracting(value).isEqualIgnoringCase(to: "100-continue") else {
            throw MessageError(.expectationFailed, "The only expectation met here is 100-continue.")
        }
        return content != .none
    }
}
