import Bytes

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
        guard !isOver else { return }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte != ASCII.lineFeed { line.append(byte) }
            if byte == ASCII.lineFeed || line.count == Self.lineByteLimit { finish(write) }
            if isOver { return }
        }
    }

    /// Hands on a last line that has no end.
    mutating func finish(_ write: (String) -> Void) {
        guard !line.isEmpty, !isOver else { return }
        guard lineCount < Self.lineLimit, byteCount < Self.byteLimit else {
            isOver = true
            write("(more than \(lineCount) lines of messages: the rest is dropped)")
            return
        }
        write(String(decoding: line, as: UTF8.self))
        lineCount += 1
        byteCount += line.count
        line.removeAll(keepingCapacity: true)
    }
}
