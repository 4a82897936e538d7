import Bytes
package import HTTP
package import POSIX

/// Answers requests from a directory: its files, an index or a listing for its directories, and nothing outside it.
package final class FileResponder: Responder {
    private let root: Directory
    private let site: FileSite
    private let mediaTypes: MediaTypes
    private var cache = FileCache()

    private static let allowedMethods: StaticString = "GET, HEAD, OPTIONS"

    package init(_ site: FileSite, mediaTypes: MediaTypes) throws(SystemError) {
        root = try Directory(site.root)
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
        let path = request.bytes.span.extracting(request.path)
        let place = FileCache.place(of: path)
        if let response = cache.response(at: place, for: path, now: request.arrival) { return .complete(response) }
        do throws(Refusal) {
            return try find(request, place)
        } catch {
            return .complete(error.response)
        }
    }

    // MARK: Finding

    /// Why there is nothing to send.
    private enum Refusal: Error {
        case malformed(String)
        case notFound
        case forbidden
        case failed(SystemError)

        init(_ error: SystemError) {
            if error.isMissing || error.isEscape || error.isLoop || error.isNameTooLong {
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
            case .failed(let error):
                error.isExhaustion
                    ? .error(.serviceUnavailable, "The server is too busy to open the file. Try again soon.")
                    : .error(.internalServerError, "The server could not open the file.")
            }
        }
    }

    private func find(_ request: borrowing Request, _ place: Int) throws(Refusal) -> Answer {
        let path = try resolve(request.bytes.span.extracting(request.path))
        let file = try openFile(path.relative)
        let status = try status(of: file)
        switch status.kind {
        case .regular:
            guard !path.endsWithSlash || path.relative.isEmpty else { throw .notFound }
            return try send(file, status, name: path.relative, request, place)
        case .directory:
            guard path.endsWithSlash else { return .complete(redirectToDirectory(path, request)) }
            return try sendDirectory(file, path, request, place)
        case .other:
            throw .notFound
        }
    }

    private func resolve(_ encoded: Span<UInt8>) throws(Refusal) -> TargetPath {
        do throws(TargetPath.Refusal) {
            return try TargetPath(encoded)
        } catch {
            switch error {
            case .malformed(let explanation): throw .malformed(explanation)
            case .hidden: throw .notFound
            }
        }
    }

    private func openFile(_ relative: [UInt8]) throws(Refusal) -> FileDescriptor {
        do throws(SystemError) { return try root.open(relative) } catch { throw Refusal(error) }
    }

    private func status(of file: borrowing FileDescriptor) throws(Refusal) -> FileStatus {
        do throws(SystemError) { return try file.status() } catch { throw Refusal(error) }
    }

    // MARK: Sending

    private func send(
        _ file: consuming FileDescriptor, _ status: FileStatus, name: [UInt8], _ request: borrowing Request,
        _ place: Int
    ) throws(Refusal) -> Answer {
        let path = request.bytes.span.extracting(request.path)
        if let response = cache.revalidate(at: place, for: path, status: status, now: request.arrival) {
            return .complete(response)
        }
        var response = Response(.ok, fields: fields(of: status, name: name))
        if status.byteCount <= FileCache.fileByteLimit, let content = try readWhole(file, status) {
            response.content = .bytes(content)
            if isSettled(status) {
                cache.insert(
                    FileCache.Entry(
                        path: [UInt8](copying: path), response: response, byteCount: content.count, status: status,
                        freshUntil: request.arrival + FileCache.freshness), at: place)
            }
            return .complete(response)
        }
        response.content = .stream(length: status.byteCount)
        return .exchange(FileExchange(response, file: file, range: 0..<status.byteCount))
    }

    /// The whole of a small file; nil if it changed while it was read.
    private func readWhole(_ file: borrowing FileDescriptor, _ status: FileStatus) throws(Refusal) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: status.byteCount)
        do throws(SystemError) {
            var count = 0
            while count < content.count {
                var all = content.mutableSpan
                var rest = all._mutatingExtracting(droppingFirst: count)
                let read = try file.read(into: &rest, at: count)
                guard read > 0 else { return nil }
                count += read
            }
            return try file.status() == status ? content : nil
        } catch {
            throw Refusal(error)
        }
    }

    /// Whether the file's times can be relied on to change when its content does. The kernel's clock moves in steps of a
    /// few milliseconds, within which a file can change twice.
    private func isSettled(_ status: FileStatus) -> Bool {
        WallTime.now.seconds - status.modificationSeconds >= 2
    }

    private func fields(of status: FileStatus, name: [UInt8]) -> Fields {
        var fields = Fields()
        fields.append("Content-Type", mediaTypes.contentType(ofFileNamed: name))
        var date: [UInt8] = []
        HTTPDate.append(status.modificationSeconds, to: &date)
        fields.append("Last-Modified", date)
        fields.append("ETag", entityTag(of: status))
        appendCacheControl(to: &fields)
        return fields
    }

    /// A strong validator: whatever changes the content changes the size or the time in nanoseconds. No inode, so that
    /// several servers with the same files agree.
    private func entityTag(of status: FileStatus) -> [UInt8] {
        var tag = [ASCII.quote]
        tag.append(hexadecimal: UInt64(truncatingIfNeeded: status.modificationSeconds), digitCount: 9)
        tag.append(hexadecimal: UInt64(truncatingIfNeeded: status.modificationNanoseconds), digitCount: 8)
        tag.append(byte: UInt8(ascii: "-"))
        tag.append(text: String(status.byteCount, radix: 16))
        tag.append(byte: ASCII.quote)
        return tag
    }

    private func appendCacheControl(to fields: inout Fields) {
        if let cacheControl = site.cacheControl { fields.append("Cache-Control", [UInt8](cacheControl.utf8)) }
    }

    // MARK: Directories

    private func sendDirectory(
        _ directory: consuming FileDescriptor, _ path: TargetPath, _ request: borrowing Request, _ place: Int
    ) throws(Refusal) -> Answer {
        for index in site.indexNames {
            let name = path.relative + (path.relative.isEmpty ? [] : [ASCII.slash]) + [UInt8](index.utf8)
            guard let file = try openIndex(name) else { continue }
            let status = try status(of: file)
            guard status.kind == .regular else { continue }
            return try send(file, status, name: name, request, place)
        }
        guard site.hasListing else { throw .notFound }
        let entries: [DirectoryEntry]
        do throws(SystemError) { entries = try directory.entries() } catch { throw Refusal(error) }
        var fields = Fields()
        fields.append("Content-Type", "text/html; charset=utf-8")
        appendCacheControl(to: &fields)
        let listing = DirectoryListing(path: path.relative, entries: entries)
        return .complete(Response(.ok, fields: fields, content: .bytes(listing.page)))
    }

    /// The index file of a directory; nil where there is none.
    private func openIndex(_ name: [UInt8]) throws(Refusal) -> FileDescriptor? {
        do throws(Refusal) {
            return try openFile(name)
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
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
}
