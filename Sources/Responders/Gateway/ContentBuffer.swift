import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Content that one side has sent and the other has not taken yet: in memory as far as there is room for it, and in a file
/// without a name when its owner has it moved there. What was appended first is taken first.
final class ContentBuffer {
    /// Why content cannot be kept in a file.
    enum Failure: Error, Equatable {
        /// As many contents are in files as may be, or this one is longer than all that is left for them.
        case noFile
        /// With it there would be more in files than may be.
        case noRoom
        /// What the kernel says of the file.
        case file(SystemError)
    }

    /// As much as a pipe holds, so that a program which is started gets all of it at once.
    static let memoryByteLimit = 64 * 1024
    /// What is read of the file at one time.
    private static let readByteCount = 64 * 1024

    private let memory: ContentMemory
    private let address: AddressBlock
    private let memoryByteLimit: Int
    private var bytes: [UInt8] = []
    private var reservedByteCount = 0
    /// Where all of it is, once it has been moved.
    private var file: ContentFile?
    private var takenByteCount = 0

    /// - Parameters:
    ///   - memory: what it takes a part of as long as it is not in a file.
    ///   - address: whose part of that it is.
    ///   - memoryByteLimit: the most that is kept in memory.
    init(_ memory: ContentMemory, for address: AddressBlock, memoryByteLimit: Int = ContentBuffer.memoryByteLimit) {
        self.memory = memory
        self.address = address
        self.memoryByteLimit = memoryByteLimit
    }

    deinit {
        memory.release(reservedByteCount, of: address)
    }

    /// The bytes that are still to be taken.
    var byteCount: Int { (file?.byteCount ?? bytes.count) - takenByteCount }

    /// Appends what there is room for in memory, or, when it is in a file, everything.
    ///
    /// - Returns: how many bytes that was.
    /// - Throws: why there is no room in the files; what is kept is not whole then.
    func append(_ content: Span<UInt8>) throws(Failure) -> Int {
        if let file {
            try file.append(content)
            return content.count
        }
        dropTaken()
        let wanted = min(bytes.count + content.count, memoryByteLimit)
        if wanted > reservedByteCount { reserve(wanted) }
        let count = max(0, min(content.count, reservedByteCount - bytes.count))
        bytes.append(content.extracting(0..<count))
        return count
    }

    /// In steps, each twice the one before, which are what the array really takes.
    private func reserve(_ byteCount: Int) {
        var step = 1024
        while step < byteCount { step *= 2 }
        step = min(step, memoryByteLimit)
        guard memory.reserve(step - reservedByteCount, for: address) else { return }
        reservedByteCount = step
        bytes.reserveCapacity(step)
    }

    private func dropTaken() {
        guard takenByteCount > 0 else { return }
        bytes.removeFirst(takenByteCount)
        takenByteCount = 0
    }

    /// Keeps everything in a file from now on, what has come already and what will come, and gives up its memory.
    ///
    /// - Parameter announced: how many bytes it will be in all, if that is known.
    /// - Throws: why it cannot; it stays in memory then.
    func moveToFile(_ files: ContentFiles, announced: Int?) throws(Failure) {
        guard file == nil else { return }
        dropTaken()
        let new = try files.open(announced: announced)
        let kept = bytes
        try new.append(kept.span)
        file = new
        bytes = []
        memory.release(reservedByteCount, of: address)
        reservedByteCount = 0
    }

    /// Hands over what is still to be taken, or of a file a part of it, and drops as many bytes as `take` returns.
    ///
    /// - Throws: what the kernel says when the file cannot be read.
    func drain(_ take: (Span<UInt8>) -> Int) throws(SystemError) {
        guard let file else {
            let bytes = bytes
            takenByteCount += take(bytes.span.extracting(takenByteCount...))
            return
        }
        guard byteCount > 0 else { return }
        var part = [UInt8](repeating: 0, count: min(byteCount, Self.readByteCount))
        var room = part.mutableSpan
        try file.read(into: &room, at: takenByteCount)
        takenByteCount += take(part.span)
        guard byteCount == 0 else { return }
        // What comes next begins it anew, or content that goes on for ever would take the whole disk.
        try file.clear()
        takenByteCount = 0
    }

    /// The descriptor of its file, for who reads all of it by itself, from the first byte on; nil where content is in memory.
    ///
    /// Nothing is to be appended after this.
    func rewoundFile() throws(SystemError) -> CInt? {
        guard let file, takenByteCount == 0 else { return nil }
        return try file.rewound()
    }
}
