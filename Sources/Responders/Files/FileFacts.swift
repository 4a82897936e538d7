import MartinetBytes
import MartinetCrypto
import MartinetEvents
import MartinetPOSIX

/// What a file's content, as far as it was read, says of the file.
struct FileFacts: Sendable {
    /// What tells this content from any other the file has had or will have: the middle of its entity tags.
    let tag: [UInt8]
    let text: TextFacts

    /// Of a file that was read whole: servers with the same files agree.
    init(content: [UInt8], of status: FileStatus) {
        tag = Self.hexadecimal(Digest.sha256(content)) ?? Self.tag(of: status, nonce: 0)
        text = TextFacts(content.span, isWhole: true)
    }

    /// Of a file of which only the beginning was read, or nothing: the times alone can be set by everybody (`cp -p`, `touch`),
    /// the inode and the time of the last change of anything cannot.
    ///
    /// - Parameter isExact: whether any later change will show in the status. Where it may not, the tag is like no other, so
    ///   that nothing ever matches it.
    init(prefix: [UInt8], of status: FileStatus, isExact: Bool) {
        tag = Self.tag(of: status, nonce: isExact ? 0 : .random(in: 1 ... .max))
        text = TextFacts(prefix.span, isWhole: prefix.count == status.byteCount)
    }

    private static func tag(of status: FileStatus, nonce: UInt64) -> [UInt8] {
        let numbers = [
            status.byteCount, status.modificationTime.seconds, status.modificationTime.nanoseconds,
            Int(bitPattern: status.identity.inode), status.changeTime.seconds, status.changeTime.nanoseconds,
            Int(truncatingIfNeeded: nonce),
        ]
        var bytes: [UInt8] = []
        for number in numbers { bytes.append(hexadecimal: UInt64(bitPattern: Int64(number)), digitCount: 16) }
        // Not as they are: they are nobody's business.
        return hexadecimal(Digest.sha256(bytes)) ?? bytes
    }

    /// Half of a digest's bytes, as two numbers; nil where there is none.
    private static func hexadecimal(_ digest: [UInt8]) -> [UInt8]? {
        guard digest.count == 32 else { return nil }
        var text: [UInt8] = []
        for (index, byte) in digest.prefix(16).enumerated() {
            if index == 8 { text.append(byte: UInt8(ascii: "-")) }
            text.append(hexadecimal: UInt64(byte), digitCount: 2)
        }
        return text
    }
}

/// A file, what its content says of it, and the content where it was read whole just now.
struct InspectedFile {
    let file: OpenFile
    let facts: FileFacts
    let content: [UInt8]?
    /// Whether what was read can be kept; see `FileStatus.isSettled(at:)`.
    let isSettled: Bool
}

/// Reads what has to be known of files before they are sent, and keeps it for as long as they are the same.
struct FileInspector {
    private var known: [FileStatus: FileFacts] = [:]
    private static let countLimit = 1024
    /// How much of a large text is looked at.
    private static let prefixByteCount = 64 * 1024

    /// - Parameters:
    ///   - isText: whether the beginning of a large file is to be looked at.
    ///   - now: the time of day.
    mutating func inspect(
        _ file: OpenFile, isText: Bool, now: WallTime
    ) throws(FileRefusal) -> InspectedFile {
        if let facts = known[file.status] {
            return InspectedFile(file: file, facts: facts, content: nil, isSettled: true)
        }
        let isSettled = file.status.isSettled(at: now)
        let isSmall = file.status.byteCount <= FileCache.fileByteLimit
        guard isSmall || isText else {
            return InspectedFile(file: file, facts: facts(file, prefix: [], now), content: nil, isSettled: isSettled)
        }
        do throws(SystemError) {
            let content = isSmall ? try file.readWhole() : nil
            let facts =
                if let content {
                    FileFacts(content: content, of: file.status)
                } else {
                    // A small file comes here that changed while it was read.
                    facts(file, prefix: try file.readPrefix(Self.prefixByteCount), isChanging: isSmall, now)
                }
            if isSettled, content != nil || !isSmall { keep(facts, of: file.status) }
            return InspectedFile(file: file, facts: facts, content: content, isSettled: isSettled)
        } catch {
            throw FileRefusal(error)
        }
    }

    private func facts(
        _ file: OpenFile, prefix: [UInt8], isChanging: Bool = false, _ now: WallTime
    ) -> FileFacts {
        FileFacts(prefix: prefix, of: file.status, isExact: !isChanging && file.status.isChangeVisible(at: now))
    }

    private mutating func keep(_ facts: FileFacts, of status: FileStatus) {
        if known.count >= Self.countLimit { known.removeAll(keepingCapacity: true) }
        known[status] = facts
    }
}
