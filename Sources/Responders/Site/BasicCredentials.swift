import MartinetBytes
import MartinetCrypto
import MartinetHTTP

/// The credentials of the Basic scheme (RFC 7617 §2).
struct BasicCredentials {
    /// User name, colon and password, as the client joined them.
    let text: [UInt8]
    private let colon: Int

    /// Reads the value of an Authorization field, `Basic dXNlcjpwYXNz`; nil for any other scheme, and for what is no base64
    /// or has no colon.
    init?(_ value: Span<UInt8>) {
        guard value.count > 6, value.extracting(0..<6).isEqualIgnoringCase(to: "basic "),
            let text = Base64.decode(value.extracting(value.trimmed(6..<value.count))),
            let colon = text.firstIndex(of: ASCII.colon)
        else { return nil }
        self.text = text
        self.colon = colon
    }

    /// Those of a request; nil also where it has more than one Authorization field.
    init?(_ request: borrowing Request) {
        guard let value = request.value(of: .authorization), request.count(of: .authorization) == 1 else { return nil }
        self.init(request.bytes.span.extracting(value))
    }

    var user: [UInt8] { [UInt8](text[..<colon]) }
    var password: ArraySlice<UInt8> { text[(colon + 1)...] }
}
