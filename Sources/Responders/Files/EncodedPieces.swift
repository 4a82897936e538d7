import MartinetBytes
import MartinetCompression
import MartinetHTTP
import MartinetPOSIX
import Synchronization

/// A large file, compressed a piece at a time.
final class EncodedPieces: PieceSource {
    private struct State {
        /// Made with the first piece: it has memory of a megabyte or two.
        var encoder: (any Encoder)?
        /// How much of the file is encoded.
        var position = 0
    }

    private let file: OpenFile
    private let coding: ContentCoding
    private let share: Allowance.Share
    private let state = Mutex(State())

    /// What is kept for a client that reads slowly: two of these.
    private static let pieceByteCount = 32 * 1024
    /// What a piece takes at most of the file, so that text which becomes nothing holds up no one: 10 ms of brotli's time.
    private static let sourceByteCount = 256 * 1024
    private static let readByteCount = 64 * 1024

    /// - Parameter share: the right to have an encoder, kept for as long as this is.
    init(_ file: OpenFile, coding: ContentCoding, _ share: Allowance.Share) {
        self.file = file
        self.coding = coding
        self.share = share
    }

    func next() -> ContentPiece {
        state.withLock { next(&$0) }
    }

    private func next(_ state: inout State) -> ContentPiece {
        if state.encoder == nil { state.encoder = try? coding.makeEncoder() }
        guard let encoder = state.encoder else { return Self.failed(.noEncoder) }
        let end = state.position + Self.sourceByteCount
        var source = [UInt8](repeating: 0, count: Self.readByteCount)
        var room = [UInt8](repeating: 0, count: Self.pieceByteCount)
        var count = 0
        while state.position < end, count < room.count {
            let wanted = min(source.count, file.status.byteCount - state.position)
            let read: Int
            do throws(SystemError) { read = try readSource(wanted, at: state.position, into: &source) } catch {
                return Self.failed(.unreadable(error))
            }
            guard read == wanted else { return Self.failed(.shortened) }
            var all = room.mutableSpan
            var rest = all._mutatingExtracting(droppingFirst: count)
            // What is not taken is read again: it is not worth its memory while the client takes the piece before.
            let step = try? encoder.encode(
                source.span.extracting(0..<read), into: &rest,
                isLast: state.position + read == file.status.byteCount)
            guard let step, step.consumed + step.produced > 0 || step.isFinished else {
                return Self.failed(.notCompressed)
            }
            state.position += step.consumed
            count += step.produced
            if step.isFinished {
                state.encoder = nil
                return ContentPiece(bytes: [UInt8](room.prefix(count)), sequel: .end)
            }
        }
        return ContentPiece(bytes: [UInt8](room.prefix(count)))
    }

    private static func failed(_ failure: SendingFailure) -> ContentPiece {
        ContentPiece(sequel: .failed(failure.sentence))
    }

    /// As much as is wanted, unless the file ends before.
    private func readSource(_ wanted: Int, at position: Int, into source: inout [UInt8]) throws(SystemError) -> Int {
        var count = 0
        while count < wanted {
            var all = source.mutableSpan
            var rest = all._mutatingExtracting(count..<wanted)
            let read = try file.descriptor.read(into: &rest, at: position + count)
            guard read > 0 else { break }
            count += read
        }
        return count
    }
}
