import MartinetBytes

/// What a script writes to its standard error, line by line and bounded.
struct ScriptMessages {
    /// Lines and bytes that are passed on for one request: enough for any stack trace.
    static let lineLimit = 200
    private static let byteLimit = 64 * 1024
    /// A longer line is cut in pieces.
    private static let lineByteLimit = 2000

    private var line: [UInt8] = []
    private var lineCount = 0
    private var byteCount = 0
    /// There is no more to be passed on: what is read from now on is dropped.
    private(set) var isOver = false

    /// Takes what was read, and hands each complete line to `write`.
    mutating func take(_ bytes: Span<UInt8>, _ write: (String) -> Void) {
        for index in 0..<bytes.count where !isOver {
            guard byteCount < Self.byteLimit else { return drop(write) }
            byteCount += 1
            let byte = bytes[index]
            if byte != ASCII.lineFeed { line.append(byte) }
            if byte == ASCII.lineFeed || line.count == Self.lineByteLimit { finish(write) }
        }
    }

    /// Hands on a last line that has no end.
    mutating func finish(_ write: (String) -> Void) {
        guard !line.isEmpty, !isOver else { return }
        guard lineCount < Self.lineLimit else { return drop(write) }
        write(String(decoding: line, as: UTF8.self))
        lineCount += 1
        line.removeAll(keepingCapacity: true)
    }

    private mutating func drop(_ write: (String) -> Void) {
        isOver = true
        line = []
        write("(more than \(lineCount) lines of messages: the rest is dropped)")
    }
}
