import MartinetBytes
import MartinetEvents
import MartinetPOSIX
import Synchronization

/// The names in a directory, directories first, in the order of their bytes: one copy for all who list it, with 4 bytes for
/// each name beside its own.
final class DirectoryNames: Sendable {
    /// The names, each with a NUL behind it, in the order in which they were read.
    private let text: [UInt8]
    /// Where in the text each name begins, in order; with `linkMark` where the name can be that of a symbolic link.
    private let starts: [UInt32]
    /// How many of the names, at the front, are directories'.
    let directoryCount: Int
    private let share: Allowance.Share?
    private let arrangements = Mutex<[DirectoryArrangement]>([])

    /// A directory with more is not listed.
    static let countLimit = 1_000_000
    /// Nor one whose names have more bytes than this.
    private static let byteLimit = 32 * 1024 * 1024
    fileprivate static let linkMark: UInt32 = 1 << 31

    /// What reading a directory came to.
    enum Reading {
        case names(DirectoryNames)
        /// There are more than the limit.
        case tooMany
        /// There is no memory for them now.
        case noMemory
    }

    /// Reads a directory.
    ///
    /// - Parameter memory: where what they take is counted; nil for few names.
    static func read(
        _ directory: OpenFile, showsHidden: Bool, atMost limit: Int = countLimit, memory: Allowance? = nil
    ) throws(SystemError) -> Reading {
        var text: [UInt8] = []
        var keys: [Key] = []
        var isComplete = true
        try directory.descriptor.forEachName { name, kind in
            guard kind != .other, showsHidden || name[0] != ASCII.dot else { return true }
            guard keys.count < limit, text.count + name.count <= byteLimit else {
                isComplete = false
                return false
            }
            let isDirectory =
                switch kind {
                case .directory: true
                case .regular, .other: false
                case .unknown: directory.descriptor.status(ofEntry: name)?.kind == .directory
                }
            keys.append(Key(name, start: text.count, isDirectory: isDirectory, mayBeLink: kind == .unknown))
            text.append(copying: name)
            return true
        }
        guard isComplete else { return .tooMany }
        let share = memory?.take(text.count + keys.count * MemoryLayout<UInt32>.size)
        guard share != nil || memory == nil else { return .noMemory }
        keys.sort { $0.precedes($1, in: text) }
        return .names(DirectoryNames(text, keys, share))
    }

    /// - Parameter keys: of the names, in order.
    private init(_ text: [UInt8], _ keys: [Key], _ share: Allowance.Share?) {
        self.text = text
        starts = keys.map { $0.mayBeLink ? $0.start | Self.linkMark : $0.start }
        directoryCount = keys.count(where: \.isDirectory)
        self.share = share
    }

    var count: Int { starts.count }

    /// What it takes, in bytes.
    var byteCount: Int { text.count + starts.count * MemoryLayout<UInt32>.size }

    /// The entry with this number as it is now; nil where it has gone.
    func entry(_ index: Int, of directory: OpenFile) -> DirectoryEntry? {
        guard let status = status(index, of: directory) else { return nil }
        return DirectoryEntry(
            name: [UInt8](text[terminatedName(index).dropLast()]), status: status,
            mayBeLink: starts[index] & Self.linkMark != 0)
    }

    /// The status of the entry with this number as it is now; nil where it has gone.
    func status(_ index: Int, of directory: OpenFile) -> FileStatus? {
        let text = text
        return directory.descriptor.status(ofEntry: text.span.extracting(terminatedName(index)))
    }

    private func terminatedName(_ index: Int) -> Range<Int> {
        let start = Int(starts[index] & ~Self.linkMark)
        let text = text
        let end = text.span.firstIndex(of: 0, from: start) ?? text.count - 1
        return start..<end + 1
    }

    /// The entries' order by size or time, as it was at most a second before `now`; nil where there is no memory for it.
    func arrangement(
        by key: ListingOrder.Key, of directory: OpenFile, memory: Allowance?, now: MonotonicTime
    ) -> DirectoryArrangement? {
        let known = arrangements.withLock { arrangements in
            arrangements.removeAll { $0.freshUntil <= now }
            return arrangements.first { $0.key == key }
        }
        if let known { return known }
        guard let made = DirectoryArrangement(of: self, by: key, in: directory, memory: memory, now: now) else {
            return nil
        }
        arrangements.withLock { arrangements in
            arrangements.removeAll { $0.key == key }
            arrangements.append(made)
        }
        return made
    }
}

/// What a name is sorted by.
private struct Key {
    /// The name's first eight bytes as one number, which decides most comparisons.
    private let prefix: UInt64
    let start: UInt32
    let isDirectory: Bool
    let mayBeLink: Bool

    init(_ terminatedName: Span<UInt8>, start: Int, isDirectory: Bool, mayBeLink: Bool) {
        var prefix: UInt64 = 0
        for index in 0..<8 {
            prefix = prefix << 8 | (index < terminatedName.count ? UInt64(terminatedName[index]) : 0)
        }
        self.prefix = prefix
        self.start = UInt32(truncatingIfNeeded: start)
        self.isDirectory = isDirectory
        self.mayBeLink = mayBeLink
    }

    func precedes(_ other: Key, in text: [UInt8]) -> Bool {
        if isDirectory != other.isDirectory { return isDirectory }
        if prefix != other.prefix { return prefix < other.prefix }
        // A name shorter than that is the whole of its prefix, and no other name has the same.
        guard prefix & 0xFF != 0 else { return false }
        var mine = Int(start) + 8
        var theirs = Int(other.start) + 8
        while text[mine] == text[theirs], text[mine] != 0 {
            mine += 1
            theirs += 1
        }
        return text[mine] < text[theirs]
    }
}
