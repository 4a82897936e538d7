import MartinetBytes
import MartinetHTTP

/// The beginning of a message that a script writes all by itself (nph-, RFC 3875 §5).
enum VerbatimHead {
    private static let lineByteLimit = 8 * 1024

    /// The status in the first line; nil while the line is incomplete.
    static func status(of bytes: Span<UInt8>) throws(ScriptHeader.Mistake) -> StatusCode? {
        guard let end = bytes.firstIndex(of: ASCII.lineFeed) else {
            guard bytes.count < lineByteLimit else {
                throw ScriptHeader.Mistake("its first line has no end within \(lineByteLimit) bytes")
            }
            return nil
        }
        let line = bytes.extracting(0..<end)
        guard line.count >= 12, line.hasPrefix("HTTP/1."), ASCII.isDigit(line[7]), line[8] == ASCII.space,
            (9...11).allSatisfy({ ASCII.isDigit(line[$0]) })
        else { throw ScriptHeader.Mistake("its first line is no status line (its name begins with nph-)", line: line) }
        let code = (9...11).reduce(0) { $0 * 10 + Int(line[$1] - ASCII.zero) }
        guard (200...599).contains(code) else {
            throw ScriptHeader.Mistake("the status in its first line is not between 200 and 599", line: line)
        }
        return StatusCode(rawValue: code)
    }
}
