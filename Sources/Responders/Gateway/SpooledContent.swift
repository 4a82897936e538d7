import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Request content that waits in a file until it is whole.
final class SpooledContent {
    private let file: UnnamedFile
    private let room: SpoolBudget
    private(set) var byteCount = 0

    fileprivate init(in directory: String, _ room: SpoolBudget) throws(SystemError) {
        file = try UnnamedFile(in: directory)
        self.room = room
        room.contentCount += 1
    }

    deinit {
        room.contentCount -= 1
        room.byteCount -= byteCount
    }

    var descriptor: CInt { file.descriptor.number }

    /// Returns false when all content that is spooled would be too much with this.
    func append(_ bytes: Span<UInt8>) throws(SystemError) -> Bool {
        guard room.byteCount + bytes.count <= room.byteLimit else { return false }
        byteCount += bytes.count
        room.byteCount += bytes.count
        try file.append(bytes)
        return true
    }

    func rewind() throws(SystemError) {
        try file.rewind()
    }
}

/// How much content is spooled at one time, for all requests of a site.
final class SpoolBudget {
    private let contentLimit: Int
    fileprivate let byteLimit: Int
    fileprivate var contentCount = 0
    fileprivate var byteCount = 0

    init(contentLimit: Int, byteLimit: Int) {
        self.contentLimit = contentLimit
        self.byteLimit = byteLimit
    }

    /// Begins to spool; nil when as many requests as may do so already, or there is not as much room as is needed.
    ///
    /// The room is not reserved, or those who announce much and send little would have it.
    func open(for content: Request.Content, in directory: String) throws(SystemError) -> SpooledContent? {
        if case .length(let count) = content, count > byteLimit - byteCount { return nil }
        return contentCount < contentLimit ? try SpooledContent(in: directory, self) : nil
    }
}
