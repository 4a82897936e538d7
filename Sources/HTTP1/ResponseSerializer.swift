package import MartinetBytes
package import MartinetHTTP

/// Writes responses as HTTP/1.1 messages (RFC 9112 §4, §6).
package enum ResponseSerializer {
    /// How a response's content is delimited.
    package enum Framing: Equatable, Sendable {
        /// There is no content, and the status says so.
        case none
        case length(Int)
        case chunked
        /// The end of the connection is the end of the content: for HTTP/1.0, and for messages that frame themselves.
        case close
    }

    /// The framing for content of a known or unknown length.
    package static func framing(_ response: borrowing Response, isHTTP10: Bool) -> Framing {
        if case .message = response.content { return .close }
        if response.status.forbidsContent { return .none }
        if response.status == .resetContent { return .length(0) }
        return switch response.content {
        case .none: .length(0)
        case .bytes(let bytes): .length(bytes.count)
        case .stream(let length?): .length(length)
        case .stream(nil): isHTTP10 ? .close : .chunked
        case .tunnel: .none
        case .message: .close
        }
    }

    /// Writes the head.
    ///
    /// - Parameters:
    ///   - date: the value of `Date`.
    ///   - persistence: what to say of the connection; nil to say nothing.
    package static func writeHead(
        _ response: borrowing Response, framing: Framing, date: [UInt8], persistence: StaticString?,
        to output: inout ByteQueue
    ) {
        writeStatusLine(response.status, to: &output)
        output.append(line: dateName.utf8Span, date.span)
        write(response.fields, to: &output)
        switch framing {
        case .none, .close: break
        case .length(let count):
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .chunked:
            output.append("Transfer-Encoding: chunked\r\n")
        }
        if let persistence { output.append(persistence) }
        output.append("\r\n")
    }

    /// Writes fields as lines: `Name: value CRLF`.
    private static func write(_ fields: borrowing Fields, to output: inout ByteQueue) {
        let bytes = fields.bytes.span
        var position = 0
        while let field = fields.field(at: position) {
            output.append(line: bytes.extracting(field.name), bytes.extracting(field.value))
            position = field.value.upperBound
        }
    }

    /// Makes the whole message of a response whose content is at hand.
    ///
    /// - Parameter date: the value of `Date`; of later ones the length must be the same.
    static func prepare(_ response: Response, date: [UInt8]) -> PreparedMessage {
        var content: [UInt8] = []
        if case .bytes(let bytes) = response.content { content = bytes }
        var queue = ByteQueue(capacity: 512 + response.fields.bytes.count + content.count)
        writeStatusLine(response.status, to: &queue)
        let dateOffset = queue.count + dateName.utf8CodeUnitCount + 2
        queue.removeAll()
        let framing = framing(response, isHTTP10: false)
        writeHead(response, framing: framing, date: date, persistence: nil, to: &queue)
        let contentOffset = queue.count
        if case .length(1...) = framing { queue.append(content) }
        return PreparedMessage(
            bytes: [UInt8](copying: queue.readable), status: response.status, dateOffset: dateOffset,
            contentOffset: contentOffset)
    }

    private static let dateName: StaticString = "Date"

    /// Writes an interim response (RFC 9110 §15.2).
    static func writeInterim(_ response: borrowing Response, to output: inout ByteQueue) {
        writeStatusLine(response.status, to: &output)
        write(response.fields, to: &output)
        output.append("\r\n")
    }

    /// Writes the last chunk and the fields behind it (RFC 9112 §7.1.2).
    static func writeEnd(_ trailers: borrowing Fields, to output: inout ByteQueue) {
        output.append("0\r\n")
        write(trailers, to: &output)
        output.append("\r\n")
    }

    /// The interim response that has the client send its content (RFC 9110 §10.1.1).
    package static let continueResponse: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    private static func writeStatusLine(_ status: StatusCode, to output: inout ByteQueue) {
        switch status {
        case .ok: output.append("HTTP/1.1 200 OK\r\n")
        case .notModified: output.append("HTTP/1.1 304 Not Modified\r\n")
        case .notFound: output.append("HTTP/1.1 404 Not Found\r\n")
        default:
            output.append("HTTP/1.1 ")
            output.append(decimal: status.rawValue, digitCount: 3)
            output.append(byte: ASCII.space)
            output.append(status.reasonPhrase)
            output.append("\r\n")
        }
    }
}
