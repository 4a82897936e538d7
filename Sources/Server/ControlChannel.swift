import Bytes
package import POSIX

/// The line between the supervisor and a worker: short messages, each behind its length, on a stream socket.
///
/// When either process dies, the other reads the end of the stream.
package final class ControlChannel {
    package enum Message: Equatable, Sendable {
        /// To the worker, once and first: everything it needs to know.
        case configuration([UInt8])
        /// To the worker: finish what is in progress, take on nothing new, and exit.
        case drain
        /// To the supervisor: connections are being accepted.
        case ready

        fileprivate var kind: UInt8 {
            switch self {
            case .configuration: 1
            case .drain: 2
            case .ready: 3
            }
        }
    }

    private static let headerByteCount = 5
    /// Certificates and keys of a great many sites; anything larger is not one of our messages.
    private static let byteLimit = 64 * 1024 * 1024

    private let socket: FileDescriptor
    private var received = ByteQueue()
    /// The other process has closed its end, or died.
    package private(set) var isEnded = false

    package init(_ socket: consuming FileDescriptor) {
        self.socket = socket
    }

    /// To be polled for reading.
    package var descriptor: CInt { socket.number }

    /// Sends a message, waiting until all of it is taken.
    package func send(_ message: Message) throws(SystemError) {
        var bytes: [UInt8] = [message.kind]
        var content: [UInt8] = []
        if case .configuration(let snapshot) = message { content = snapshot }
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: content.count >> shift)) }
        bytes += content
        var start = 0
        while start < bytes.count {
            guard case .bytes(let count) = try socket.send(bytes.span.extracting(start..<bytes.count)) else { continue }
            start += count
        }
    }

    /// Waits for the next message; nil when the other process has ended.
    package func receive() throws(SystemError) -> Message? {
        while true {
            if let message = takeMessage() { return message }
            guard !isEnded else { return nil }
            try read()
        }
    }

    /// Reads once, to be called when the descriptor is readable, and returns the messages that are complete.
    package func receiveAvailable() throws(SystemError) -> [Message] {
        try read()
        return takeReceived()
    }

    /// The messages that came in one piece with an earlier one: the descriptor is not readable for them.
    ///
    /// To be called before the descriptor is polled by whoever has called `receive`.
    package func takeReceived() -> [Message] {
        var messages: [Message] = []
        while let message = takeMessage() { messages.append(message) }
        return messages
    }

    private func read() throws(SystemError) {
        if try Self.read(socket, into: &received) == .endOfStream { isEnded = true }
    }

    private static func read(
        _ socket: borrowing FileDescriptor, into queue: inout ByteQueue
    ) throws(SystemError) -> Transfer {
        var room = queue.room(atLeast: 64 * 1024)
        let transfer = try socket.receive(into: &room)
        if case .bytes(let count) = transfer { queue.commit(count) }
        return transfer
    }

    private func takeMessage() -> Message? {
        guard received.count >= Self.headerByteCount else { return nil }
        var count = 0
        for index in 1..<Self.headerByteCount { count = count << 8 | Int(received.readable[index]) }
        guard count <= Self.byteLimit else {
            isEnded = true
            return nil
        }
        guard received.count >= Self.headerByteCount + count else { return nil }
        let kind = received.readable[0]
        received.consume(Self.headerByteCount)
        defer { received.consume(count) }
        switch kind {
        case 1: return .configuration([UInt8](copying: received.readable.extracting(0..<count)))
        case 2: return .drain
        case 3: return .ready
        default:
            isEnded = true
            return nil
        }
    }
}
