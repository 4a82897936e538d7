import MartinetBytes
import MartinetHTTP

@testable import MartinetHTTP1

/// Chunked content: decoded at once, cut at a position that the input's first two bytes give, byte by byte, and by a
/// second decoder that is written as plainly as can be.
enum ChunkedTarget {
    static func run(_ bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let message = [UInt8](bytes[2...]).expanded
        let whole = Outcome(of: message, cuts: [])
        let cut = (Int(bytes[0]) << 8 | Int(bytes[1])) % (message.count + 1)
        let parted = Outcome(of: message, cuts: [cut])
        expect(parted == whole, "cut at \(cut): \(parted) instead of \(whole)")
        if message.count <= 2048 {
            let single = Outcome(of: message, cuts: Array(1..<max(1, message.count)))
            expect(single == whole, "byte by byte: \(single) instead of \(whole)")
        }
        guard whole.status != 413 else { return }
        let plain = plainly(message)
        expect(
            plain?.byteCount == whole.byteCount && (plain == nil || plain?.content == whole.content),
            "\(whole), but read plainly \(plain as Any)")
    }

    private struct Outcome: Equatable {
        var content: [UInt8] = []
        /// Nil where the message does not end.
        var byteCount: Int?
        var status: Int?

        init(of bytes: [UInt8], cuts: [Int]) {
            var decoder = ContentDecoder(.unknownLength)
            var trailers: TrailerReader?
            var position = 0
            for cut in cuts + [bytes.count] {
                do throws(MessageError) {
                    loop: while true {
                        switch try decoder.next(bytes.span.extracting(position..<cut), &trailers) {
                        case .framing(let count):
                            expect(count > 0, "framing of no bytes")
                            position += count
                        case .content(let count):
                            expect(count > 0 && count <= cut - position, "\(count) bytes of content")
                            // Not always all that is there, as an exchange may take less.
                            let taken = max(1, count / 2)
                            content += bytes[position..<position + taken]
                            decoder.took(taken)
                            position += taken
                        case .needsMore:
                            expect(position == cut, "more is needed before all is read")
                            break loop
                        case .end:
                            byteCount = position
                            return
                        }
                    }
                } catch {
                    status = error.status.rawValue
                    content = []
                    return
                }
            }
        }
    }

    /// RFC 9112 §7.1, line by line; nil for what is not a whole message.
    private static func plainly(_ message: [UInt8]) -> (content: [UInt8], byteCount: Int)? {
        var content: [UInt8] = []
        var position = 0
        func line() -> [UInt8]? {
            let rest = message[position...]
            guard let end = rest.firstIndex(of: ASCII.lineFeed), end > position,
                message[end - 1] == ASCII.carriageReturn
            else { return nil }
            let line = [UInt8](message[position..<end - 1])
            position = end + 1
            let isText = line.allSatisfy { $0 == ASCII.tab || $0 >= ASCII.space && $0 != 0x7F }
            return isText ? line : nil
        }
        while true {
            guard let line = line() else { return nil }
            let digits = line.prefix { ASCII.hexadecimalValue($0) != nil }
            let behind = line[digits.count...].drop { $0 == ASCII.space || $0 == ASCII.tab }
            guard let size = Int([UInt8](digits).text, radix: 16),
                digits.count == line.count || behind.first == ASCII.semicolon
            else { return nil }
            if size == 0 { break }
            guard size <= message.count - position else { return nil }
            content += message[position..<position + size]
            position += size
            guard message[position...].starts(with: [ASCII.carriageReturn, ASCII.lineFeed]) else { return nil }
            position += 2
        }
        while true {
            guard let line = line() else { return nil }
            if line.isEmpty { return (content, position) }
            let name = line.prefix { $0 != ASCII.colon }
            guard !name.isEmpty, name.count < line.count, name.allSatisfy(ASCII.isTokenCharacter) else { return nil }
        }
    }
}
