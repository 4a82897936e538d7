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
}
