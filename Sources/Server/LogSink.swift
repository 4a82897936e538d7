package import Bytes
package import POSIX
import Synchronization

/// A file, pipe or terminal that lines are written to without ever waiting for it.
///
/// What it does not take yet is kept up to a bound; beyond that, lines are dropped and their number is written as soon
/// as there is room again, so that none is lost in silence.
package final class LogSink: Sendable {
    private struct State: ~Copyable {
        var file: FileDescriptor
        var pending = ByteQueue()
        var droppedCount = 0
    }

    private static let byteLimit = 1024 * 1024
    /// A write is worth its call from here on.
    private static let batchByteCount = 64 * 1024

    private let state: Mutex<State>
    /// The descriptor, to be polled for writing while `isBlocked`.
    package let descriptor: CInt

    package init(_ file: consuming FileDescriptor) {
        descriptor = file.number
        state = Mutex(State(file: file))
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
            write(&state.pending)
            if state.pending.count >= Self.batchByteCount { Self.write(&state) }
        }
    }

    /// Writes what is pending, as far as it is taken.
    package func flush() {
        state.withLock { Self.write(&$0) }
    }

    /// Whether lines wait to be taken.
    package var hasPending: Bool {
        state.withLock { !$0.pending.isEmpty }
    }

    private static func write(_ state: inout State) {
        guard !state.pending.isEmpty else { return }
        do throws(SystemError) {
            guard case .bytes(let count) = try state.file.writeWithoutWaiting(state.pending.readable) else { return }
            state.pending.consume(count)
        } catch {
            // The disk is full, or the reader has gone: a log has nobody left to complain to.
            state.droppedCount += lineCount(state.pending.readable)
            state.pending.removeAll()
            return
        }
        if state.droppedCount > 0, state.pending.isEmpty {
            let note = "martinet: \(state.droppedCount) log lines were lost: the log could not be written in time\n"
            state.droppedCount = 0
            state.pending.append(text: note)
        }
    }

    private static func lineCount(_ text: Span<UInt8>) -> Int {
        var count = 0
        for index in 0..<text.count where text[index] == ASCII.lineFeed { count += 1 }
        return count
    }
}
