import MartinetBytes
import MartinetEvents
package import MartinetHTTP
package import MartinetPOSIX

/// Answers requests from a directory: its files, an index or a listing for its directories, and nothing outside it.
package final class FileResponder: Responder {
    private let site: FileSite
    private let finder: FileFinder
    private let mediaTypes: MediaTypes
    private let neighbours: NeighbourFinder
    private let sender: FileSender
    private let listings: Listings
    private var reader = AcceptedCodingsReader()

    private static let allowedMethods: StaticString = "GET, HEAD, OPTIONS"

    /// The site's directory need not be there yet: it is looked for with each request.
    ///
    /// - Parameters:
    ///   - helpers: where large texts are compressed and large directories are read; nil to have that done at once.
    ///   - report: takes what an operator should know of the files, a line at a time.
    package init(
        _ site: FileSite, mediaTypes: MediaTypes, helpers: HelperThreads? = nil,
        report: @escaping (String) -> Void = { _ in }
    ) {
        self.site = site
        self.mediaTypes = mediaTypes
        finder = FileFinder(site)
        neighbours = NeighbourFinder(finder, report: report)
        sender = FileSender(Helpers(helpers), trust: Interval(site.trust))
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
        // What is kept is kept by what paths mean.
        if let flaw = request.pathFlaw { return .complete(FileRefusal.malformed(flaw).response) }
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
        guard (try? finder.refresh()) != nil, let file = try? finder.openFileIfAny(path),
            file.status.byteCount <= FileCache.fileByteLimit, let content = try? file.readWhole()
        else { return nil }
        let type = mediaTypes.type(ofFileNamed: path)
        return (content, type.contentType(TextFacts(content.span, isWhole: true)))
    }

    // MARK: Finding

    private func find(_ request: borrowing Request, _ slot: FileSender.Slot) throws(FileRefusal) -> Answer {
        let path = try finder.resolve(request)
        try finder.refresh()
        do throws(FileRefusal) {
            return try find(path, request, slot)
        } catch {
            guard case .notFound = error, let fallback = site.fallbackFile else { throw error }
            guard isPageWanted(path, request) else { throw .notFoundAsAccepted }
            return try sendFallback([UInt8](fallback.utf8), request)
        }
    }

    /// Sends the page of an application. What it is kept under is not the request's path, which says nothing of who accepts it.
    private func sendFallback(_ name: [UInt8], _ request: borrowing Request) throws(FileRefusal) -> Answer {
        let slot = sender.slot(forFallback: name, reader.signature)
        if let answer = sender.freshAnswer(request, slot) { return answer }
        do throws(FileRefusal) {
            let file = try finder.open(name)
            guard file.status.kind == .regular else { throw .notFound }
            let found = FileFinder.Found(
                file: file, name: name, pathStatuses: [finder.pathStatus(name, file)], variesByType: true)
            return try send(found, request, slot)
        } catch {
            sender.forget(slot)
            throw error
        }
    }

    private func find(
        _ path: TargetPath, _ request: borrowing Request, _ slot: FileSender.Slot
    ) throws(FileRefusal) -> Answer {
        let file = try finder.open(path.relative)
        switch file.status.kind {
        case .regular:
            guard !path.endsWithSlash else { throw .notFound }
            let pathStatuses = [finder.pathStatus(path.relative, file)]
            return try send(
                FileFinder.Found(file: file, name: path.relative, pathStatuses: pathStatuses), request, slot)
        case .directory:
            guard site.servesDirectories else { throw .notFound }
            guard path.endsWithSlash else { return .complete(redirectToDirectory(path, request)) }
            if let index = try finder.index(ofDirectory: path.relative) { return try send(index, request, slot) }
            guard site.hasListing else { throw .notFound }
            return try listings.answer(request, file, at: path.relative)
        case .other:
            throw .notFound
        }
    }

    private func send(
        _ found: FileFinder.Found, _ request: borrowing Request, _ slot: FileSender.Slot
    ) throws(FileRefusal) -> Answer {
        let file = found.file
        let type = mediaTypes.type(ofFileNamed: found.name)
        let inspected = type.dependsOnContent ? try sender.inspect(file, isText: true, request) : nil
        let others =
            site.compresses && site.usesPrecompressed && type.coding == nil
            ? neighbours.neighbours(of: file, named: found.name, now: request.moment) : Neighbours()
        let choice = try RepresentationChoice(
            found, type, contentType: type.contentType(inspected?.facts.text), neighbours: others,
            codings: reader.codings, site)
        return try sender.answer(request, choice, inspected, slot)
    }

    /// Whether the request is for a page of an application, and not for something that its scripts ask for, or a script or
    /// picture that is missing.
    private func isPageWanted(_ path: TargetPath, _ request: borrowing Request) -> Bool {
        hasExtension(path)
            ? AcceptedTypes.lists("text/html", in: request)
            : AcceptedTypes.weight(of: "text/html", in: request) > 0
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
