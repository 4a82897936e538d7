import MartinetBytes
import MartinetHTTP

/// The header that a script writes before its content (RFC 3875 §6).
struct ScriptHeader: Equatable {
    /// What is wrong with a header: one sentence, with the line if it is a line's fault.
    struct Mistake: Error, Equatable {
        let text: String

        init(_ text: String, line: Span<UInt8>? = nil) {
            var text = text
            if let line {
                text += ": \""
                for index in 0..<min(line.count, 200) {
                    let byte = line[index]
                    text += byte >= 0x20 && byte < 0x7F ? String(UnicodeScalar(byte)) : "\\x" + Self.hexadecimal(byte)
                }
                text += line.count > 200 ? "…\"" : "\""
            }
            self.text = text
        }

        private static func hexadecimal(_ byte: UInt8) -> String {
            var digits: [UInt8] = []
            digits.append(hexadecimal: UInt64(byte), digitCount: 2)
            return String(decoding: digits, as: UTF8.self)
        }
    }

    private(set) var status: StatusCode?
    private(set) var location: [UInt8]?
    private(set) var contentLength: Int?
    private(set) var hasContentType = false
    /// What goes to the client as it is: everything but Status, Content-Length and what is the connection's.
    private(set) var fields = Fields()

    /// A longer header is refused: twice what the fields of a request may have.
    static let byteLimit = 64 * 1024

    /// Reads a header if it is complete.
    ///
    /// - Parameter lineStart: where the first line begins that no earlier call saw the end of; 0 at first.
    /// - Returns: the header and how many bytes it has with its empty line; nil when there is no empty line yet.
    static func parse(
        _ bytes: Span<UInt8>, from lineStart: inout Int
    ) throws(Mistake) -> (header: ScriptHeader, byteCount: Int)? {
        guard let end = try end(of: bytes, from: &lineStart) else { return nil }
        var header = ScriptHeader()
        var start = 0
        while start < end {
            let lineEnd = bytes.firstIndex(of: ASCII.lineFeed, from: start) ?? end
            let isTerminated = lineEnd > start && bytes[lineEnd - 1] == ASCII.carriageReturn
            let line = bytes.extracting(start..<(isTerminated ? lineEnd - 1 : lineEnd))
            if !line.isEmpty { try header.read(line) }
            start = lineEnd + 1
        }
        guard header.status != nil || header.location != nil || header.hasContentType else {
            throw Mistake("its header has none of Content-Type, Location and Status")
        }
        return (header, end)
    }

    /// Where the content begins: behind the first empty line, whichever line ends the script writes; nil while there is
    /// none.
    static func end(of bytes: Span<UInt8>, from lineStart: inout Int) throws(Mistake) -> Int? {
        while let lineEnd = bytes.firstIndex(of: ASCII.lineFeed, from: lineStart) {
            let isEmpty =
                lineEnd == lineStart || lineEnd == lineStart + 1 && bytes[lineStart] == ASCII.carriageReturn
            lineStart = lineEnd + 1
            guard isEmpty else { continue }
            guard lineStart <= byteLimit else { throw Mistake("its header is longer than \(byteLimit) bytes") }
            return lineStart
        }
        guard bytes.count < byteLimit else { throw Mistake("its header has no end within \(byteLimit) bytes") }
        return nil
    }

    private mutating func read(_ line: Span<UInt8>) throws(Mistake) {
        guard let colon = line.firstIndex(of: ASCII.colon), colon > 0 else {
            let hint = line.hasPrefix("HTTP/") ? " (only scripts named nph-… write a status line)" : ""
            throw Mistake("a line of its header is no field\(hint)", line: line)
        }
        for index in 0..<colon where !ASCII.isTokenCharacter(line[index]) {
            throw Mistake("a field of its header has no proper name", line: line)
        }
        guard line.firstIndexOfControl(in: colon + 1..<line.count) == nil else {
            throw Mistake("a field of its header holds a control character", line: line)
        }
        let name = [UInt8](copying: line.extracting(0..<colon))
        let value = [UInt8](copying: line.extracting(line.trimmed(colon + 1..<line.count)))
        switch String(decoding: name.map(ASCII.lowercased), as: UTF8.self) {
        case "status":
            guard status == nil else { throw Mistake("its header has Status twice", line: line) }
            status = try Self.status(value, line)
        case "location":
            guard location == nil else { throw Mistake("its header has Location twice", line: line) }
            guard !value.isEmpty else { throw Mistake("its Location is empty", line: line) }
            location = value
        case "content-length":
            guard contentLength == nil else { throw Mistake("its header has Content-Length twice", line: line) }
            contentLength = try Self.length(value, line)
        case "content-type":
            guard !hasContentType else { throw Mistake("its header has Content-Type twice", line: line) }
            hasContentType = true
            fields.append(name: name, value)
        case "transfer-encoding":
            throw Mistake("it sets Transfer-Encoding, which is the server's to do", line: line)
        case "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "date":
            // The connection's, not the script's.
            break
        default:
            fields.append(name: name, value)
        }
    }

    /// `404 Not Found`: a final status, and words that are not passed on.
    private static func status(_ value: [UInt8], _ line: Span<UInt8>) throws(Mistake) -> StatusCode {
        let digits = value.prefix { $0 != ASCII.space }
        guard digits.count == 3, digits.allSatisfy(ASCII.isDigit) else {
            throw Mistake("its Status is no three digits", line: line)
        }
        let code = digits.reduce(0) { $0 * 10 + Int($1 - ASCII.zero) }
        guard (200...599).contains(code) else { throw Mistake("its Status is not between 200 and 599", line: line) }
        return StatusCode(rawValue: code)
    }

    private static func length(_ value: [UInt8], _ line: Span<UInt8>) throws(Mistake) -> Int {
        // Fewer than 2^63 in any case.
        guard (1...18).contains(value.count), value.allSatisfy(ASCII.isDigit) else {
            throw Mistake("its Content-Length is no number", line: line)
        }
        return value.reduce(0) { $0 * 10 + Int($1 - ASCII.zero) }
    }
}
