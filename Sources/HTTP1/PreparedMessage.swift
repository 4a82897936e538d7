import MartinetBytes
import MartinetHTTP

/// A whole response as HTTP/1.1 writes it, so that sending it again is one copy, or a few of its parts where something is to
/// be said of the connection or only the head is asked for.
final class PreparedMessage {
    /// Head and content. The head says nothing of the connection.
    let bytes: [UInt8]
    let status: StatusCode
    /// Where in the bytes the date stands, which is renewed each time.
    let dateOffset: Int
    /// Where the content begins, behind the empty line.
    let contentOffset: Int

    init(bytes: [UInt8], status: StatusCode, dateOffset: Int, contentOffset: Int) {
        self.bytes = bytes
        self.status = status
        self.dateOffset = dateOffset
        self.contentOffset = contentOffset
    }

    var contentByteCount: Int { bytes.count - contentOffset }

    /// Writes the message.
    ///
    /// - Parameters:
    ///   - persistence: the line that says what becomes of the connection; nil to say nothing.
    ///   - hasContent: whether the content, if there is any, is sent.
    func write(date: [UInt8], persistence: StaticString?, hasContent: Bool, to output: inout ByteQueue) {
        let start = output.count
        if hasContent, persistence == nil {
            output.append(bytes)
        } else {
            writeParts(persistence, hasContent, &output)
        }
        output.overwrite(at: start + dateOffset, with: date)
    }

    private func writeParts(_ persistence: StaticString?, _ hasContent: Bool, _ output: inout ByteQueue) {
        // A local, since spans of a class's property cannot be passed on.
        let bytes = bytes
        let end = hasContent ? bytes.count : contentOffset
        guard let persistence else { return output.append(bytes.span.extracting(0..<end)) }
        let fieldsEnd = contentOffset - 2
        output.append(bytes.span.extracting(0..<fieldsEnd))
        output.append(persistence)
        output.append(bytes.span.extracting(fieldsEnd..<end))
    }
}
