import Bytes
import HTTP
import POSIX

/// Small files at hand, found by the path as it stands in the request, with their responses ready to be sent.
///
/// Bounded in number and bytes. A path has one place, by its hash, so that looking up, replacing and forgetting all
/// cost the same; where two paths fight over a place, the later one has it.
struct FileCache {
    struct Entry {
        let path: [UInt8]
        let response: Response
        let byteCount: Int
        let status: FileStatus
        /// Until when it may be sent without another look at the file, in nanoseconds of the monotonic clock.
        var freshUntil: Int64
    }

    /// The largest file that is kept.
    static let fileByteLimit = 128 * 1024
    /// How long a file is sent without another look at it.
    static let freshness: Int64 = 1_000_000_000
    private static let placeCount = 1024
    private static let byteLimit = 32 * 1024 * 1024

    private var places: [Entry?] = .init(repeating: nil, count: placeCount)
    private var byteCount = 0

    /// The place of a path, for the calls below.
    static func place(of path: Span<UInt8>) -> Int {
        // FNV-1a: short, and good enough for a table in which a collision costs one cached file.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<path.count { hash = (hash ^ UInt64(path[index])) &* 0x0000_0100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) % UInt64(placeCount))
    }

    /// The response kept for the path, if there is one and it needs no look at the file.
    func response(at place: Int, for path: Span<UInt8>, now: Int64) -> Response? {
        guard let entry = places[place], entry.freshUntil > now, entry.path.span.isEqual(to: path) else { return nil }
        return entry.response
    }

    /// The response kept for the path if the file is still as it was; it is then fresh again.
    mutating func revalidate(at place: Int, for path: Span<UInt8>, status: FileStatus, now: Int64) -> Response? {
        guard let entry = places[place], entry.path.span.isEqual(to: path), entry.status == status else { return nil }
        places[place]?.freshUntil = now + Self.freshness
        return entry.response
    }

    mutating func insert(_ entry: Entry, at place: Int) {
        remove(at: place)
        if byteCount + entry.byteCount > Self.byteLimit { removeAll() }
        byteCount += entry.byteCount
        places[place] = entry
    }

    mutating func remove(at place: Int) {
        byteCount -= places[place]?.byteCount ?? 0
        places[place] = nil
    }

    /// Starting over when full is rare, and as good as any choice of victims where every place holds a recent path.
    private mutating func removeAll() {
        places = .init(repeating: nil, count: Self.placeCount)
        byteCount = 0
    }
}
