import MartinetBytes
import MartinetPOSIX

/// Where content waits that is too long for memory, and how much of it may at one time, for all who share this.
final class ContentFiles {
    /// The directory that the files are in, without names.
    let directory: String
    private let countLimit: Int
    private let byteLimit: Int
    private var count = 0
    private var byteCount = 0

    /// - Parameters:
    ///   - countLimit: how many files there may be, each of which has a descriptor.
    ///   - byteLimit: how many bytes may be in them.
    init(in directory: String, countLimit: Int, byteLimit: Int) {
        self.directory = directory
        self.countLimit = countLimit
        self.byteLimit = byteLimit
    }

    /// Makes a file.
    ///
    /// The room for what is announced is not reserved, or those who announce much and send little would have it.
    ///
    /// - Parameter announced: how many bytes are to be kept, if that is known.
    func open(announced: Int?) throws(ContentBuffer.Failure) -> ContentFile {
        guard count < countLimit, announced ?? 0 <= byteLimit - byteCount else { throw .noFile }
        return try ContentFile(self)
    }

    fileprivate func addFile() { count += 1 }

    fileprivate func removeFile(_ byteCount: Int) {
        count -= 1
        self.byteCount -= byteCount
    }

    /// Returns false where it would be too much, and reserves nothing then.
    fileprivate func reserve(_ byteCount: Int) -> Bool {
        guard byteCount <= byteLimit - self.byteCount else { return false }
        self.byteCount += byteCount
        return true
    }

    fileprivate func release(_ byteCount: Int) { self.byteCount -= byteCount }
}

/// A file without a name that content waits in. It counts among those of its `ContentFiles` until it is released.
final class ContentFile {
    private let file: UnnamedFile
    private let files: ContentFiles
    private(set) var byteCount = 0

    fileprivate init(_ files: ContentFiles) throws(ContentBuffer.Failure) {
        do throws(SystemError) {
            file = try UnnamedFile(in: files.directory)
        } catch {
            throw .file(error)
        }
        self.files = files
        files.addFile()
    }

    deinit {
        files.removeFile(byteCount)
    }

    func append(_ bytes: Span<UInt8>) throws(ContentBuffer.Failure) {
        guard files.reserve(bytes.count) else { throw .noRoom }
        byteCount += bytes.count
        do throws(SystemError) {
            try file.append(bytes)
        } catch {
            throw .file(error)
        }
    }

    /// Fills `room` with what stands `offset` bytes into the file, where there must be as much.
    func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) {
        try file.read(into: &room, at: offset)
    }

    /// Drops all that is in it.
    func clear() throws(SystemError) {
        try file.clear()
        files.release(byteCount)
        byteCount = 0
    }

    /// The descriptor, which stands at the first byte.
    func rewound() throws(SystemError) -> CInt {
        try file.rewind()
        return file.descriptor.number
    }
}
