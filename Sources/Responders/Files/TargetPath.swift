import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Where a request's path leads beneath a root: decoded once, and without dot segments (RFC 3986 §5.2.4, §6.2.2).
struct TargetPath: Equatable {
    enum Refusal: Error, Equatable {
        case malformed(Flaw)
        /// A segment that begins with a dot.
        case hidden
    }

    enum Flaw: Equatable {
        case backslash
        /// A percent sign without two hexadecimal digits.
        case incompleteEscape
        case encodedSlashOrNUL
    }

    /// The segments joined with slashes, without one at either end; empty for the root.
    private(set) var relative: [UInt8] = []
    /// Whether the path ends with a slash, as a directory's should.
    private(set) var endsWithSlash = false

    /// Reads the path of a request target.
    ///
    /// - Parameters:
    ///   - encoded: begins with a slash; an empty path is the root (RFC 9110 §4.2.3).
    ///   - allowsHidden: whether segments may begin with a dot.
    ///   - prefix: what the path begins with and what is left out, as its segments joined with slashes.
    init(_ encoded: Span<UInt8>, allowsHidden: Bool = false, beneath prefix: [UInt8] = []) throws(Refusal) {
        var segments: [[UInt8]] = []
        var segment: [UInt8] = []
        var index = 0
        while index < encoded.count {
            let byte = encoded[index]
            index += 1
            switch byte {
            case ASCII.slash:
                Self.close(&segment, &segments)
            case ASCII.percent:
                segment.append(try Self.decode(encoded, index - 1))
                index += 2
            case ASCII.backslash:
                throw .malformed(.backslash)
            default:
                segment.append(byte)
            }
        }
        // A last segment of dots names a directory too.
        endsWithSlash = segment.isEmpty || segment == Self.dot || segment == Self.dotDot
        Self.close(&segment, &segments)
        if !prefix.isEmpty { segments.removeFirst(min(segments.count, prefix.split(separator: ASCII.slash).count)) }
        if !allowsHidden, segments.contains(where: { $0[0] == ASCII.dot && $0 != Self.wellKnown }) { throw .hidden }
        relative = [UInt8](segments.joined(separator: [ASCII.slash]))
    }

    private static let dot = [ASCII.dot]
    private static let dotDot = [ASCII.dot, ASCII.dot]
    /// The one hidden name that is meant to be seen (RFC 8615).
    private static let wellKnown = [UInt8](".well-known".utf8)

    private static func close(_ segment: inout [UInt8], _ segments: inout [[UInt8]]) {
        if segment == dotDot {
            _ = segments.popLast()
        } else if !segment.isEmpty, segment != dot {
            segments.append(segment)
        }
        segment.removeAll(keepingCapacity: true)
    }

    /// - Parameter index: where the percent sign stands.
    private static func decode(_ encoded: Span<UInt8>, _ index: Int) throws(Refusal) -> UInt8 {
        guard let byte = PercentEncoding.byte(in: encoded, at: index) else { throw .malformed(.incompleteEscape) }
        guard byte != 0, byte != ASCII.slash else { throw .malformed(.encodedSlashOrNUL) }
        return byte
    }

    /// The same path with a slash at its end, as a reference, with the request's query.
    ///
    /// - Parameter prefix: what was left out of the path.
    func directoryLocation(_ request: borrowing Request, beneath prefix: [UInt8] = []) -> [UInt8] {
        var location = Self.encode(prefix.isEmpty ? relative : prefix.appending(relative))
        location.append(ASCII.slash)
        if let query = request.query {
            location.append(ASCII.question)
            location.append(copying: request.bytes.span.extracting(query))
        }
        return location
    }

    /// The path of `relative` as it goes into a URI, with a slash before it.
    static func encode(_ relative: [UInt8]) -> [UInt8] {
        var encoded = [ASCII.slash]
        for byte in relative {
            if isPlain(byte) {
                encoded.append(byte)
            } else {
                encoded.append(ASCII.percent)
                encoded.append(hexadecimal: UInt64(byte), digitCount: 2)
            }
        }
        return encoded
    }

    /// unreserved (RFC 3986 §2.3), the slash, and what is harmless in a path.
    private static func isPlain(_ byte: UInt8) -> Bool {
        if ASCII.isLetter(byte) || ASCII.isDigit(byte) { return true }
        switch byte {
        case ASCII.slash, ASCII.dot, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"), ASCII.comma,
            UInt8(ascii: "@"), UInt8(ascii: "+"):
            return true
        default:
            return false
        }
    }
}
