import Foundation
import MartinetPOSIX
import Synchronization

/// Everything a process has written to a pipe so far.
///
/// A thread of its own reads, so that the process never waits for its reader, and a test that waits for words wakes when
/// they are there.
final class Transcript: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isEnded = false
        var waiters: [DispatchSemaphore] = []
    }

    private let state = Mutex(State())

    init(reading descriptor: consuming FileDescriptor) {
        let number = descriptor.release()
        Thread.detachNewThread {
            let descriptor = FileDescriptor(owning: number)
            var room = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                var span = room.mutableSpan
                switch try? descriptor.read(into: &span) {
                case .bytes(let count): self.add(room[..<count])
                case .wouldBlock: continue  // interrupted
                case .endOfStream, nil: return self.end()
                }
            }
        }
    }

    var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }

    /// The lines that are complete.
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// Returns the first line that contains `words`, or the last of `count` such lines, as soon as it is complete.
    @discardableResult
    func waitForLine(_ words: String, count: Int = 1, within limit: Duration = .seconds(30)) throws -> String {
        try wait("line \(count) with \"\(words)\"", limit) { state in
            let text = String(decoding: state.bytes, as: UTF8.self)
            let found = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                .filter { $0.contains(words) }
            return found.count >= count ? String(found[count - 1]) : nil
        }
    }

    /// Returns when there are this many complete lines.
    func waitForLineCount(_ count: Int, within limit: Duration = .seconds(30)) throws {
        try wait("line \(count)", limit) { state in
            state.bytes.count { $0 == UInt8(ascii: "\n") } >= count ? () : nil
        }
    }

    /// Returns when every process that could write here is gone.
    func waitForEnd(within limit: Duration = .seconds(30)) throws {
        try wait("the end of output", limit) { $0.isEnded ? () : nil }
    }

    private func wait<Found>(
        _ what: String, _ limit: Duration, _ find: (borrowing State) -> Found?
    ) throws -> Found {
        let deadline = DispatchTime.now() + .milliseconds(Int(limit / .milliseconds(1)))
        let bell = DispatchSemaphore(value: 0)
        while true {
            let (found, isEnded) = state.withLock { state in
                let found = find(state)
                if found == nil { state.waiters.append(bell) }
                return (found, state.isEnded)
            }
            if let found { return found }
            guard !isEnded, bell.wait(timeout: deadline) == .success else {
                throw Missing(description: "\(what) did not come within \(limit); this did:\n\(text)")
            }
        }
    }

    private func add(_ bytes: ArraySlice<UInt8>) { change { $0.bytes.append(contentsOf: bytes) } }

    private func end() { change { $0.isEnded = true } }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.signal() }
    }
}

/// What a test waited for and did not get.
struct Missing: Error, CustomStringConvertible {
    let description: String
}
