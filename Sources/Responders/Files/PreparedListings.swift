import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Listings of directories that are not large, ready to be sent: asking for every entry's status costs more than everything
/// else about such a page.
///
/// A name that comes or goes shows at once, since it changes the directory; a file that grows shows within a second.
struct PreparedListings {
    struct Key: Equatable {
        /// The directory's path beneath the root.
        let path: [UInt8]
        let order: ListingOrder
        let form: DirectoryListing.Form
    }

    private struct Entry {
        let key: Key
        let status: FileStatus
        let response: Response
        let freshUntil: MonotonicTime
        /// From when on somebody should make it anew, while the others still have this one; then nobody.
        var renewalTime: MonotonicTime
    }

    private static let freshness = Interval.seconds(1)
    private static let renewalAge = Interval.milliseconds(500)
    private static let entryLimit = 16
    /// The longest page that is kept.
    private static let pageByteLimit = 256 * 1024

    private var entries: [Entry] = []

    /// The listing's response, if it is still good; nil for all that ask once it is not, and for one that asks a while before,
    /// so that not all have it made at the same time.
    mutating func response(for key: Key, status: FileStatus, now: MonotonicTime) -> Response? {
        guard let index = index(of: key, status, now) else { return nil }
        guard entries[index].renewalTime > now else {
            entries[index].renewalTime = .distantFuture
            return nil
        }
        return entries[index].response
    }

    /// The listing's response, if it is still good, for who should have made it anew and cannot.
    func lastResponse(for key: Key, status: FileStatus, now: MonotonicTime) -> Response? {
        index(of: key, status, now).map { entries[$0].response }
    }

    private func index(of key: Key, _ status: FileStatus, _ now: MonotonicTime) -> Int? {
        entries.firstIndex { $0.key == key && $0.status == status && $0.freshUntil > now }
    }

    /// Keeps a listing, and returns its response in the form that is sent the quickest.
    mutating func insert(_ key: Key, _ response: Response, status: FileStatus, now: MonotonicTime) -> Response {
        guard case .bytes(let page) = response.content, page.count <= Self.pageByteLimit else { return response }
        var response = response
        response.prepared = PreparedMessage()
        entries.removeAll { $0.key == key || $0.freshUntil <= now }
        if entries.count == Self.entryLimit { entries.removeFirst() }
        entries.append(
            Entry(
                key: key, status: status, response: response, freshUntil: now + Self.freshness,
                renewalTime: now + Self.renewalAge))
        return response
    }
}
