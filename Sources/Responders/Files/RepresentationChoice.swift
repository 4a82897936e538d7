import MartinetHTTP
import MartinetPOSIX

/// Which of a file's codings a client gets (RFC 9110 §12.5.3): in a file of its own beside it, or made here.
struct RepresentationChoice {
    /// The file that holds the chosen coding, or the one that it is to be made from.
    let file: OpenFile
    let representation: Representation

    private let codings: AcceptedCodings
    private let contentType: [UInt8]
    private let cacheControl: String?
    private let ready: [ContentCoding: OpenFile]

    /// Below this a file is not worth compressing: it fits into a packet as it is.
    private static let leastCompressed = 256

    /// - Parameter name: the file's path beneath the site's directory.
    init(
        _ original: OpenFile, name: [UInt8], contentType: [UInt8], codings: AcceptedCodings, _ site: FileSite,
        _ finder: FileFinder
    ) throws(FileRefusal) {
        var ready: [ContentCoding: OpenFile] = [.identity: original]
        var available = [ContentCoding.identity]
        if site.compresses {
            for (coding, suffix) in [(ContentCoding.brotli, ".br"), (.gzip, ".gz")] {
                // A form that cannot be read is as good as none: the file itself is there.
                guard let neighbour = try? finder.openFileIfAny(name + [UInt8](suffix.utf8)),
                    neighbour.isCurrent(for: original)
                else { continue }
                ready[coding] = neighbour
                available.append(coding)
            }
            let isCompressible =
                original.status.byteCount >= Self.leastCompressed && MediaTypes.isCompressible(contentType)
            if isCompressible { available = ContentCoding.allCases }
        }
        guard let coding = codings.best(of: available) else { throw .notAcceptable }
        file = ready[coding] ?? original
        representation = Representation(
            file.status, coding: coding, isEncodedHere: ready[coding] == nil, contentType: contentType,
            varies: available.count > 1, cacheControl: site.cacheControl)
        self.codings = codings
        self.contentType = contentType
        self.cacheControl = site.cacheControl
        self.ready = ready
    }

    /// The best coding for which nothing has to be compressed.
    func withoutEncoder() throws(FileRefusal) -> (file: OpenFile, representation: Representation) {
        guard let coding = codings.best(of: Array(ready.keys)), let file = ready[coding] else { throw .busy }
        let representation = Representation(
            file.status, coding: coding, isEncodedHere: false, contentType: contentType, varies: true,
            cacheControl: cacheControl)
        return (file, representation)
    }
}
