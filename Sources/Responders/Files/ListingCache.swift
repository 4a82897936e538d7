import HTTP
import POSIX

/// Listings at hand: reading a large directory costs more than everything else about its page.
///
/// A name that comes or goes shows at once, since it changes the directory; a file that grows shows within a second.
struct ListingCache {
    struct Key: Equatable {
        /// The directory's path beneath the root.
        let path: [UInt8]
        let order: DirectoryListing.Order
        let isJSON: Bool
    }

    private struct Entry {
        let key: Key
        let status: FileStatus
        let response: Response
        let freshUntil: Int64
    }

    private static let freshness: Int64 = 1_000_000_000
    private static let entryLimit = 16
    /// The longest page that is kept.
    private static let pageByteLimit = 512 * 1024

    private var entries: [Entry] = []

    /// The listing's response, if it is still good; `now` is in nanoseconds of the monotonic clock.
    func response(for key: Key, status: FileStatus, now: Int64) -> Response? {
        entries.first { $0.key == key && $0.status == status && $0.freshUntil > now }?.response
    }

    /// Keeps a listing, and returns its response in the form that is sent the quickest.
    mutating func insert(_ key: Key, _ response: Response, status: FileStatus, now: Int64) -> Response {
        guard case .bytes(let page) = response.content, page.count <= Self.pageByteLimit else { return response }
        var response = response
        response.prepared = PreparedMessage()
        entries.removeAll { $0.key == key || $0.freshUntil <= now }
        if entries.count == Self.entryLimit { entries.removeFirst() }
        entries.append(Entry(key: key, status: status, response: response, freshUntil: now + Self.freshness))
        return response
    }
}
