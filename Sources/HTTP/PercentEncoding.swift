import MartinetBytes

/// Bytes of a URI that are written as a percent sign and two hexadecimal digits (RFC 3986 §2.1).
package enum PercentEncoding {
    /// The byte that is written where a percent sign stands; nil where no two digits follow it.
    package static func byte(in text: Span<UInt8>, at percent: Int) -> UInt8? {
        guard percent + 2 < text.count, let high = ASCII.hexadecimalValue(text[percent + 1]),
            let low = ASCII.hexadecimalValue(text[percent + 2])
        else { return nil }
        return high << 4 | low
    }

    /// Writes a byte, in upper case as producers should (RFC 3986 §2.1).
    package static func append(_ byte: UInt8, to text: inout [UInt8]) {
        text.append(ASCII.percent)
        for digit in [byte >> 4, byte & 15] {
            text.append(digit < 10 ? ASCII.zero + digit : UInt8(ascii: "A") + digit - 10)
        }
    }
}
