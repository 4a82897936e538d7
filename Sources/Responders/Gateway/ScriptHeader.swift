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
                var shown: [UInt8] = []
                for index in 0..<min(line.count, 200) {
                    let byte = line[index]
                    if byte >= 0x20 && byte < 0x7F { shown.append(byte) } else { shown.append(escape: byte) }
                }
                text += String(decoding: shown, as: UTF8.self) + (line.count > 200 ? "…\"" : "\"")
            }
            self.text = text
        }
    }

    private(set) var status: StatusCode?
    /// Percent-encoded where the script has not done so.
    private(set) var location: [UInt8]?
    private(set) var contentLength: Int?
    /// The last of several: a library writes one first, and the script its own behind it.
    private(set) var contentType: [UInt8]?
    /// What goes to the client as it is: everything but Status, Location, Content-Length and what is the connection's.
    private(set) var fields = Fields()
    /// What was left out because it is no field, in words for the log; nil where nothing was.
    var omission: String? {
        guard !omissions.isEmpty else { return nil }
        let more = omissionCount - omissions.count
        return omissions.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
    }

    private var omissions: [String] = []
    private var omissionCount = 0

    /// A longer header is refused: twice what the fields of a request may have.
    static let byteLimit = 64 * 1024
    /// How many lines that were left out are quoted.
    private static let omissionLimit = 3

    /// Reads a header if it is complete. A line that is no field costs that line, not the answer: debuggers and libraries
    /// write their own before the script's.
    ///
    /// - Parameter lineStart: where the first line begins that no earlier call saw the end of; 0 at first.
    /// - Returns: the header and how many bytes it has with its empty line; nil when there is no empty line yet.
    static func parse(
        _ bytes: Span<UInt8>, from lineStart: inout Int
    ) throws(Mistake) -> (header: ScriptHeader, byteCount: Int)? {
        guard let end = try end(of: bytes, from: &lineStart) else { return nil }
        var header = ScriptHeader()
        var statusOfLine: StatusCode?
        var start = 0
        while start < end {
            let line = unfoldedLine(bytes, &start, end)
            if line.isEmpty { continue }
            if line.span.hasPrefix("HTTP/"), let code = statusLine(line.span), header.isUntouched {
                statusOfLine = try final(code, line.span)
            } else {
                try header.read(line.span)
            }
        }
        // The field is CGI's own word, which a library has set behind the line that the script wrote.
        header.status = header.status ?? statusOfLine
        if let type = header.contentType { header.fields.append("Content-Type", type) }
        guard header.status != nil || header.location != nil || header.contentType != nil else {
            let omission = header.omission.map { ": \($0)" } ?? ""
            throw Mistake("its header has none of Content-Type, Location and Status\(omission)")
        }
        return (header, end)
    }

    /// Whether nothing has been read yet.
    private var isUntouched: Bool { self == ScriptHeader() }

    /// A line without its end, and those behind it that begin with white space: each is what its field goes on with, behind
    /// one space (obs-fold, RFC 9112 §5.2).
    private static func unfoldedLine(_ bytes: Span<UInt8>, _ start: inout Int, _ end: Int) -> [UInt8] {
        var line: [UInt8] = []
        repeat {
            let lineEnd = bytes.firstIndex(of: ASCII.lineFeed, from: start) ?? end
            let hasReturn = lineEnd > start && bytes[lineEnd - 1] == ASCII.carriageReturn
            let piece = bytes.extracting(start..<(hasReturn ? lineEnd - 1 : lineEnd))
            if line.isEmpty {
                line.append(copying: piece)
            } else {
                let rest = piece.extracting(piece.trimmed(0..<piece.count))
                if !rest.isEmpty { line.append(ASCII.space) }
                line.append(copying: rest)
            }
            start = lineEnd + 1
        } while !line.isEmpty && start < end && (bytes[start] == ASCII.space || bytes[start] == ASCII.tab)
        return line
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
            return omit("a line of its header is no field", line)
        }
        for index in 0..<colon where !ASCII.isTokenCharacter(line[index]) {
            return omit("a field of its header has no proper name", line)
        }
        guard line.firstIndexOfControl(in: colon + 1..<line.count) == nil else {
            return omit("a field of its header holds a control character", line)
        }
        let name = [UInt8](copying: line.extracting(0..<colon))
        let value = [UInt8](copying: line.extracting(line.trimmed(colon + 1..<line.count)))
        let lowercased = name.map(ASCII.lowercased)
        switch String(decoding: lowercased, as: UTF8.self) {
        case "status":
            status = try Self.same(status, Self.status(value, line), "Status", line)
        case "location":
            guard !value.isEmpty else { throw Mistake("its Location is empty", line: line) }
            location = try Self.same(location, Self.encoded(value), "Location", line)
        case "content-length":
            contentLength = try Self.same(contentLength, Self.length(value, line), "Content-Length", line)
        case "content-type":
            contentType = value
        case "transfer-encoding":
            throw Mistake("it sets Transfer-Encoding, which is the server's to do", line: line)
        case "date":
            // The connection's to add.
            break
        default:
            if !ConnectionFields.contains(lowercased) { fields.append(name: name, value) }
        }
    }

    private mutating func omit(_ what: String, _ line: Span<UInt8>) {
        omissionCount += 1
        if omissions.count < Self.omissionLimit { omissions.append(Mistake(what, line: line).text) }
    }

    /// A value that may be said twice, but not in two ways.
    private static func same<Value: Equatable>(
        _ old: Value?, _ new: Value, _ name: String, _ line: Span<UInt8>
    ) throws(Mistake) -> Value {
        guard old == nil || old == new else { throw Mistake("its header has \(name) twice", line: line) }
        return new
    }

    /// A reference as it may stand in a field: what is neither visible nor ASCII is percent-encoded (RFC 3986 §2.1).
    private static func encoded(_ reference: [UInt8]) -> [UInt8] {
        var encoded: [UInt8] = []
        for byte in reference {
            if byte > ASCII.space && byte < 0x7F {
                encoded.append(byte)
            } else {
                PercentEncoding.append(byte, to: &encoded)
            }
        }
        return encoded
    }

    /// The code of `HTTP/1.1 200 OK`, of whichever version; nil where the line is none.
    private static func statusLine(_ line: Span<UInt8>) -> Int? {
        guard let space = line.firstIndex(of: ASCII.space), space > 5, space < 10 else { return nil }
        for index in 5..<space where !ASCII.isDigit(line[index]) && line[index] != ASCII.dot { return nil }
        let end = line.firstIndex(of: ASCII.space, from: space + 1) ?? line.count
        return code([UInt8](copying: line.extracting(space + 1..<end)))
    }

    /// `404 Not Found`: a final status, and words that are not passed on.
    private static func status(_ value: [UInt8], _ line: Span<UInt8>) throws(Mistake) -> StatusCode {
        guard let code = code([UInt8](value.prefix { $0 != ASCII.space })) else {
            throw Mistake("its Status is no three digits", line: line)
        }
        return try final(code, line)
    }

    private static func code(_ digits: [UInt8]) -> Int? {
        guard digits.count == 3, digits.allSatisfy(ASCII.isDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - ASCII.zero) }
    }

    private static func final(_ code: Int, _ line: Span<UInt8>) throws(Mistake) -> StatusCode {
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
