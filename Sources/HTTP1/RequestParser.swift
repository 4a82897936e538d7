import MartinetBytes
package import MartinetHTTP

/// Reads a request's head (RFC 9112 §2-3, §5), strictly: what can be read in two ways is refused.
package enum RequestParser {
    /// Reads a complete head, up to and with its empty line, into `request`.
    ///
    /// - Parameter head: the bytes from the request line to the empty line, as `HeadScanner` found them.
    /// - Throws: `MessageError` with the status to answer.
    package static func parse(_ head: Span<UInt8>, into request: inout Request) throws(MessageError) {
        request.reset(head)
        var lineEnd = endOfLine(head, from: 0)
        try parseRequestLine(head, lineEnd, &request)
        while true {
            let lineStart = lineEnd + 2
            lineEnd = endOfLine(head, from: lineStart)
            if lineEnd == lineStart { break }
            request.append(try parseFieldLine(head, lineStart..<lineEnd))
        }
        try checkHost(head, &request)
        request.content = try contentFraming(head, request)
        // It counts only where Connection names it, and not in HTTP/1.0 (RFC 9110 §7.8).
        if request.has(.upgrade), !request.isHTTP10 {
            request.mayUpgrade = request.listsToken("upgrade", in: .connection)
        }
    }

    /// Where the CR LF that ends the line stands; the scanner made sure that there is one.
    private static func endOfLine(_ head: Span<UInt8>, from start: Int) -> Int {
        (head.firstIndex(of: ASCII.lineFeed, from: start) ?? start + 1) - 1
    }

    // MARK: The request line (RFC 9112 §3)

    private static func parseRequestLine(
        _ head: Span<UInt8>, _ end: Int, _ request: inout Request
    ) throws(MessageError) {
        var position = 0
        while position < end, ASCII.isTokenCharacter(head[position]) { position += 1 }
        guard position > 0, position < end, head[position] == ASCII.space else {
            throw .bad("The request line does not begin with a method and a space.")
        }
        request.methodName = 0..<position
        request.method = Method(head.extracting(0..<position))

        let targetStart = position + 1
        position = targetStart
        while position < end, head[position] > ASCII.space, head[position] < 0x7F { position += 1 }
        guard position > targetStart, position < end, head[position] == ASCII.space else {
            throw .bad("The request target is empty or holds characters that must be percent-encoded.")
        }
        request.target = targetStart..<position
        try parseVersion(head, position + 1..<end, &request)
        try parseTarget(head, &request)
    }

    private static func parseVersion(
        _ head: Span<UInt8>, _ range: Range<Int>, _ request: inout Request
    ) throws(MessageError) {
        let version = head.extracting(range)
        guard version.count == 8, version.hasPrefix("HTTP/"), ASCII.isDigit(version[5]), version[6] == ASCII.dot,
            ASCII.isDigit(version[7])
        else { throw .bad("The request line does not end with a version such as HTTP/1.1.") }
        guard version[5] == UInt8(ascii: "1") else {
            throw MessageError(.versionNotSupported, "This connection speaks HTTP/1.1 and HTTP/1.0.")
        }
        // A later minor version is read as the one that is known (RFC 9110 §2.5).
        request.version = version[7] == ASCII.zero ? .http10 : .http11
    }

    private static func parseTarget(_ head: Span<UInt8>, _ request: inout Request) throws(MessageError) {
        let target = request.target
        if request.method == .connect {
            request.setPath(target)
        } else if head[target.lowerBound] == ASCII.slash {
            try splitPath(head, target, &request)
        } else if target.count == 1, head[target.lowerBound] == UInt8(ascii: "*") {
            guard request.method == .options else { throw .bad("The target * is for OPTIONS alone.") }
        } else {
            try parseAbsoluteForm(head, target, &request)
        }
    }

    /// `https://host:port/path?query` (RFC 9112 §3.2.2).
    private static func parseAbsoluteForm(
        _ head: Span<UInt8>, _ target: Range<Int>, _ request: inout Request
    ) throws(MessageError) {
        let text = head.extracting(target)
        let schemeCount = text.firstIndex(of: ASCII.colon) ?? 0
        let scheme = text.extracting(0..<schemeCount)
        guard scheme.isEqualIgnoringCase(to: "https") || scheme.isEqualIgnoringCase(to: "http"),
            text.count > schemeCount + 3, text[schemeCount + 1] == ASCII.slash, text[schemeCount + 2] == ASCII.slash
        else { throw .bad("The request target is neither a path nor an http or https URI.") }
        let start = target.lowerBound + schemeCount + 3
        var end = start
        while end < target.upperBound, head[end] != ASCII.slash, head[end] != ASCII.question { end += 1 }
        guard HostField.isValid(head.extracting(start..<end)) else {
            throw .bad("The request target's host is not valid.")
        }
        request.authority = start..<end
        try splitPath(head, end..<target.upperBound, &request)
    }

    private static func splitPath(
        _ head: Span<UInt8>, _ range: Range<Int>, _ request: inout Request
    ) throws(MessageError) {
        var question: Int?
        // Letters, of which most targets are made, come behind both.
        for index in range where head[index] <= ASCII.question {
            switch head[index] {
            case UInt8(ascii: "#"):
                throw .bad("The request target holds a fragment, which is not sent to servers.")
            case ASCII.question where question == nil:
                question = index
            default: break
            }
        }
        request.setPath(range.lowerBound..<(question ?? range.upperBound))
        request.query = question.map { $0 + 1..<range.upperBound }
    }

    // MARK: Field lines (RFC 9112 §5)

    private static func parseFieldLine(
        _ head: Span<UInt8>, _ line: Range<Int>
    ) throws(MessageError) -> Request.FieldLine {
        var position = line.lowerBound
        while position < line.upperBound, ASCII.isTokenCharacter(head[position]) { position += 1 }
        guard position < line.upperBound, head[position] == ASCII.colon, position > line.lowerBound else {
            throw .bad(
                head[line.lowerBound] == ASCII.space || head[line.lowerBound] == ASCII.tab
                    ? "A header line begins with white space (line folding is obsolete)."
                    : "A header line has no valid name directly before its colon.")
        }
        let name = line.lowerBound..<position
        let value = head.trimmed(position + 1..<line.upperBound)
        // Visible characters, space, tab and obs-text (RFC 9110 §5.5).
        guard head.firstIndexOfControl(in: value) == nil else {
            throw .bad("A header field's value holds a control character.")
        }
        return Request.FieldLine(name: name, value: value, known: FieldName(head.extracting(name)))
    }

    // MARK: What the fields mean for the connection

    /// Host is required, single and valid (RFC 9112 §3.2); an absolute target's authority takes its place.
    private static func checkHost(_ head: Span<UInt8>, _ request: inout Request) throws(MessageError) {
        guard let host = request.value(of: .host) else {
            guard request.isHTTP10 else { throw .bad("The request has no Host field.") }
            return
        }
        guard request.count(of: .host) == 1 else { throw .bad("The request has more than one Host field.") }
        guard HostField.isValid(head.extracting(host)) else { throw .bad("The Host field is not a valid host.") }
        if request.authority.isEmpty { request.authority = host }
    }

    /// How the request's content is delimited (RFC 9112 §6).
    private static func contentFraming(
        _ head: Span<UInt8>, _ request: borrowing Request
    ) throws(MessageError) -> Request.Content {
        if let coding = request.value(of: .transferEncoding) {
            guard !request.isHTTP10 else { throw .bad("Transfer-Encoding has no meaning in HTTP/1.0.") }
            guard !request.has(.contentLength) else {
                throw .bad("The request has both Content-Length and Transfer-Encoding.")
            }
            guard request.count(of: .transferEncoding) == 1 else {
                throw .bad("The request has more than one Transfer-Encoding field.")
            }
            guard head.extracting(coding).isEqualIgnoringCase(to: "chunked") else {
                throw refusedCoding(head.extracting(coding))
            }
            return .unknownLength
        }
        guard let length = request.value(of: .contentLength) else { return .none }
        guard request.count(of: .contentLength) == 1, let count = head.extracting(length).decimalValue else {
            throw .bad("Content-Length is not a single decimal number.")
        }
        return count == 0 ? .none : .length(count)
    }

    /// A coding before a final `chunked` is one that is not implemented (501); everything else has no known end (400).
    private static func refusedCoding(_ value: Span<UInt8>) -> MessageError {
        var start = 0
        while true {
            let end = ListParser.elementEnd(value, from: start, to: value.count)
            let coding = value.extracting(value.trimmed(start..<end))
            let isChunked = coding.isEqualIgnoringCase(to: "chunked"), isFirst = start == 0, isLast = end == value.count
            guard !coding.isEmpty, isChunked == isLast, !(isFirst && isLast) else {
                return .bad("Transfer-Encoding is not a single chunked.")
            }
            if isLast { break }
            start = end + 1
        }
        return MessageError(.notImplemented, "The only transfer coding understood here is chunked.")
    }
}
