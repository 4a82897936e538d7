/// The version of HTTP that a message is in (RFC 9110 §2.5).
///
/// Other rooms ask by pattern (`if case .http10 = version`): `==` would call a witness there, for each request.
package enum HTTPVersion: Sendable {
    case http10
    /// 1.1, and what calls itself 1.2 and above, which is read as 1.1.
    case http11
    case http2

    /// As logs and programs write it (RFC 3875 §4.1.16).
    package var text: StaticString {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .http2: "HTTP/2.0"
        }
    }
}
