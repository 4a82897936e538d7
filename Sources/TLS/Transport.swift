import COpenSSL
package import MartinetBytes
package import MartinetPOSIX

/// Where OpenSSL reads ciphertext from and writes it to, instead of the socket.
///
/// One transport serves every stream of a worker, since only one stream has its turn at a time: what one recv(2)
/// brought is staged here for OpenSSL to read record by record, and what it writes gathers here for one send(2) at the
/// end of the turn. A turn begins and ends with both buffers empty; what is left of either is kept by its connection.
///
/// Safe because the memory behind the pointers lives as long as this object and never leaves it.
@safe package final class Transport {
    /// A turn reads this much from its socket at the most: four full records.
    package static let stagingByteCount = 64 * 1024

    @safe private struct Buffers {
        let staged: UnsafeMutablePointer<UInt8>
        var stagedHead = 0
        var stagedTail = 0
        /// The peer has ended its stream: behind the staged bytes there is nothing more to come.
        var isAtEnd = false
        /// Such an end is shown to OpenSSL as a file's, which it answers with a fatal alert.
        var refusesEnd = false
        var gathered: UnsafeMutablePointer<UInt8>
        var gatheredCount = 0
        var gatheredCapacity: Int
    }

    private let buffers: UnsafeMutablePointer<Buffers>
    /// Shared by all streams: it holds nothing of any one of them between turns.
    private let bio: OpaquePointer

    package init() throws(TLSError) {
        guard let method = unsafe Self.method, let bio = unsafe BIO_new(method) else {
            throw TLSError(.makeTransport)
        }
        unsafe buffers = .allocate(capacity: 1)
        let gatheredCapacity = 192 * 1024
        unsafe buffers.initialize(
            to: Buffers(
                staged: .allocate(capacity: Self.stagingByteCount),
                gathered: .allocate(capacity: gatheredCapacity), gatheredCapacity: gatheredCapacity))
        unsafe BIO_set_data(bio, buffers)
        unsafe BIO_set_init(bio, 1)
        unsafe self.bio = bio
    }

    deinit {
        unsafe BIO_set_data(bio, nil)
        unsafe BIO_free(bio)
        unsafe buffers.pointee.staged.deallocate()
        unsafe buffers.pointee.gathered.deallocate()
        unsafe buffers.deinitialize(count: 1)
        unsafe buffers.deallocate()
    }

    /// Has a stream read from and write to this transport.
    func attach(_ ssl: OpaquePointer) {
        // The stream takes over one reference for both directions.
        unsafe BIO_up_ref(bio)
        unsafe SSL_set_bio(ssl, bio, bio)
    }

    // MARK: Ciphertext in

    /// How many bytes are staged and not yet read by OpenSSL.
    package var stagedByteCount: Int { unsafe buffers.pointee.stagedTail - buffers.pointee.stagedHead }

    /// The first of the staged bytes; nil when there are none.
    package var firstStagedByte: UInt8? {
        stagedByteCount > 0 ? unsafe buffers.pointee.staged[buffers.pointee.stagedHead] : nil
    }

    /// Begins a turn: stages what an earlier turn left unread. `isAtEnd` says that the peer has ended its stream.
    package func begin(with unread: inout ByteQueue, isAtEnd: Bool) {
        unsafe buffers.pointee.stagedHead = 0
        unsafe buffers.pointee.stagedTail = 0
        unsafe buffers.pointee.isAtEnd = isAtEnd
        guard !unread.isEmpty else { return }
        var room = unsafe MutableSpan(_unsafeStart: buffers.pointee.staged, count: Self.stagingByteCount)
        room.copy(from: unread.readable, at: 0)
        unsafe buffers.pointee.stagedTail = unread.count
        unread.releaseStorage()
    }

    /// Stages what one recv(2) brings.
    package func receive(from socket: borrowing FileDescriptor) throws(SystemError) -> Transfer {
        let tail = unsafe buffers.pointee.stagedTail
        var room = unsafe MutableSpan(
            _unsafeStart: buffers.pointee.staged + tail, count: Self.stagingByteCount - tail)
        guard !room.isEmpty else { return .wouldBlock }
        let transfer = try socket.receive(into: &room)
        switch transfer {
        case .bytes(let count): unsafe buffers.pointee.stagedTail += count
        case .endOfStream: unsafe buffers.pointee.isAtEnd = true
        case .wouldBlock: break
        }
        return transfer
    }

    /// Moves staged bytes to a queue as they are, for a peer that does not speak TLS.
    package func takePlain(into queue: inout ByteQueue, atMost limit: Int) {
        let count = min(stagedByteCount, limit)
        guard count > 0 else { return }
        let staged = unsafe Span(
            _unsafeStart: UnsafePointer(buffers.pointee.staged + buffers.pointee.stagedHead), count: count)
        queue.append(staged)
        unsafe buffers.pointee.stagedHead += count
    }

    /// Has OpenSSL find an end of the stream that it takes for an error, in place of what is staged, while `body` reads.
    func withRefusedEnd(_ body: () -> Void) {
        unsafe buffers.pointee.stagedHead = buffers.pointee.stagedTail
        let wasAtEnd = unsafe buffers.pointee.isAtEnd
        unsafe buffers.pointee.isAtEnd = true
        unsafe buffers.pointee.refusesEnd = true
        body()
        unsafe buffers.pointee.refusesEnd = false
        unsafe buffers.pointee.isAtEnd = wasAtEnd
    }

    /// Ends a turn: what OpenSSL did not read goes back to the connection.
    package func keepUnread(in unread: inout ByteQueue) {
        guard stagedByteCount > 0 else { return }
        let staged = unsafe Span(
            _unsafeStart: UnsafePointer(buffers.pointee.staged + buffers.pointee.stagedHead), count: stagedByteCount)
        unread.append(staged)
        unsafe buffers.pointee.stagedHead = buffers.pointee.stagedTail
    }

    // MARK: Ciphertext out

    /// How many bytes wait for `send(to:keeping:)`.
    package var gatheredByteCount: Int { unsafe buffers.pointee.gatheredCount }

    /// Sends what has gathered; what the socket refuses is kept in `unsent`, which must be empty before.
    ///
    /// - Returns: how many bytes the socket took.
    package func send(
        to socket: borrowing FileDescriptor, keeping unsent: inout ByteQueue
    ) throws(SystemError) -> Int {
        let count = gatheredByteCount
        guard count > 0 else { return 0 }
        unsafe buffers.pointee.gatheredCount = 0
        let gathered = unsafe Span(_unsafeStart: UnsafePointer(buffers.pointee.gathered), count: count)
        var sent = 0
        if case .bytes(let taken) = try socket.send(gathered) { sent = taken }
        if sent < count { unsent.append(gathered.extracting(sent..<count)) }
        return sent
    }

    /// Drops what has gathered: the connection it is for has failed.
    package func discardGathered() {
        unsafe buffers.pointee.gatheredCount = 0
    }

    /// Puts bytes on the wire as they are, for a peer that does not speak TLS.
    package func gatherPlain(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            unsafe Self.gather(buffers, base, source.count)
        }
    }

    private static func gather(_ buffers: UnsafeMutablePointer<Buffers>, _ bytes: UnsafePointer<UInt8>, _ count: Int) {
        let needed = unsafe buffers.pointee.gatheredCount + count
        if unsafe needed > buffers.pointee.gatheredCapacity {
            let capacity = unsafe max(needed, buffers.pointee.gatheredCapacity * 2)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            unsafe larger.update(from: buffers.pointee.gathered, count: buffers.pointee.gatheredCount)
            unsafe buffers.pointee.gathered.deallocate()
            unsafe buffers.pointee.gathered = larger
            unsafe buffers.pointee.gatheredCapacity = capacity
        }
        unsafe (buffers.pointee.gathered + buffers.pointee.gatheredCount).update(from: bytes, count: count)
        unsafe buffers.pointee.gatheredCount = needed
    }

    // MARK: The BIO

    /// What OpenSSL calls in place of read(2) and write(2); made once, for every transport.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = unsafe BIO_meth_new(type, "martinet transport") else { return nil }
        unsafe BIO_meth_set_write(method) { bio, bytes, count in
            guard let bio = unsafe bio, let bytes = unsafe bytes, count > 0, let data = unsafe BIO_get_data(bio) else {
                return -1
            }
            let buffers = unsafe data.assumingMemoryBound(to: Buffers.self)
            unsafe bytes.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
                unsafe Transport.gather(buffers, $0, Int(count))
            }
            return count
        }
        unsafe BIO_meth_set_read(method) { bio, room, capacity in
            guard let bio = unsafe bio, let room = unsafe room, capacity > 0, let data = unsafe BIO_get_data(bio) else {
                return -1
            }
            let buffers = unsafe data.assumingMemoryBound(to: Buffers.self)
            unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
            let count = unsafe min(Int(capacity), buffers.pointee.stagedTail - buffers.pointee.stagedHead)
            guard count > 0 else {
                if unsafe buffers.pointee.isAtEnd { return 0 }
                unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
                return -1
            }
            let source = unsafe buffers.pointee.staged + buffers.pointee.stagedHead
            unsafe UnsafeMutableRawPointer(room).copyMemory(from: source, byteCount: count)
            unsafe buffers.pointee.stagedHead += count
            return CInt(count)
        }
        unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in
            switch command {
            case BIO_CTRL_FLUSH: return 1
            case BIO_CTRL_EOF:
                // Mostly unanswered: OpenSSL would answer an end without close_notify with a fatal decode_error, and a
                // client that only half closed its connection would get that instead of our close_notify.
                guard let bio = unsafe bio, let data = unsafe BIO_get_data(bio) else { return 0 }
                return unsafe data.assumingMemoryBound(to: Buffers.self).pointee.refusesEnd ? 1 : 0
            default: return 0
            }
        }
        return unsafe method
    }()
}
