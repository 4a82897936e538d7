import Bytes
import Compression
import HTTP
import POSIX

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
            guard count > 0 else { return .failed("the file became shorter while it was sent") }
            offset += count
            return .bytes(count)
        } catch {
            return .failed("the file could not be read on (\(error))")
        }
    }
}

/// A file that is compressed while it is sent.
final class EncodedFileExchange: Exchange {
    let response: Response?
    private let file: OpenFile
    private let encoder: (any Encoder)?
    private var piece = [UInt8](repeating: 0, count: 64 * 1024)
    /// What of `piece` is read and not yet encoded.
    private var unread = 0..<0
    private var position = 0
    private var isFinished = false

    init(_ response: Response, file: OpenFile, coding: ContentCoding) {
        self.response = response
        self.file = file
        encoder = try? coding.makeEncoder()
    }

    var contentNeed: ContentNeed { .never }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func endContent() {}

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard let encoder else { return .failed("there is no memory to compress the file with") }
        while !isFinished {
            do throws(SystemError) {
                if unread.isEmpty { try readMore() }
            } catch {
                return .failed("the file could not be read on (\(error))")
            }
            let isLast = position == file.status.byteCount
            guard isLast || !unread.isEmpty else { return .failed("the file became shorter while it was sent") }
            guard let step = try? encoder.encode(piece.span.extracting(unread), into: &room, isLast: isLast) else {
                return .failed("the file could not be compressed")
            }
            unread = unread.lowerBound + step.consumed..<unread.upperBound
            isFinished = step.isFinished
            if step.produced > 0 { return .bytes(step.produced) }
        }
        return .end
    }

    private func readMore() throws(SystemError) {
        let wanted = min(piece.count, file.status.byteCount - position)
        guard wanted > 0 else { return }
        var buffer = piece
        piece = []
        defer { piece = buffer }
        var all = buffer.mutableSpan
        var part = all._mutatingExtracting(first: wanted)
        let count = try file.descriptor.read(into: &part, at: position)
        position += count
        unread = 0..<count
    }
}

extension ContentCoding {
    /// A compressor to this coding; nil for identity.
    func makeEncoder() throws(EncoderError) -> (any Encoder)? {
        switch self {
        case .brotli: try BrotliEncoder()
        case .gzip: try GzipEncoder()
        case .identity: nil
        }
    }
}
