import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Answers requests for directories with what is in them: small ones at once, others as helper threads have written it, and
/// large ones a piece at a time.
final class Listings {
    /// What is listed, and how.
    private struct Subject: Sendable {
        let directory: OpenFile
        let key: DirectoryListing.Description
        let isVisible: @Sendable (DirectoryEntry) -> Bool
        let now: MonotonicTime
        let wallTime: WallTime
        /// Stands before the path on the page.
        let prefix: [UInt8]

        func listing(_ names: DirectoryNames, _ arrangement: DirectoryArrangement?) -> DirectoryListing {
            var shown = key
            if !prefix.isEmpty { shown.path = prefix.appending(key.path) }
            return DirectoryListing(of: directory, names, arrangement: arrangement, as: shown, isVisible: isVisible)
        }
    }

    /// What helper threads have made of it.
    private enum Preparation: Sendable {
        case whole([UInt8])
        case large(DirectoryNames, DirectoryArrangement?)
        case refused(FileRefusal)
    }

    private let site: FileSite
    private let finder: FileFinder
    private let helpers: Helpers
    private var prepared: PreparedListings
    private let names: DirectoryNamesCache
    /// Large ones that are being sent.
    private let underWay = Allowance(underWayLimit)

    /// How many entries are listed at once, in half a millisecond.
    private static let immediateCount = 128
    /// How many are listed as a whole, in a few milliseconds of a helper thread's time, so that it can be sent again.
    private static let wholeCount = 1024
    private static let underWayLimit = 128

    init(_ site: FileSite, _ finder: FileFinder, _ helpers: Helpers) {
        self.site = site
        self.finder = finder
        self.helpers = helpers
        prepared = PreparedListings(trust: Interval(site.trust))
        names = DirectoryNamesCache(showsHidden: site.showsHidden, trust: Interval(site.trust))
    }

    /// - Parameter path: the directory's, beneath the root.
    func answer(
        _ request: borrowing Request, _ directory: OpenFile, at path: [UInt8]
    ) throws(FileRefusal) -> Answer {
        let key = DirectoryListing.Description(
            path: path, order: ListingOrder(query: request.query.map { request.text($0) } ?? ""),
            form: Self.form(for: request))
        let now = request.arrival
        // The length is that of content that would be made for nobody (RFC 9110 §9.3.2).
        guard request.method != .head else {
            return .complete(Response(.ok, fields: fields(key.form), content: .stream(length: nil)))
        }
        if let response = prepared.response(for: key, in: directory, now: now) { return .prepared(response) }
        let subject = Subject(
            directory: directory, key: key, isVisible: try finder.visibility(in: directory, at: path), now: now,
            wallTime: request.moment, prefix: site.prefixPath)
        if let known = names.names(of: directory, now: now) {
            if known.count > Self.wholeCount, key.order.key == .name { return try stream(subject, known, nil) }
        } else if let few = try readFew(directory) {
            let isSettled = directory.status.isSettled(at: subject.wallTime)
            let rows = isSettled ? PreparedListings.Rows(few, in: directory) : nil
            return send(list(subject, few), rows, subject)
        }
        return try prepare(request, subject)
    }

    /// JSON for programs that ask for it by name, and like nothing that people read better.
    private static func form(for request: borrowing Request) -> DirectoryListing.Form {
        guard AcceptedTypes.lists("application/json", in: request) else { return .page }
        let weight = AcceptedTypes.weight(of: "application/json", in: request)
        return weight >= AcceptedTypes.weight(of: "text/html", in: request) ? .json : .page
    }

    // MARK: Small directories

    /// The names of a small directory; nil for another one.
    private func readFew(_ directory: OpenFile) throws(FileRefusal) -> DirectoryNames? {
        do throws(SystemError) {
            let reading = try DirectoryNames.read(
                directory, showsHidden: site.showsHidden, atMost: Self.immediateCount)
            if case .names(let names) = reading { return names }
            return nil
        } catch {
            throw FileRefusal(error)
        }
    }

    private func list(_ subject: Subject, _ names: DirectoryNames) -> [UInt8] {
        let order = subject.key.order.key
        let arrangement =
            order == .name
            ? nil : names.arrangement(by: order, of: subject.directory, memory: nil, now: subject.now)
        return subject.listing(names, arrangement).whole
    }

    private func send(_ content: [UInt8], _ rows: PreparedListings.Rows?, _ subject: Subject) -> Answer {
        let response = Response(.ok, fields: fields(subject.key.form), content: .bytes(content))
        return prepared.insert(subject.key, response, rows, status: subject.directory.status, now: subject.now)
    }

    // MARK: Others

    private func prepare(_ request: borrowing Request, _ subject: Subject) throws(FileRefusal) -> Answer {
        let answer = helpers.answer(request, after: { [names] in Self.prepare(subject, names) }) { _, preparation in
            switch preparation {
            case .whole(let content): return self.send(content, nil, subject)
            case .large(let names, let arrangement):
                do throws(FileRefusal) { return try self.stream(subject, names, arrangement) } catch {
                    return .complete(error.response)
                }
            case .refused(let refusal): return .complete(refusal.response)
            }
        }
        if let answer { return answer }
        let last = prepared.lastResponse(for: subject.key, status: subject.directory.status, now: subject.now)
        guard let last else { throw .busy }
        return .prepared(last)
    }

    private static func prepare(_ subject: Subject, _ cache: DirectoryNamesCache) -> Preparation {
        do throws(FileRefusal) {
            let (names, arrangement) = try cache.prepare(
                subject.directory, by: subject.key.order.key, now: subject.now, wallTime: subject.wallTime)
            guard names.count <= Self.wholeCount else { return .large(names, arrangement) }
            return .whole(subject.listing(names, arrangement).whole)
        } catch {
            return .refused(error)
        }
    }

    private func stream(
        _ subject: Subject, _ names: DirectoryNames, _ arrangement: DirectoryArrangement?
    ) throws(FileRefusal) -> Answer {
        guard let share = underWay.take() else { throw .busy }
        let response = Response(.ok, fields: fields(subject.key.form), content: .stream(length: nil))
        let pieces = ListingPieces(subject.listing(names, arrangement), share)
        return .exchange(PiecewiseExchange(response, from: pieces, helpers))
    }

    private func fields(_ form: DirectoryListing.Form) -> Fields {
        var fields = Fields()
        switch form {
        case .page: fields.append("Content-Type", "text/html; charset=utf-8")
        case .json: fields.append("Content-Type", "application/json")
        }
        fields.append("Vary", "Accept")
        if let cacheControl = site.cacheControl { fields.append("Cache-Control", [UInt8](cacheControl.utf8)) }
        return fields
    }
}
