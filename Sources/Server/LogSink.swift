package import MartinetBytes
import MartinetEvents
package import MartinetPOSIX
import Synchronization

/// A file, pipe or terminal that lines are written to without ever waiting for it.
///
/// What it does not take yet is kept up to a bound; beyond that, whole lines are dropped and their number is written as
/// soon as there is room again, so that none is lost in silence. What has begun a line goes on to its end.
package final class LogSink: Sendable {
    /// What becomes of the lines that are not written yet.
    package enum Status: Equatable, Sendable {
        /// There are none.
        case empty
        /// They wait for `flush()`.
        case pending
        /// They wait until the descriptor is ready to be written.
        case blocked
        /// The last write failed, which says nothing of the next.
        case failed
    }

    private struct State: ~Copyable {
        var file: FileDescriptor
        var manner: Manner
        var pending = ByteQueue()
        /// How many bytes at the front are the rest of a line whose beginning is written.
        var begunByteCount = 0
        var droppedCount = 0
        /// What stands in the way of the next write.
        var obstacle: Status?
        /// Who sees to it that lines are written; nil where whoever adds them does.
        var writer: Waker?
    }

    /// How a file is written to.
    private struct Manner {
        /// Whether its reader may go.
        var isPipeOrSocket: Bool
        /// The most bytes of whole lines that one write may have; nil for any number.
        var pieceByteCount: Int?
        /// Whether a write could wait, so that the descriptor has to be asked first.
        var mayWait: Bool

        init(_ file: borrowing FileDescriptor) {
            mayWait = file.mayWait
            isPipeOrSocket = file.isPipeOrSocket
            // Whoever shares a pipe writes between the parts of what is longer (PIPE_BUF, pipe(7)).
            pieceByteCount = mayWait || isPipeOrSocket ? 4096 : nil
        }
    }

    private static let byteLimit = 1024 * 1024
    /// A write is worth its call from here on.
    private static let batchByteCount = 64 * 1024

    private let state: Mutex<State>
    /// The descriptor, to be polled for writing while the sink is blocked; `reopen(onto:)` does not change it.
    package let descriptor: CInt

    package init(_ file: consuming FileDescriptor) {
        descriptor = file.number
        let manner = Manner(file)
        state = Mutex(State(file: file, manner: manner))
    }

    /// Adds lines, each with its line feed, to what `flush()` writes; a full batch is written at once.
    package func append(_ lines: [UInt8]) {
        append { $0.append(lines) }
    }

    /// Adds a line that is written where it waits, without a copy; `write` may only append.
    package func append(_ write: (inout ByteQueue) -> Void) {
        state.withLock { state in
            guard state.pending.count < Self.byteLimit else {
                state.droppedCount += 1
                return
            }
            let wasEmpty = state.pending.isEmpty
            write(&state.pending)
            if wasEmpty, state.obstacle == nil { state.writer?.wake() }
            if state.pending.count >= Self.batchByteCount, state.obstacle == nil { Self.write(&state) }
        }
    }

    /// Has a loop's member woken when lines wait to be written.
    func wake(_ writer: Waker) {
        state.withLock { state in
            state.writer = writer
            if !state.pending.isEmpty { writer.wake() }
        }
    }

    /// Writes what is pending, as far as it is taken.
    package func flush() {
        state.withLock { Self.write(&$0) }
    }

    /// What the lines that are not written yet wait for.
    package var status: Status {
        state.withLock { $0.obstacle ?? ($0.pending.isEmpty ? .empty : .pending) }
    }

    /// Goes on with another file: what is pending is written to the old one as far as it is taken, and whole lines of the
    /// rest to the new one.
    package func reopen(onto file: consuming FileDescriptor) throws(SystemError) {
        var new = Optional(consume file)
        let result = state.withLock { state -> Result<Void, SystemError> in
            Self.write(&state)
            guard let file = new.take() else { return .success(()) }
            let manner = Manner(file)
            do throws(SystemError) {
                try file.replace(state.file.number)
            } catch {
                return .failure(error)
            }
            if state.begunByteCount > 0 {
                state.pending.consume(state.begunByteCount)
                state.begunByteCount = 0
                state.droppedCount += 1
            }
            state.manner = manner
            state.obstacle = nil
            return .success(())
        }
        try result.get()
    }

    /// Writes what is still taken, and forgets the rest.
    ///
    /// - Returns: how many lines are lost, of which no line in the log says so.
    package func end() -> Int {
        state.withLock { state in
            Self.write(&state)
            let lost = state.droppedCount + Self.lineCount(state.pending.readable)
            state.pending.releaseStorage()
            (state.begunByteCount, state.droppedCount, state.obstacle) = (0, 0, nil)
            return lost
        }
    }

    /// Writes what is still taken, and in place of the rest how many lines it had, if that is.
    package func endWithNote() {
        let isTorn = state.withLock { state in
            Self.write(&state)
            return state.begunByteCount > 0
        }
        let lost = end()
        guard lost > 0 else { return }
        append { line in
            if isTorn { line.append("\n") }
            line.append(text: Self.note(lost))
        }
        flush()
    }

    private static func note(_ lostCount: Int) -> String {
        "martinet: \(lostCount) log lines were lost: the log could not be written in time\n"
    }

    private static func write(_ state: inout State) {
        state.obstacle = nil
        while !state.pending.isEmpty {
            let count = pieceByteCount(state)
            do throws(SystemError) {
                guard case .bytes(let written) = try writePiece(state, count) else {
                    state.obstacle = .blocked
                    return
                }
                let end = state.pending.readable.firstIndex(of: ASCII.lineFeed, from: written - 1) ?? written - 1
                state.begunByteCount = end + 1 - written
                state.pending.consume(written)
            } catch {
                // The disk is full, or the reader has gone. Lines are kept as long as there is room for them.
                state.obstacle = .failed
                return
            }
            if state.droppedCount > 0, state.pending.isEmpty {
                state.pending.append(text: note(state.droppedCount))
                state.droppedCount = 0
            }
        }
    }

    private static func writePiece(_ state: borrowing State, _ count: Int) throws(SystemError) -> Transfer {
        if state.manner.mayWait, try !state.file.isReadyForWriting { return .wouldBlock }
        let piece = state.pending.readable.extracting(0..<count)
        return try state.manner.isPipeOrSocket ? state.file.writeWithoutWaiting(piece) : state.file.writeToFile(piece)
    }

    /// How many bytes the next write has: as many whole lines as may be written at one time, and one at least.
    private static func pieceByteCount(_ state: borrowing State) -> Int {
        let lines = state.pending.readable
        guard let limit = state.manner.pieceByteCount, lines.count > limit else { return lines.count }
        var count = 0
        while let end = lines.firstIndex(of: ASCII.lineFeed, from: count), end < limit { count = end + 1 }
        if count > 0 { return count }
        // Of a line that is longer, no more than is sure not to wait.
        return state.manner.mayWait ? limit : (lines.firstIndex(of: ASCII.lineFeed) ?? lines.count - 1) + 1
    }

    private static func lineCount(_ text: Span<UInt8>) -> Int {
        var count = 0
        for index in 0..<text.count where text[index] == ASCII.lineFeed { count += 1 }
        return count
    }
}
