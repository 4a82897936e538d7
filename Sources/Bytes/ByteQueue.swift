/// Bytes in the order they came: appended at the end, consumed at the front.
///
/// An empty queue owns no memory until it is written to. Positions are kept so that `readable` is always one
/// contiguous span; consuming the last byte makes the whole storage room again.
package struct ByteQueue: ~Copyable {
    private var storage: [UInt8]
    private var head = 0
    private var tail = 0

    /// A queue with room for `capacity` bytes at once; it grows beyond that when asked to.
    package init(capacity: Int = 0) {
        storage = capacity > 0 ? [UInt8](repeating: 0, count: capacity) : []
    }

    package var count: Int { tail - head }
    package var isEmpty: Bool { head == tail }

    /// The bytes that `room(atLeast:)` can give without moving or allocating anything.
    package var capacity: Int { storage.count }

    /// All bytes waiting, oldest first.
    package var readable: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(head..<tail) }
    }

    /// Drops the `byteCount` oldest bytes.
    package mutating func consume(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count, "consumed more bytes than the queue holds")
        head += byteCount
        if head == tail { removeAll() }
    }

    /// Drops every byte and keeps the storage.
    package mutating func removeAll() {
        head = 0
        tail = 0
    }

    /// Drops every byte and the storage with them.
    package mutating func releaseStorage() {
        storage = []
        removeAll()
    }

    /// Writable room of at least `byteCount` bytes behind the last byte; `commit(_:)` says how many were written.
    @_lifetime(&self)
    package mutating func room(atLeast byteCount: Int) -> MutableSpan<UInt8> {
        if storage.count - tail < byteCount { makeRoom(byteCount) }
        return storage.mutableSpan._consumingExtracting(droppingFirst: tail)
    }

    /// Adds the first `byteCount` bytes of the room handed out before.
    package mutating func commit(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= storage.count - tail, "committed more bytes than there was room")
        tail += byteCount
    }

    /// Writes over bytes that are already in the queue, `offset` bytes behind its front.
    package mutating func overwrite(at offset: Int, with bytes: Span<UInt8>) {
        precondition(offset >= 0 && offset + bytes.count <= count, "overwrote bytes outside the queue")
        let start = head + offset
        var all = storage.mutableSpan
        all.copy(from: bytes, at: start)
    }

    /// Writes the bytes of an array over bytes that are already in the queue.
    package mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
        overwrite(at: offset, with: bytes.span)
    }

    private mutating func makeRoom(_ byteCount: Int) {
        let waiting = count
        if head > 0, storage.count - waiting >= byteCount {
            let range = head..<tail
            var all = storage.mutableSpan
            all.moveToFront(range)
        } else {
            var larger = [UInt8](repeating: 0, count: max(storage.count * 2, waiting + byteCount, 512))
            var destination = larger.mutableSpan
            destination.copy(from: storage.span.extracting(head..<tail), at: 0)
            storage = larger
        }
        head = 0
        tail = waiting
    }
}

extension ByteQueue: ByteSink {
    package mutating func append(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty else { return }
        var free = room(atLeast: bytes.count)
        free.copy(from: bytes, at: 0)
        commit(bytes.count)
    }
}
