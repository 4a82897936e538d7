import Bytes
import Compression
package import HTTP
package import POSIX

/// Answers requests from a directory: its files, an index or a listing for its directories, and nothing outside it.
package final class FileResponder: Responder {
    private let root: Directory
    private let site: FileSite
    private let mediaTypes: MediaTypes
    private var cache = FileCache()
    private var listings = ListingCache()
    /// Clients of one kind all send the same Accept-Encoding, so the last one read is mostly the next one too.
    private var lastAcceptEncoding: [UInt8]?
    private var lastCodings = AcceptedCodings()
    private var lastSignature = AcceptedCodings().signature

    /// That of clients that send no Accept-Encoding.
    private let plainSignature = AcceptedCodings().signature

    private static let allowedMethods: StaticString = "GET, HEAD, OPTIONS"
    /// Below this a file is not worth compressing: it fits into a packet as it is.
    private static let leastCompressed = 256

    package init(_ site: FileSite, mediaTypes: MediaTypes) throws(SystemError) {
        root = try Directory(
            site.root, resolution: site.followsLinks ? .anywhere : .beneath, concealing: site.concealed)
        self.site = site
        self.mediaTypes = mediaTypes
    }

    package func open(_ request: borrowing Request) -> Answer {
        switch request.method {
        case .get, .head: break
        case .options:
            var response = Response(.noContent)
            response.fields.append("Allow", Self.allowedMethods)
            return .complete(response)
        case .other:
            return .complete(.error(.notImplemented, "This server does not know the request's method."))
        default:
            return .complete(.methodNotAllowed(Self.allowedMethods))
        }
        readCodings(request)
        let path = request.bytes.span.extracting(request.path)
        let place = FileCache.place(of: path, codings: lastSignature)
        if let entry = cache.entry(at: place, for: path, codings: lastSignature), entry.freshUntil > request.arrival {
            return answer(request, entry)
        }
        do throws(Refusal) {
            return try find(request, place)
        } catch {
            cache.remove(at: place)
            return .complete(error.response)
        }
    }

    /// A small file to be sent as part of another response, and its media type; nil where it is not to be had.
    func page(at path: [UInt8]) -> (content: [UInt8], contentType: [UInt8])? {
        guard let file = try? openFileIfAny(path), file.status.byteCount <= FileCache.fileByteLimit,
            let content = try? readWhole(file)
        else { return nil }
        return (content, mediaTypes.contentType(ofFileNamed: path))
    }

    /// What the client accepts. Ranges count in the representation without a coding, so those who want one get that.
    private func readCodings(_ request: borrowing Request) {
        guard site.compresses, request.has(.acceptEncoding) else {
            if lastSignature != plainSignature { setCodings(AcceptedCodings()) }
            return
        }
        let value = request.value(of: .acceptEncoding)
        let isUsual = value != nil && request.count(of: .acceptEncoding) == 1 && !request.has(.range)
        if isUsual, let value, let lastAcceptEncoding,
            request.bytes.span.extracting(value).isEqual(to: lastAcceptEncoding)
        {
            return
        }
        let codings = AcceptedCodings(request)
        setCodings(request.has(.range) && codings.accepts(.identity) ? AcceptedCodings() : codings)
        if isUsual, let value { lastAcceptEncoding = [UInt8](request.bytes[value]) }
    }

    private func setCodings(_ codings: AcceptedCodings) {
        lastAcceptEncoding = nil
        lastCodings = codings
        lastSignature = codings.signature
    }

    private func answer(_ request: borrowing Request, _ entry: FileCache.Entry) -> Answer {
        guard RepresentationAnswer.isSelective(request) else { return .complete(entry.response) }
        if entry.isHeldBy(request) { return .complete(entry.notModifiedResponse) }
        return RepresentationAnswer.make(request, entry.representation, .bytes(entry.content))
    }

    // MARK: Finding

    private func find(_ request: borrowing Request, _ place: Int) throws(Refusal) -> Answer {
        let path = try resolve(request.bytes.span.extracting(request.path))
        do throws(Refusal) {
            return try find(path, request, place)
        } catch {
            guard case .notFound = error, let fallback = site.fallbackFile, isPageWanted(path, request) else {
                throw error
            }
            let name = [UInt8](fallback.utf8)
            let answer = try send(try openFile(name), name: name, request, place)
            // Here Accept decided, which the cache's key does not hold.
            if hasExtension(path) { cache.remove(at: place) }
            return answer
        }
    }

    private func find(_ path: TargetPath, _ request: borrowing Request, _ place: Int) throws(Refusal) -> Answer {
        let file = try openFile(path.relative)
        switch file.status.kind {
        case .regular:
            guard !path.endsWithSlash else { throw .notFound }
            return try send(file, name: path.relative, request, place)
        case .directory:
            guard site.servesDirectories else { throw .notFound }
            guard path.endsWithSlash else { return .complete(redirectToDirectory(path, request)) }
            return try sendDirectory(file, path, request, place)
        case .other:
            throw .notFound
        }
    }

    private func resolve(_ encoded: Span<UInt8>) throws(Refusal) -> TargetPath {
        do throws(TargetPath.Refusal) {
            return try TargetPath(encoded, allowsHidden: site.showsHidden)
        } catch {
            switch error {
            case .malformed(let explanation): throw .malformed(explanation)
            case .hidden: throw .notFound
            }
        }
    }

    private func openFile(_ relative: [UInt8]) throws(Refusal) -> OpenFile {
        do throws(SystemError) { return try root.open(relative) } catch { throw Refusal(error) }
    }

    /// The file, if there is one and it is a regular file.
    private func openFileIfAny(_ relative: [UInt8]) throws(Refusal) -> OpenFile? {
        do throws(Refusal) {
            let file = try openFile(relative)
            return file.status.kind == .regular ? file : nil
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// Whether the request is for a page of an application, and not for a script or picture that is missing.
    private func isPageWanted(_ path: TargetPath, _ request: borrowing Request) -> Bool {
        !hasExtension(path) || AcceptedTypes.lists("text/html", in: request)
    }

    private func hasExtension(_ path: TargetPath) -> Bool {
        path.relative.split(separator: ASCII.slash).last?.contains(ASCII.dot) ?? false
    }

    // MARK: Sending

    private func send(
        _ file: OpenFile, name: [UInt8], _ request: borrowing Request, _ place: Int
    ) throws(Refusal) -> Answer {
        let (chosen, representation) = try select(file, name: name)
        let path = request.bytes.span.extracting(request.path)
        if let entry = cache.entry(at: place, for: path, codings: lastSignature),
            entry.representation.status == representation.status, entry.representation.fields == representation.fields
        {
            cache.renew(entry, now: request.arrival)
            return answer(request, entry)
        }
        if chosen.status.byteCount <= FileCache.fileByteLimit,
            let content = try readWhole(chosen).flatMap({ encode($0, as: representation) })
        {
            if isSettled(chosen.status) {
                let key = FileCache.Key(path: [UInt8](copying: path), codings: lastSignature)
                cache.insert(FileCache.Entry(key, representation, content, now: request.arrival), at: place)
            }
            return RepresentationAnswer.make(request, representation, .bytes(content))
        }
        return RepresentationAnswer.make(request, representation, .file(chosen))
    }

    /// The file's best coding that the client accepts: in a file of its own beside it, or made here.
    private func select(_ file: OpenFile, name: [UInt8]) throws(Refusal) -> (OpenFile, Representation) {
        let contentType = mediaTypes.contentType(ofFileNamed: name)
        var ready: [ContentCoding: OpenFile] = [.identity: file]
        var available = [ContentCoding.identity]
        var varies = false
        if site.compresses {
            for (coding, suffix) in [(ContentCoding.brotli, ".br"), (.gzip, ".gz")] {
                // A form that cannot be read is as good as none: the file itself is there.
                guard let neighbour = try? openFileIfAny(name + [UInt8](suffix.utf8)), neighbour.isCurrent(for: file)
                else { continue }
                ready[coding] = neighbour
                available.append(coding)
            }
            let isCompressible =
                file.status.byteCount >= Self.leastCompressed && MediaTypes.isCompressible(contentType)
            if isCompressible { available = ContentCoding.allCases }
            varies = available.count > 1
        }
        guard let coding = lastCodings.best(of: available) else { throw .notAcceptable }
        let chosen = ready[coding] ?? file
        let representation = Representation(
            chosen.status, coding: coding, isEncodedHere: ready[coding] == nil, contentType: contentType,
            varies: varies, cacheControl: site.cacheControl)
        return (chosen, representation)
    }

    /// The content in the coding that is to be made here, if it is one; nil where that is not possible.
    private func encode(_ content: [UInt8], as representation: Representation) -> [UInt8]? {
        guard representation.isEncodedHere else { return content }
        return try? representation.coding.makeEncoder()?.encodeAll(content)
    }

    /// The whole of a small file; nil if it changed while it was read.
    private func readWhole(_ file: OpenFile) throws(Refusal) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: file.status.byteCount)
        do throws(SystemError) {
            var count = 0
            while count < content.count {
                var all = content.mutableSpan
                var rest = all._mutatingExtracting(droppingFirst: count)
                let read = try file.descriptor.read(into: &rest, at: count)
                guard read > 0 else { return nil }
                count += read
            }
            guard try file.descriptor.status() == file.status else { return nil }
        } catch {
            throw Refusal(error)
        }
        return content
    }

    /// Whether the file's times can be relied on to change when its content does. The kernel's clock moves in steps of a
    /// few milliseconds, within which a file can change twice.
    private func isSettled(_ status: FileStatus) -> Bool {
        WallTime.now.seconds - status.modificationSeconds >= 2
    }

    // MARK: Directories

    private func sendDirectory(
        _ directory: OpenFile, _ path: TargetPath, _ request: borrowing Request, _ place: Int
    ) throws(Refusal) -> Answer {
        for index in site.indexNames {
            let name = path.relative + (path.relative.isEmpty ? [] : [ASCII.slash]) + [UInt8](index.utf8)
            if let file = try openFileIfAny(name) { return try send(file, name: name, request, place) }
        }
        guard site.hasListing else { throw .notFound }
        let key = ListingCache.Key(
            path: path.relative, order: DirectoryListing.Order(query: request.query.map { request.text($0) } ?? ""),
            isJSON: AcceptedTypes.lists("application/json", in: request))
        if let response = listings.response(for: key, status: directory.status, now: request.arrival) {
            return .complete(response)
        }
        let response = try list(directory, key)
        return .complete(listings.insert(key, response, status: directory.status, now: request.arrival))
    }

    private func list(_ directory: OpenFile, _ key: ListingCache.Key) throws(Refusal) -> Response {
        let entries: [DirectoryEntry]
        do throws(SystemError) {
            entries = try directory.descriptor.entries().filter(root.visibleEntries(of: directory, at: key.path))
        } catch {
            throw Refusal(error)
        }
        let listing = DirectoryListing(
            path: key.path, entries: entries, showsHidden: site.showsHidden, order: key.order)
        var fields = Fields()
        fields.append("Content-Type", key.isJSON ? "application/json" : "text/html; charset=utf-8")
        fields.append("Vary", "Accept")
        appendCacheControl(to: &fields)
        return Response(.ok, fields: fields, content: .bytes(key.isJSON ? listing.json : listing.page))
    }

    /// Relative links in a directory's page need its address to end with a slash.
    private func redirectToDirectory(_ path: TargetPath, _ request: borrowing Request) -> Response {
        var location = TargetPath.encode(path.relative)
        location.append(ASCII.slash)
        if let query = request.query {
            location.append(ASCII.question)
            location.append(copying: request.bytes.span.extracting(query))
        }
        var response = Response.redirect(.movedPermanently, to: location)
        appendCacheControl(to: &response.fields)
        return response
    }

    private func appendCacheControl(to fields: inout Fields) {
        if let cacheControl = site.cacheControl { fields.append("Cache-Control", [UInt8](cacheControl.utf8)) }
    }
}

/// Why there is nothing to send.
private enum Refusal: Error {
    case malformed(String)
    case notFound
    case forbidden
    case notAcceptable
    case failed(SystemError)

    init(_ error: SystemError) {
        if error.isMissing || error.isEscape || error.isLoop || error.isNameTooLong || error.hasNoFarEnd {
            self = .notFound
        } else if error.isForbidden {
            self = .forbidden
        } else {
            self = .failed(error)
        }
    }

    var response: Response {
        switch self {
        case .malformed(let explanation): .error(.badRequest, explanation)
        case .notFound: .error(.notFound, "There is nothing at this address.")
        case .forbidden: .error(.forbidden, "The server may not read this file.")
        case .notAcceptable: .error(.notAcceptable, "The file is not to be had in any coding that the request accepts.")
        case .failed(let error):
            error.isExhaustion
                ? .error(.serviceUnavailable, "The server is too busy to open the file. Try again soon.")
                : .error(.internalServerError, "The server could not open the file.")
        }
    }
}

extension OpenFile {
    /// Whether this precompressed form is no older than the file it was made from.
    fileprivate func isCurrent(for original: OpenFile) -> Bool {
        let mine = (status.modificationSeconds, status.modificationNanoseconds)
        return mine >= (original.status.modificationSeconds, original.status.modificationNanoseconds)
    }
}
