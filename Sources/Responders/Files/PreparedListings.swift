import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Listings of directories that are not large, ready to be sent: asking for every entry's status costs more than everything
/// else about such a page.
///
/// A name that comes or goes shows at once, since it changes the directory. So does a file that grows, unless its status is
/// trusted for a while: before a small listing is sent again, every file in it is looked at; others are made anew.
struct PreparedListings {
    typealias Key = DirectoryListing.Description

    private struct Entry {
        let key: Key
        let status: FileStatus
        let response: PreparedResponse
        let rows: Rows?
        /// Until when it is sent without a look at the files, and until when after no more than that.
        let trustedUntil: MonotonicTime
        let goodUntil: MonotonicTime
        /// From when on somebody should make it anew, while the others still have this one; then nobody.
        var renewalTime: MonotonicTime
    }

    /// The entries of a listing, as they were found before it was written.
    struct Rows {
        private let names: DirectoryNames
        private let statuses: [FileStatus?]

        init(_ names: DirectoryNames, in directory: OpenFile) {
            self.names = names
            statuses = (0..<names.count).map { names.status($0, of: directory) }
        }

        func areCurrent(in directory: OpenFile) -> Bool {
            statuses.indices.allSatisfy { names.status($0, of: directory) == statuses[$0] }
        }
    }

    /// What is concealed can change unseen.
    private static let validity = Interval.seconds(1)
    private static let entryLimit = 16
    /// The longest page that is kept.
    private static let pageByteLimit = 256 * 1024

    private let trust: Interval
    private var entries: [Entry] = []

    /// - Parameter trust: for how long files need not be looked at again.
    init(trust: Interval) {
        self.trust = trust
    }

    /// The listing's response, if it is still good; nil for all that ask once it is not, and for one that asks a while before,
    /// so that not all have it made at the same time.
    mutating func response(for key: Key, in directory: OpenFile, now: MonotonicTime) -> PreparedResponse? {
        guard let index = index(of: key, directory.status, now) else { return nil }
        guard entries[index].trustedUntil > now else {
            return entries[index].rows?.areCurrent(in: directory) == true ? entries[index].response : nil
        }
        guard entries[index].renewalTime > now else {
            entries[index].renewalTime = .distantFuture
            return nil
        }
        return entries[index].response
    }

    /// The listing's response, if it is still good, for who should have made it anew and cannot.
    func lastResponse(for key: Key, status: FileStatus, now: MonotonicTime) -> PreparedResponse? {
        index(of: key, status, now).flatMap { entries[$0].trustedUntil > now ? entries[$0].response : nil }
    }

    private func index(of key: Key, _ status: FileStatus, _ now: MonotonicTime) -> Int? {
        entries.firstIndex { $0.key == key && $0.status == status && max($0.trustedUntil, $0.goodUntil) > now }
    }

    /// Keeps a listing, and returns the answer in the form that is sent the quickest.
    ///
    /// - Parameter rows: nil where there are too many to look at again, or they may have changed unseen.
    mutating func insert(
        _ key: Key, _ response: Response, _ rows: Rows?, status: FileStatus, now: MonotonicTime
    ) -> Answer {
        guard rows != nil || trust > .zero else { return .complete(response) }
        guard case .bytes(let page) = response.content, page.count <= Self.pageByteLimit else {
            return .complete(response)
        }
        let response = PreparedResponse(response)
        entries.removeAll { $0.key == key || max($0.trustedUntil, $0.goodUntil) <= now }
        if entries.count == Self.entryLimit { entries.removeFirst() }
        entries.append(
            Entry(
                key: key, status: status, response: response, rows: rows, trustedUntil: now + trust,
                goodUntil: rows == nil ? now : now + Self.validity,
                renewalTime: now + Interval(nanoseconds: trust.nanoseconds / 2)))
        return .prepared(response)
    }
}
