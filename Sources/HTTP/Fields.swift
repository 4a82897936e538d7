import Bytes

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

    package mutating func append(_ name: StaticString, _ value: Int) {
        bytes.append(name)
        bytes.append(": ")
        bytes.append(decimal: value)
        bytes.append("\r\n")
    }
}
