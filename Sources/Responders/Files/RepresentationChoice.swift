import MartinetHTTP
import MartinetPOSIX

/// Which of a file's codings a client gets (RFC 9110 §12.5.3): in a file of its own beside it, or made here.
struct RepresentationChoice {
    /// The file that holds the chosen coding, or the one that it is to be made from.
    let file: OpenFile
    let description: Representation.Description
    /// Of the file itself and of the one that holds the coding: the choice is the same for as long as these are current.
    let pathStatuses: [PathStatus]

    private let codings: AcceptedCodings
    private let ready: [ContentCoding: OpenFile]

    /// Below this a file is not worth compressing: it fits into a packet as it is.
    private static let leastCompressed = 256

    var coding: ContentCoding { description.coding }
    var isEncodedHere: Bool { description.isEncodedHere }

    /// - Parameter neighbours: the files beside it that hold it in other codings.
    init(
        _ found: FileFinder.Found, _ type: MediaType, contentType: [UInt8], neighbours: Neighbours,
        codings: AcceptedCodings, _ site: FileSite
    ) throws(FileRefusal) {
        let original = found.file
        ready = neighbours.files.mapValues(\.file).merging([.identity: original]) { $1 }
        var available = Array(ready.keys)
        if site.compresses, type.coding == nil, original.status.byteCount >= Self.leastCompressed,
            MediaTypes.isCompressible(contentType)
        {
            available = ContentCoding.allCases
        }
        guard let coding = codings.best(of: available) else { throw .notAcceptable }
        file = ready[coding] ?? original
        description = Representation.Description(
            coding: coding, isEncodedHere: ready[coding] == nil, contentType: contentType,
            contentEncoding: type.coding ?? coding.name, variesByCoding: available.count > 1,
            variesByType: found.variesByType, cacheControl: site.cacheControl)
        self.codings = codings
        pathStatuses = found.pathStatuses + (neighbours.files[coding].map { [$0.pathStatus] } ?? [])
    }

    private init(_ choice: RepresentationChoice, _ file: OpenFile, _ coding: ContentCoding) {
        self.file = file
        var description = choice.description
        description.coding = coding
        description.contentEncoding = coding.name
        description.isEncodedHere = false
        description.variesByCoding = true
        self.description = description
        pathStatuses = choice.pathStatuses
        codings = choice.codings
        ready = choice.ready
    }

    /// The best coding for which nothing has to be compressed.
    func withoutEncoder() throws(FileRefusal) -> RepresentationChoice {
        guard let coding = codings.best(of: Array(ready.keys)), let file = ready[coding] else { throw .busy }
        return RepresentationChoice(self, file, coding)
    }
}
