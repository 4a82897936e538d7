import MartinetBytes

/// Why a target's path cannot be read.
package enum PathFlaw: Error, Equatable, Sendable {
    case backslash
    /// A percent sign without two hexadecimal digits.
    case incompleteEscape
    case encodedNUL
}

extension Request {
    /// Takes a part of `bytes` for the target's path, and reads what it means, once for all who decide by it.
    package mutating func setPath(_ range: Range<Int>) {
        path = range
        pathFlaw = nil
        if NormalPath.isNormal(bytes.span.extracting(range)) {
            normalPath = range
            unmergedPath = range
            return
        }
        do throws(PathFlaw) {
            let meant = try NormalPath(bytes.span.extracting(range))
            normalPath = add(meant.merged)
            unmergedPath = meant.unmerged.count == meant.merged.count ? normalPath : add(meant.unmerged)
        } catch {
            normalPath = 0..<0
            unmergedPath = 0..<0
            pathFlaw = error
        }
    }

    /// Appends bytes behind those of the head, and says where they stand.
    mutating func add(_ more: [UInt8]) -> Range<Int> {
        let start = bytes.count
        bytes += more
        return start..<bytes.count
    }
}

/// What a target's path means: decoded once, and after that without dot segments (RFC 3986 §5.2.4, §6.2.2). What comes of an
/// encoded slash or dot so counts as one that was not encoded, and cannot lead past anything.
struct NormalPath {
    /// With one slash in place of several. It begins with one, and ends with one where the path names a directory.
    private(set) var merged: [UInt8] = []
    /// With its runs of slashes: otherwise the same.
    private(set) var unmerged = [ASCII.slash]

    /// Whether a path means what it says: there is nothing to decode, to take away or to merge.
    static func isNormal(_ path: Span<UInt8>) -> Bool {
        guard path.count > 0, path[0] == ASCII.slash else { return false }
        // Whether a slash is just before.
        var follows = true
        for index in 1..<path.count {
            let byte = path[index]
            // Lower-case letters, of which most paths are made, come behind all that means something.
            if byte > ASCII.backslash {
                follows = false
                continue
            }
            if byte == ASCII.percent || byte == ASCII.backslash { return false }
            if follows, byte == ASCII.slash || byte == ASCII.dot { return false }
            follows = byte == ASCII.slash
        }
        return true
    }

    /// - Parameter encoded: an empty path is the root (RFC 9110 §4.2.3).
    init(_ encoded: Span<UInt8>) throws(PathFlaw) {
        resolve(try Self.decode(encoded))
        merged.reserveCapacity(unmerged.count)
        for byte in unmerged where byte != ASCII.slash || merged.last != ASCII.slash { merged.append(byte) }
    }

    private static func decode(_ encoded: Span<UInt8>) throws(PathFlaw) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var index = 0
        while index < encoded.count {
            switch encoded[index] {
            case ASCII.backslash: throw .backslash
            case ASCII.percent:
                guard let byte = PercentEncoding.byte(in: encoded, at: index) else { throw .incompleteEscape }
                guard byte != 0 else { throw .encodedNUL }
                decoded.append(byte)
                index += 3
            case let byte:
                decoded.append(byte)
                index += 1
            }
        }
        return decoded
    }

    private mutating func resolve(_ decoded: [UInt8]) {
        // Where each segment that is not empty begins in `unmerged`, which ends with a slash whenever a segment is looked at.
        var starts: [Int] = []
        var index = decoded.first == ASCII.slash ? 1 : 0
        while index < decoded.count {
            let end = decoded.span.firstIndex(of: ASCII.slash, from: index) ?? decoded.count
            switch decoded[index..<end] {
            case []: unmerged.append(ASCII.slash)
            case [ASCII.dot]: break
            case [ASCII.dot, ASCII.dot]:
                // With the segment go the slashes behind it: the last directory is what it leads out of, in both forms.
                if let start = starts.popLast() { unmerged.removeLast(unmerged.count - start) }
            case let segment:
                starts.append(unmerged.count)
                unmerged += segment
                if end < decoded.count { unmerged.append(ASCII.slash) }
            }
            index = end + 1
        }
    }
}
