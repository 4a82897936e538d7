import MartinetBytes
import MartinetEvents
package import MartinetPOSIX

/// The line between the supervisor and a worker: short messages, each behind its length, on a stream socket.
///
/// When either process dies, the other reads the end of the stream. Each end takes only what it may be told, and no more
/// of it than that has: a worker that was taken over by a client cannot fill the supervisor's memory.
package final class ControlChannel {
    package enum Message: Equatable, Sendable {
        /// To the worker, once and first: everything it needs to know.
        case configuration(SecretBytes)
        /// To the worker: one more key for session tickets, and the oldest is over; see `TicketKeys`.
        case ticketKey(SecretBytes)
        /// To the worker: finish what is in progress, take on nothing new, and exit.
        case drain
        /// To the worker: a log goes on in another file, whose descriptor is the worker's to close.
        case log(LogFile.Kind, CInt)
        /// To the supervisor: connections are being accepted.
        case ready

        fileprivate var kind: UInt8 {
            switch self {
            case .configuration: 1
            case .drain: 2
            case .ready: 3
            case .log: 4
            case .ticketKey: 5
            }
        }
    }

    /// Which end of the line this is.
    package enum End: Sendable {
        case supervisor, worker

        /// How long a message of a kind may be; nil where this end is told nothing of the kind.
        fileprivate func byteLimit(_ kind: UInt8) -> Int? {
            switch (self, kind) {
            // Certificates and keys of a great many sites; anything larger is not one of our messages.
            case (.worker, 1): 64 * 1024 * 1024
            case (.worker, 2): 0
            case (.worker, 4): 1
            case (.worker, 5): 256
            case (.supervisor, 3): 0
            default: nil
            }
        }

        fileprivate var readByteCount: Int { self == .worker ? 64 * 1024 : 1024 }
    }

    private static let headerByteCount = 5
    /// How long the other process may take nothing of a configuration, which may be more than the socket holds.
    private static let sendTime = Interval.seconds(10)
    /// Descriptors that came and whose messages are not complete.
    private static let descriptorLimit = 16

    private let socket: FileDescriptor
    private let end: End
    private var received = ByteQueue()
    private var descriptors: [CInt] = []
    /// The other process has closed its end, or died, or said what it may not.
    package private(set) var isEnded = false
    /// The other process has said what it may not.
    package private(set) var isBroken = false

    package init(_ socket: consuming FileDescriptor, at end: End) {
        self.socket = socket
        self.end = end
    }

    deinit {
        for number in descriptors { _ = FileDescriptor(owning: number) }
    }

    /// To be polled for reading.
    package var descriptor: CInt { socket.number }

    /// Sends a message. What is short is taken at once or not at all; a configuration may take its time.
    package func send(_ message: Message) throws(SystemError) {
        switch message {
        case .configuration(let content):
            let bytes = content.preceded(by: Self.header(message.kind, content.count))
            try bytes.withSpan { bytes throws(SystemError) in try sendAll(bytes) }
        case .ticketKey(let content):
            let bytes = content.preceded(by: Self.header(message.kind, content.count))
            try bytes.withSpan { bytes throws(SystemError) in try sendAtOnce(bytes) }
        case .drain, .ready: try sendAtOnce(Self.header(message.kind, 0).span)
        case .log(let kind, let number):
            let bytes = Self.header(message.kind, 1) + [kind.rawValue]
            guard case .bytes = try socket.send(bytes.span, with: number) else {
                throw SystemError("sendmsg", code: SystemError.wouldBlock)
            }
        }
    }

    private static func header(_ kind: UInt8, _ count: Int) -> [UInt8] {
        [kind] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }

    private func sendAtOnce(_ bytes: Span<UInt8>) throws(SystemError) {
        guard case .bytes = try socket.writeWithoutWaiting(bytes) else {
            throw SystemError("send", code: SystemError.wouldBlock)
        }
    }

    private func sendAll(_ bytes: Span<UInt8>) throws(SystemError) {
        try socket.setSendingTimeout(Self.sendTime)
        var start = 0
        var deadline = MonotonicTime.now + Self.sendTime
        while start < bytes.count {
            if case .bytes(let count) = try socket.send(bytes.extracting(start..<bytes.count)) {
                start += count
                deadline = .now + Self.sendTime
            } else if MonotonicTime.now >= deadline {
                throw SystemError("send", code: SystemError.wouldBlock)
            }
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
        makeRoom()
        var descriptor: CInt?
        let transfer = try Self.read(socket, into: &received, end, &descriptor)
        if transfer == .endOfStream { isEnded = true }
        guard let descriptor else { return }
        descriptors.append(descriptor)
        if end == .supervisor || descriptors.count > Self.descriptorLimit { refuse() }
    }

    private static func read(
        _ socket: borrowing FileDescriptor, into queue: inout ByteQueue, _ end: End, _ descriptor: inout CInt?
    ) throws(SystemError) -> Transfer {
        var room = queue.room(atLeast: end.readByteCount)
        // A queue's room may be larger than what was asked for.
        var part = room._mutatingExtracting(first: end.readByteCount)
        let transfer = try socket.receive(into: &part, with: &descriptor)
        if case .bytes(let count) = transfer { queue.commit(count) }
        return transfer
    }

    /// A queue that grows by itself would leave parts of keys behind in memory.
    private func makeRoom() {
        guard received.capacity - received.count < end.readByteCount else { return }
        var wanted = received.count
        if wanted >= Self.headerByteCount, let limit = end.byteLimit(received.readable[0]) {
            wanted = max(wanted, Self.headerByteCount + min(limit, announcedByteCount))
        }
        replaceQueue(ByteQueue(capacity: wanted + end.readByteCount))
    }

    /// Leaves nothing in memory of messages that are taken.
    private func forget() {
        replaceQueue(ByteQueue())
    }

    private func replaceQueue(_ queue: consuming ByteQueue) {
        var other = queue
        other.append(received.readable)
        received.wipe()
        swap(&received, &other)
    }

    /// What the header of the next message says of its length.
    private var announcedByteCount: Int {
        var count = 0
        for index in 1..<Self.headerByteCount { count = count << 8 | Int(received.readable[index]) }
        return count
    }

    private func takeMessage() -> Message? {
        guard !isBroken, received.count >= Self.headerByteCount else { return nil }
        let kind = received.readable[0]
        let count = announcedByteCount
        guard let limit = end.byteLimit(kind), count <= limit else { return refuse() }
        guard received.count >= Self.headerByteCount + count else { return nil }
        received.consume(Self.headerByteCount)
        defer {
            received.consume(count)
            if count > 1 { forget() }
        }
        switch kind {
        case 1: return .configuration(SecretBytes(received.readable.extracting(0..<count)))
        case 5: return .ticketKey(SecretBytes(received.readable.extracting(0..<count)))
        case 2: return .drain
        case 3: return .ready
        default:
            guard count == 1, let log = LogFile.Kind(rawValue: received.readable[0]), !descriptors.isEmpty else {
                return refuse()
            }
            return .log(log, descriptors.removeFirst())
        }
    }

    /// Nothing that comes on this line is believed any more.
    @discardableResult
    private func refuse() -> Message? {
        isBroken = true
        isEnded = true
        return nil
    }
}
