import MartinetBytes
import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// A client's socket and what is spoken on it below HTTP: TLS, or plain bytes.
///
/// It knows nothing of requests. In a turn what has come is staged (`begin`, `receive`), read and written piece by piece
/// (`read`, `write`), and sent at once (`flush`); what the socket does not take and what is not wanted yet is kept here.
struct Channel: ~Copyable {
    /// What a call of `read` came to.
    enum Reading {
        /// There was as much as there is room for, and may be more.
        case full
        /// There is no more before the socket has more.
        case drained
        /// The peer sends no more than has been read.
        case ended
    }

    private let socket: FileDescriptor
    private let transport: Transport
    /// Nil where plain bytes are spoken.
    private var stream: TLSStream?
    /// What has come and is not read, because what it holds is not yet wanted.
    private var unread = ByteQueue()
    /// What the socket did not take yet.
    private var unsent = ByteQueue()
    private var hasReceived = false
    /// The peer has ended its side, and the kernel has given all that it sent.
    private(set) var isAtEnd = false
    /// The peer has ended its side, as far as the kernel knows; some of what it sent may still have to be read.
    private(set) var isPeerEndKnown = false
    /// It has been found out whether the peer that ended its side has left.
    private var isPeerTried = false
    /// Our side has ended, and the peer is told when what waits has been sent.
    private var isEndingOutput = false
    private(set) var hasShutOutput = false

    /// - Parameter context: what a TLS stream is made with; nil for plain bytes.
    init(_ socket: consuming FileDescriptor, _ context: TLSContext?, over transport: Transport) throws(TLSError) {
        stream = if let context { try TLSStream(context, over: transport) } else { nil }
        self.socket = socket
        self.transport = transport
    }

    var descriptor: CInt { socket.number }
    var localAddress: SocketAddress? { socket.localAddress }
    var isPlain: Bool { stream == nil }
    /// Whether the socket has not taken all that it was sent.
    var isBlocked: Bool { !unsent.isEmpty }
    var keptByteCount: Int { unsent.capacity + unread.capacity }
    /// Whether more may come, and nothing that has come before is left.
    var mayReceive: Bool { transport.stagedByteCount == 0 && !isAtEnd }
    /// Whether nothing more can come, and all that has come is read, or in OpenSSL.
    var isExhausted: Bool { transport.stagedByteCount == 0 && isAtEnd }
    /// Whether bytes have come that were not read, or that OpenSSL has: maybe a part of a record, which only more will complete.
    var mayHoldMore: Bool { transport.stagedByteCount > 0 || stream.borrowed { $0.hasPending } ?? false }

    /// Whether what has come, and is not wanted yet, may be the end of the whole connection: in TLS 1.2 a close_notify ends
    /// both sides (RFC 5246 §7.2.1).
    var mayHoldEnd: Bool {
        guard isPeerEndKnown, !isAtEnd else { return false }
        return stream.borrowed { !$0.endsOneSide && !$0.isClosedByPeer } ?? false
    }

    // MARK: What comes

    /// Stages what an earlier turn left. To be called first in each turn.
    mutating func begin() {
        transport.begin(with: &unread, isAtEnd: isAtEnd)
    }

    /// Stages what the socket has; returns how many bytes.
    mutating func receive() throws(SystemError) -> Int {
        switch try transport.receive(from: socket) {
        case .bytes(let count): return count
        case .wouldBlock: return 0
        case .endOfStream:
            isAtEnd = true
            isPeerEndKnown = true
            return 0
        }
    }

    /// The kernel says that the peer has ended its side.
    mutating func notePeerEnd() { isPeerEndKnown = true }

    /// Whether the first bytes that came are plain HTTP's; from then on nothing else is spoken.
    ///
    /// A TLS stream begins with a record type, below 32; an HTTP request with the first letter of its method.
    mutating func becomesPlain() -> Bool {
        defer { hasReceived = true }
        guard !hasReceived, !isPlain, let first = transport.firstStagedByte,
            UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first
        else { return false }
        stream = nil
        return true
    }

    /// Reads what is staged while the queue has less than `limit` bytes.
    mutating func read(into queue: inout ByteQueue, limit: Int) throws(TLSError) -> Reading {
        if isPlain {
            transport.takePlain(into: &queue, atMost: limit - queue.count)
            return transport.stagedByteCount > 0 ? .full : isAtEnd ? .ended : .drained
        }
        while queue.count < limit {
            // Asking OpenSSL for nothing is not free.
            guard mayHoldMore || isAtEnd else { return .drained }
            switch try stream?.read(into: &queue, atMost: min(16 * 1024, limit - queue.count)) {
            case .done: continue
            case .wantsRead, nil: return .drained
            case .endOfStream: return .ended
            }
        }
        return .full
    }

    /// Ends a turn: what was not read is kept.
    mutating func keepUnread() {
        transport.keepUnread(in: &unread)
    }

    // MARK: The handshake

    /// What a handshake that failed can say of its client.
    struct Hello {
        let serverName: String?
        let offeredVersions: OfferedVersions?
    }

    /// What the client has said of itself so far; nil where plain bytes are spoken.
    var hello: Hello? {
        stream.borrowed { Hello(serverName: $0.serverName, offeredVersions: $0.offeredVersions) }
    }

    /// Takes the handshake as far as what is staged allows; nil while it is not complete.
    mutating func handshake() throws(TLSError) -> TLSSession? {
        guard case .done = try stream?.handshake() else { return nil }
        return stream.borrowed { $0.session }
    }

    // MARK: What goes

    /// Puts all of the queue on its way: what is written gathers until it is sent.
    mutating func write(from queue: inout ByteQueue) throws(TLSError) {
        guard isPlain else {
            try stream?.write(from: &queue)
            return
        }
        transport.gatherPlain(queue.readable)
        queue.removeAll()
    }

    /// Sends what has gathered; returns how many bytes the socket took.
    mutating func flush() throws(SystemError) -> Int {
        let count = try transport.send(to: socket, keeping: &unsent)
        shutOutputIfDone()
        return count
    }

    /// Sends more of what an earlier turn could not; returns how many bytes the socket took.
    mutating func sendUnsent() throws(SystemError) -> Int {
        guard case .bytes(let count) = try socket.send(unsent.readable) else { return 0 }
        unsent.consume(count)
        if unsent.isEmpty { unsent.releaseStorage() }
        shutOutputIfDone()
        return count
    }

    // MARK: Ends

    /// Nothing more goes to the peer, who may still send (RFC 8446 §6.1).
    mutating func endOutput() {
        guard !isEndingOutput else { return }
        isEndingOutput = true
        stream?.close()
    }

    private mutating func shutOutputIfDone() {
        guard isEndingOutput, !hasShutOutput, unsent.isEmpty else { return }
        hasShutOutput = true
        socket.shutdownSending()
    }

    /// Nothing more is said: the peer knows by a close_notify that what it has is complete, or by an alert that it is not.
    mutating func close(isTruncated: Bool) {
        if isTruncated { stream?.abort() } else { stream?.close() }
    }

    /// Whether a peer that has ended its side, while a response is awaited, will not take it.
    ///
    /// Mostly it will (RFC 9112 §9.6, RFC 8446 §6.1), unless it has gone: then its kernel answers with a reset whatever it is
    /// sent now. In TLS 1.2 its close_notify ends both sides (RFC 5246 §7.2.1).
    mutating func hasLostPeer() throws(TLSError) -> Bool {
        guard let endsOneSide = stream.borrowed({ $0.endsOneSide }) else { return false }
        if !endsOneSide { return stream.borrowed { $0.isClosedByPeer } ?? false }
        if isPeerEndKnown, !isPeerTried {
            isPeerTried = true
            _ = try stream?.sendTicket()
        }
        return false
    }

    /// Our side of the socket is closed, and what still comes is no longer wanted.
    mutating func beginLingering() {
        unread.releaseStorage()
        socket.shutdownSending()
    }

    /// What came while a channel lingered.
    struct Lingering {
        /// The peer has ended its side, too.
        var isOver = false
        var byteCount = 0

        /// Whether it is no more than a close_notify: a record of 31 bytes at the most (RFC 8446 §5, RFC 5246 §6.2.3.3).
        var isFarewell: Bool { byteCount <= 32 }
    }

    /// Drops what the peer still sends.
    mutating func linger() throws(SystemError) -> Lingering {
        var lingering = Lingering()
        // What the peer sends last, its close_notify and its end, mostly comes together.
        for _ in 0..<2 {
            transport.begin(with: &unread, isAtEnd: false)
            switch try transport.receive(from: socket) {
            case .bytes(let count): lingering.byteCount += count
            case .wouldBlock: return lingering
            case .endOfStream:
                lingering.isOver = true
                return lingering
            }
        }
        return lingering
    }

    /// The peer is lost: what has gathered for it goes nowhere.
    func discard() { transport.discardGathered() }

    /// What the kernel keeps for the peer goes when the socket is closed.
    func resetWhenClosed() { socket.resetWhenClosed() }
}
