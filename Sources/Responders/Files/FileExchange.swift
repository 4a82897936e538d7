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

    private let response: Response
    private let file: OpenFile
    private let pieces: [Piece]
    /// The number of the last piece that is the file's.
    private let lastRange: Int?
    private var index = 0
    /// How much of the current piece is produced.
    private var offset = 0

    init(_ response: Response, file: OpenFile, pieces: [Piece]) {
        self.response = response
        self.file = file
        self.pieces = pieces
        lastRange = pieces.lastIndex { if case .range = $0 { true } else { false } }
    }

    var contentNeed: ContentNeed { .never }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func begin(_ host: consuming ExchangeHost) {}

    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep { .final(response) }

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

    /// Whether nothing more of the file follows.
    private var isComplete: Bool { index == lastRange && offset == pieces[index].byteCount }

    /// Whether the file was written to in place, so that what was sent may be of two contents. One that has only grown, as logs
    /// do, holds what was sent.
    private var isOverwritten: Bool {
        get throws(SystemError) {
            let now = try file.descriptor.status()
            return now.modificationTime != file.status.modificationTime && now.byteCount <= file.status.byteCount
        }
    }

    private func read(into room: inout MutableSpan<UInt8>, at position: Int) -> Production {
        do throws(SystemError) {
            let count = try file.descriptor.read(into: &room, at: position)
            guard count > 0 else { return .failed(SendingFailure.shortened.sentence) }
            offset += count
            if isComplete, try isOverwritten { return .failed(SendingFailure.overwritten.sentence) }
            return .bytes(count)
        } catch {
            return .failed(SendingFailure.unreadable(error).sentence)
        }
    }
}
