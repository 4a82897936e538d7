import MartinetBytes
package import MartinetHTTP
package import MartinetPOSIX

/// Answers requests from a directory: its files, an index or a listing for its directories, and nothing outside it.
package final class FileResponder: Responder {
    private let site: FileSite
    private let finder: FileFinder
    private let mediaTypes: MediaTypes
    private let sender: FileSender
    private let listings: Listings
    private var reader = AcceptedCodingsReader()

    private static let allowedMethods: StaticString = "GET, HEAD, OPTIONS"

    /// - Parameter helpers: where large texts are compressed and large directories are read; nil to have that done at once.
    package init(_ site: FileSite, mediaTypes: MediaTypes, helpers: HelperThreads? = nil) throws(SystemError) {
        self.site = site
        self.mediaTypes = mediaTypes
        finder = try FileFinder(site)
        sender = FileSender(Helpers(helpers))
        listings = Listings(site, finder, Helpers(helpers))
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
        reader.read(request, isWanted: site.compresses)
        let slot = sender.slot(for: request, reader.signature)
        if let answer = sender.freshAnswer(request, slot) { return answer }
        do throws(FileRefusal) {
            return try find(request, slot)
        } catch {
            sender.forget(slot)
            return .complete(error.response)
        }
    }

    /// A small file to be sent as part of another response, and its media type; nil where it is not to be had.
    func page(at path: [UInt8]) -> (content: [UInt8], contentType: [UInt8])? {
        guard let file = try? finder.openFileIfAny(path), file.status.byteCount <= FileCache.fileByteLimit,
            let content = try? file.readWhole()
        else { return nil }
        return (content, mediaTypes.contentType(ofFileNamed: path))
    }

    // MARK: Finding

    private func find(_ request: borrowing Request, _ slot: FileSender.Slot) throws(FileRefusal) -> Answer {
        let path = try finder.resolve(request.bytes.span.extracting(request.path))
        do throws(FileRefusal) {
            return try find(path, request, slot)
        } catch {
            guard case .notFound = error, let fallback = site.fallbackFile, isPageWanted(path, request) else {
                throw error
            }
            let name = [UInt8](fallback.utf8)
            // Where Accept decided, which the cache's key does not hold, the answer is not kept.
            return try send(finder.open(name), name: name, request, hasExtension(path) ? nil : slot)
        }
    }

    private func find(
        _ path: TargetPath, _ request: borrowing Request, _ slot: FileSender.Slot
    ) throws(FileRefusal) -> Answer {
        let file = try finder.open(path.relative)
        switch file.status.kind {
        case .regular:
            guard !path.endsWithSlash else { throw .notFound }
            return try send(file, name: path.relative, request, slot)
        case .directory:
            guard site.servesDirectories else { throw .notFound }
            guard path.endsWithSlash else { return .complete(redirectToDirectory(path, request)) }
            if let (index, name) = try finder.index(ofDirectory: path.relative) {
                return try send(index, name: name, request, slot)
            }
            guard site.hasListing else { throw .notFound }
            return try listings.answer(request, file, at: path.relative)
        case .other:
            throw .notFound
        }
    }

    private func send(
        _ file: OpenFile, name: [UInt8], _ request: borrowing Request, _ slot: FileSender.Slot?
    ) throws(FileRefusal) -> Answer {
        let choice = try RepresentationChoice(
            file, name: name, contentType: mediaTypes.contentType(ofFileNamed: name), codings: reader.codings, site,
            finder)
        return try sender.answer(request, choice, slot)
    }

    /// Whether the request is for a page of an application, and not for a script or picture that is missing.
    private func isPageWanted(_ path: TargetPath, _ request: borrowing Request) -> Bool {
        !hasExtension(path) || AcceptedTypes.lists("text/html", in: request)
    }

    private func hasExtension(_ path: TargetPath) -> Bool {
        path.relative.split(separator: ASCII.slash).last?.contains(ASCII.dot) ?? false
    }

    /// Relative links in a directory's page need its address to end with a slash.
    private func redirectToDirectory(_ path: TargetPath, _ request: borrowing Request) -> Response {
        var response = Response.redirect(
            .movedPermanently, to: path.directoryLocation(request, beneath: site.prefixPath))
        if let cacheControl = site.cacheControl {
            response.fields.append("Cache-Control", [UInt8](cacheControl.utf8))
        }
        return response
    }
}
