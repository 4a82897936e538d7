import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Small files at hand, found by what the request's path means and the codings that are accepted for it.
///
/// Bounded in number and bytes. A key has one place, by its hash, so that looking up, replacing and forgetting all cost
/// the same; where two keys fight over a place, the later one has it.
struct FileCache {
    struct Key {
        let path: [UInt8]
        /// `AcceptedCodings.signature`.
        let codings: Int
    }

    final class Entry {
        let key: Key
        let representation: Representation
        let content: [UInt8]
        /// The whole representation, ready to be sent.
        let response: PreparedResponse
        /// The news that the client has it already, ready to be sent.
        let notModifiedResponse: PreparedResponse
        /// Of what it was made from.
        private(set) var pathStatuses: [PathStatus]
        /// Until when it may be sent without a look at the file, and until when after no more than that.
        private(set) var trustedUntil: MonotonicTime
        private(set) var goodUntil: MonotonicTime

        init(
            _ key: Key, _ representation: Representation, _ content: [UInt8], _ pathStatuses: [PathStatus] = [],
            trust: Interval = .zero, now: MonotonicTime
        ) {
            self.key = key
            self.pathStatuses = pathStatuses
            self.representation = representation
            self.content = content
            response = PreparedResponse(Response(.ok, fields: representation.fields, content: .bytes(content)))
            notModifiedResponse = PreparedResponse(
                Response(.notModified, fields: representation.notModifiedFields))
            trustedUntil = now + trust
            goodUntil = now + FileCache.validity
        }

        /// The file was found anew, and is as it was.
        func renew(_ pathStatuses: [PathStatus], trust: Interval, now: MonotonicTime) {
            self.pathStatuses = pathStatuses
            trustedUntil = now + trust
            goodUntil = now + FileCache.validity
        }

        /// Looks at the file again, unless it is trusted still: whether it may be sent as it is kept.
        func isCurrent(trust: Interval, now: MonotonicTime) -> Bool {
            if trustedUntil > now { return true }
            guard goodUntil > now else { return false }
            for pathStatus in pathStatuses where !pathStatus.isCurrent { return false }
            trustedUntil = now + trust
            return true
        }

        /// Whether the request asks for anything but this entity tag, as clients do that have the file: the plain
        /// case of `Preconditions.evaluate`, which decides all others.
        func isHeldBy(_ request: borrowing Request) -> Bool {
            guard let value = request.value(of: .ifNoneMatch), request.count(of: .ifNoneMatch) == 1,
                !request.has(.ifMatch), !request.has(.ifUnmodifiedSince)
            else { return false }
            return request.bytes.span.extracting(value).isEqual(to: representation.validators.entityTag.quoted)
        }
    }

    /// The largest file that is kept.
    static let fileByteLimit = 128 * 1024
    /// How long a look at the file is enough. What is beside it can change, too: what options conceal, a coding that somebody
    /// puts there; then the file is found as if it had never been asked for.
    private static let validity = Interval.seconds(1)
    private static let placeCount = 1024
    private static let byteLimit = 32 * 1024 * 1024

    private var places: [Entry?] = .init(repeating: nil, count: placeCount)
    private var byteCount = 0

    /// The place of a key, for the calls below.
    static func place(of path: Span<UInt8>, codings: Int) -> Int {
        // FNV-1a: short, and good enough for a table in which a collision costs one cached file.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: codings)
        for index in 0..<path.count { hash = (hash ^ UInt64(path[index])) &* 0x0000_0100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) % UInt64(placeCount))
    }

    /// The entry for the key; nil where there is none.
    func entry(at place: Int, for path: Span<UInt8>, codings: Int) -> Entry? {
        guard let entry = places[place], entry.key.codings == codings, path.isEqual(to: entry.key.path) else {
            return nil
        }
        return entry
    }

    mutating func insert(_ entry: Entry, at place: Int) {
        remove(at: place)
        if byteCount + entry.content.count > Self.byteLimit { removeAll() }
        byteCount += entry.content.count
        places[place] = entry
    }

    mutating func remove(at place: Int) {
        byteCount -= places[place]?.content.count ?? 0
        places[place] = nil
    }

    /// Starting over when full is rare, and as good as any choice of victims where every place holds a recent path.
    private mutating func removeAll() {
        places = .init(repeating: nil, count: Self.placeCount)
        byteCount = 0
    }
}
