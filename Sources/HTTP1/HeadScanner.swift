import Bytes
import HTTP

/// Looks for the end of a request's head as its bytes come, and never at the same byte twice.
///
/// It refuses what can be refused before the end is there: a head that is too large, and lines that end with a bare LF,
/// for which a strict reader would otherwise wait in vain.
struct HeadScanner {
    /// Where the search goes on.
    private var position = 0
    private var lineStart = 0
    private var lineCount = 0
    private var requestLineEnd = 0

    /// The number of bytes up to and with the empty line that ends the head; nil while it has not come.
    mutating func findEnd(_ input: Span<UInt8>) throws(MessageError) -> Int? {
        while let lineFeed = input.firstIndex(of: ASCII.lineFeed, from: position) {
            guard lineFeed > 0, input[lineFeed - 1] == ASCII.carriageReturn else {
                throw .bad("A line ends with a bare line feed instead of CR LF.")
            }
            let next = lineFeed + 1
            if lineFeed - 1 == lineStart, lineCount > 0 {
                try checkSize(next - 2)
                return next
            }
            if lineCount == 0 { requestLineEnd = next }
            lineCount += 1
            lineStart = next
            position = next
            try checkSize(next)
        }
        position = input.count
        try checkSize(input.count)
        return nil
    }

    private func checkSize(_ count: Int) throws(MessageError) {
        if lineCount == 0 || requestLineEnd > HeadLimits.requestLine {
            guard max(count, requestLineEnd) <= HeadLimits.requestLine else {
                throw MessageError(.uriTooLong, "The request line is longer than \(HeadLimits.requestLine) bytes.")
            }
        } else if count - requestLineEnd > HeadLimits.fieldBlock {
            throw MessageError(.fieldsTooLarge, "The header fields are larger than \(HeadLimits.fieldBlock) bytes.")
        } else if lineCount - 1 > HeadLimits.fieldCount {
            throw MessageError(.fieldsTooLarge, "There are more than \(HeadLimits.fieldCount) header fields.")
        }
    }
}
