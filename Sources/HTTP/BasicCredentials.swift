import MartinetBytes

/// The credentials of the Basic scheme (RFC 7617 §2).
package struct BasicCredentials {
    /// User name, colon and password, as the client joined them.
    package let text: [UInt8]
    private let colon: Int

    /// Reads the value of an Authorization field, `Basic dXNlcjpwYXNz`; nil for any other scheme, and for what is no base64
    /// or has no colon.
    package init?(_ value: Span<UInt8>) {
        guard value.count > 6, value.extracting(0..<6).isEqualIgnoringCase(to: "basic "),
            let text = Base64.decode(value.extracting(value.trimmed(6..<value.count))),
            let colon = text.firstIndex(of: ASCII.colon)
        else { return nil }
        self.text = text
        self.colon = colon
    }

    /// Those of a request; nil also where it has more than one Authorization field.
    package init?(_ request: borrowing Request) {
        guard let value = request.value(of: .authorization), request.count(of: .authorization) == 1 else { return nil }
        self.init(request.bytes.span.extracting(value))
    }

    package var user: [UInt8] { [UInt8](text[..<colon]) }
    package var password: ArraySlice<UInt8> { text[(colon + 1)...] }
}

/// Base64 (RFC 4648 §4).
enum Base64 {
    /// The bytes; nil where the text is not base64. Padding may be missing.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == ASCII.equals { end -= 1 }
        guard end % 4 != 1 else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(end / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for index in 0..<end {
            guard let value = value(text[index]) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return decoded
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
