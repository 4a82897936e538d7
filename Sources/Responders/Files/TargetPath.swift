import MartinetBytes
import MartinetHTTP

/// Where a request's path leads beneath a root.
struct TargetPath: Equatable {
    enum Refusal: Error, Equatable {
        case malformed(PathFlaw)
        /// A segment that begins with a dot.
        case hidden
    }

    /// The segments joined with slashes, without one at either end; empty for the root.
    let relative: [UInt8]
    /// Whether the path ends with a slash, as a directory's should.
    let endsWithSlash: Bool
    /// The whole path with its runs of slashes; nil where it has none.
    private let unmerged: [UInt8]?

    /// - Parameters:
    ///   - allowsHidden: whether segments may begin with a dot.
    ///   - prefix: what the path begins with and what is left out, as its segments joined with slashes.
    init(
        _ request: borrowing Request, allowsHidden: Bool = false, beneath prefix: [UInt8] = []
    ) throws(Refusal) {
        if let flaw = request.pathFlaw { throw .malformed(flaw) }
        // The path of `*` is the root's.
        var path = request.bytes[request.normalPath].dropFirst()
        endsWithSlash = path.isEmpty || path.last == ASCII.slash
        if path.last == ASCII.slash { path.removeLast() }
        if !prefix.isEmpty { path = path.dropFirst(prefix.count + 1) }
        if !allowsHidden, Self.isHidden(path) { throw .hidden }
        relative = [UInt8](path)
        unmerged = request.unmergedPath == request.normalPath ? nil : [UInt8](request.bytes[request.unmergedPath])
    }

    private static func isHidden(_ path: ArraySlice<UInt8>) -> Bool {
        guard path.contains(ASCII.dot) else { return false }
        return path.split(separator: ASCII.slash).contains { $0.first == ASCII.dot && !$0.elementsEqual(wellKnown) }
    }

    /// The one hidden name that is meant to be seen (RFC 8615).
    private static let wellKnown = [UInt8](".well-known".utf8)

    /// What stands behind so many segments of the whole path, with its runs of slashes; empty where nothing does.
    ///
    /// It is of use only to who has left out no prefix.
    func rest(behind segmentCount: Int) -> [UInt8] {
        let whole = unmerged ?? [ASCII.slash] + relative + (endsWithSlash && !relative.isEmpty ? [ASCII.slash] : [])
        var index = 0
        for _ in 0..<segmentCount {
            index = whole[index...].firstIndex { $0 != ASCII.slash } ?? whole.count
            index = whole[index...].firstIndex(of: ASCII.slash) ?? whole.count
        }
        return [UInt8](whole[index...])
    }

    /// The same path with a slash at its end, as a reference, with the request's query.
    ///
    /// - Parameter prefix: what was left out of the path.
    func directoryLocation(_ request: borrowing Request, beneath prefix: [UInt8] = []) -> [UInt8] {
        var location = Self.encode(prefix + (prefix.isEmpty || relative.isEmpty ? [] : [ASCII.slash]) + relative)
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
