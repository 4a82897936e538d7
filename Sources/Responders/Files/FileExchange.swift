import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// A file, or parts of it, on its way to a client, read a piece at a time as the client takes it.
final class FileExchange: Exchange {
    /// What the response's content is put together from.
    enum Piece {
        case bytes([UInt8])
        /// Of the file.
        case range(Range<Int>)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .range(let range): range.count
            }
        }
    }

    let response: Response?
    private let file: OpenFile
    private let pieces: [Piece]
    private var index = 0
    /// How much of the current piece is produced.
    private var offset = 0

    init(_ response: Response, file: OpenFile, pieces: [Piece]) {
        self.response = response
        self.file = file
        self.pieces = pieces
    }

    var contentNeed: ContentNeed { .never }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func endContent() {}

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        while index < pieces.count, offset == pieces[index].byteCount {
            index += 1
            offset = 0
        }
        guard index < pieces.count else { return .end }
        let count = min(room.count, pieces[index].byteCount - offset)
        switch pieces[index] {
        case .bytes(let bytes):
            room.copy(from: bytes.span.extracting(offset..<offset + count), at: 0)
            offset += count
            return .bytes(count)
        case .range(let range):
            var part = room._mutatingExtracting(first: count)
            return read(into: &part, at: range.lowerBound + offset)
        }
    }

    private func read(into room: inout MutableSpan<UInt8>, at position: Int) -> Production {
        do throws(SystemError) {
            let count = try file.descriptor.read(into: &room, at: position)
            guard count > 0 else { return .failed(SendingFailure.shortened.sentence) }
            offset += count
            return .bytes(count)
        } catch {
            return .failed(SendingFailure.unreadable(error).sentence)
        }
    }
}
