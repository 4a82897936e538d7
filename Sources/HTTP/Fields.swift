import MartinetBytes

/// A response's field lines (RFC 9110 §5), kept as they go on an HTTP/1.1 wire: `Name: value CRLF`, one after the other.
package struct Fields: Equatable, Sendable {
    /// The lines, ready to be sent.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { bytes.isEmpty }

    package mutating func append(_ name: StaticString, _ value: StaticString) {
        bytes.append(name)
        bytes.append(": ")
        bytes.append(value)
        bytes.append("\r\n")
    }

    /// Appends a line whose value is made at run time. What may not stand in a value becomes a space, so that no value,
    /// wherever it came from, can begin a line of its own.
    package mutating func append(_ name: StaticString, _ value: [UInt8]) {
        bytes.append(name)
        bytes.append(": ")
        for byte in value { bytes.append(byte < 0x20 && byte != ASCII.tab || byte == 0x7F ? ASCII.space : byte) }
        bytes.append("\r\n")
    }

    /// Appends a line whose name, too, is made at run time; it is the caller's to make sure that the name is a token.
    package mutating func append(name: [UInt8], _ value: [UInt8]) {
        bytes += name
        bytes.append(": ")
        for byte in value { bytes.append(byte < 0x20 && byte != ASCII.tab || byte == 0x7F ? ASCII.space : byte) }
        bytes.append("\r\n")
    }

    /// Appends a line, and drops those before it that have the same name.
    package mutating func replace(_ name: StaticString, _ value: [UInt8]) {
        remove([UInt8](copying: name.utf8Span))
        append(name, value)
    }

    /// Drops every line with this name, whatever its case.
    package mutating func remove(_ name: [UInt8]) {
        var kept: [UInt8] = []
        for line in lines where !Self.has(line, name) { kept += line }
        bytes = kept
    }

    /// Whether there is a line with this name, whatever its case.
    package func contains(_ name: StaticString) -> Bool {
        let name = [UInt8](copying: name.utf8Span)
        return lines.contains { Self.has($0, name) }
    }

    /// The lines, each with its end.
    private var lines: [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        while start < bytes.count {
            let end = (bytes.span.firstIndex(of: ASCII.lineFeed, from: start) ?? bytes.count - 1) + 1
            lines.append(bytes[start..<end])
            start = end
        }
        return lines
    }

    private static func has(_ line: ArraySlice<UInt8>, _ name: [UInt8]) -> Bool {
        let found = line.prefix { $0 != ASCII.colon }
        return found.elementsEqual(name) { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }

    package mutating func append(_ name: StaticString, _ value: Int) {
        bytes.append(name)
        bytes.append(": ")
        bytes.append(decimal: value)
        bytes.append("\r\n")
    }
}
