import MartinetBytes
import MartinetHTTP

/// The beginning of what a gateway's backend writes: its header as far as it has come, then content that came along with it.
struct GatewayHead {
    /// What a backend writes.
    enum Form: Sendable {
        /// A header in the words of CGI, then content (RFC 3875 §6).
        case header
        /// A whole HTTP/1.1 message (nph-, RFC 3875 §5).
        case message
    }

    /// What was read of it.
    enum Start {
        case header(ScriptHeader)
        /// A whole message follows, with this status; its first line is part of the content.
        case message(StatusCode)
    }

    private let form: Form
    private var written: [UInt8] = []
    /// Where the first line begins that has no end yet.
    private var lineStart = 0
    /// How much of `written` is used up.
    private var usedByteCount = 0
    /// Whether all of it has been read.
    private(set) var isComplete = false

    init(_ form: Form) {
        self.form = form
    }

    /// Whether nothing has come.
    var isEmpty: Bool { written.isEmpty }

    /// Takes more of what was written.
    ///
    /// - Returns: what it begins with, once that is complete; it is bounded, and nothing is to be appended after that.
    mutating func append(_ bytes: Span<UInt8>) throws(ScriptHeader.Mistake) -> Start? {
        written.append(bytes)
        let start = try parse()
        isComplete = start != nil
        return start
    }

    private mutating func parse() throws(ScriptHeader.Mistake) -> Start? {
        let bytes = written
        switch form {
        case .message:
            guard let status = try VerbatimHead.status(of: bytes.span),
                try ScriptHeader.end(of: bytes.span, from: &lineStart) != nil
            else { return nil }
            return .message(status)
        case .header:
            guard let found = try ScriptHeader.parse(bytes.span, from: &lineStart) else { return nil }
            usedByteCount = found.byteCount
            return .header(found.header)
        }
    }

    /// Writes content that came along with it to the start of `room`.
    ///
    /// - Returns: how many bytes; nil when there is no more of it.
    mutating func takeContent(_ room: inout MutableSpan<UInt8>) -> Int? {
        guard usedByteCount < written.count else {
            // The header alone, where nothing came along with it.
            if !written.isEmpty { (written, usedByteCount) = ([], 0) }
            return nil
        }
        let count = min(room.count, written.count - usedByteCount)
        room.copy(from: written.span.extracting(usedByteCount..<usedByteCount + count), at: 0)
        usedByteCount += count
        if usedByteCount == written.count {
            written = []
            usedByteCount = 0
        }
        return count
    }
}
