import MartinetBytes
import MartinetPOSIX
import MartinetTLS
import Testing

@Suite("Where ciphertext is staged and gathered")
struct TransportTests {
    @Test("What one turn leaves unread, the next begins with, before what comes then")
    func unread() throws {
        let transport = try Transport()
        let sockets = try SocketPair()
        try sockets.first.setNonBlocking()
        var unread = ByteQueue()
        unread.append("ab")
        transport.begin(with: &unread, isAtEnd: false)
        #expect(unread.count == 0)
        #expect(transport.firstStagedByte == UInt8(ascii: "a"))
        let more: [UInt8] = [UInt8](("cd").utf8)
        _ = try sockets.second.send(more.span)
        #expect(try transport.receive(from: sockets.first) == .bytes(2))
        #expect(transport.stagedByteCount == 4)
        #expect(try transport.receive(from: sockets.first) == .wouldBlock)
        transport.keepUnread(in: &unread)
        #expect(String(decoding: unread.readable) == "abcd")
        #expect(transport.stagedByteCount == 0)
        #expect(transport.firstStagedByte == nil)
    }

    @Test("A turn begins with nothing of another connection's")
    func separate() throws {
        let transport = try Transport()
        var one = ByteQueue(), other = ByteQueue()
        one.append("secret")
        transport.begin(with: &one, isAtEnd: false)
        transport.begin(with: &other, isAtEnd: false)
        #expect(transport.stagedByteCount == 0)
    }

    @Test("A turn reads so much from its socket and no more")
    func limit() throws {
        let transport = try Transport()
        let sockets = try SocketPair()
        try sockets.first.setNonBlocking()
        try sockets.second.setNonBlocking()
        let bytes = [UInt8](repeating: 1, count: Transport.stagingByteCount + 10)
        var sent = 0
        while sent < bytes.count, case .bytes(let count) = try sockets.second.send(bytes.span.extracting(sent...)) {
            sent += count
        }
        try #require(sent == bytes.count)
        var nothing = ByteQueue()
        transport.begin(with: &nothing, isAtEnd: false)
        while case .bytes = try transport.receive(from: sockets.first) {}
        #expect(transport.stagedByteCount == Transport.stagingByteCount)
    }

    @Test("A peer's end of stream is passed on")
    func end() throws {
        let transport = try Transport()
        let sockets = try SocketPair()
        sockets.second.shutdownSending()
        var nothing = ByteQueue()
        transport.begin(with: &nothing, isAtEnd: false)
        #expect(try transport.receive(from: sockets.first) == .endOfStream)
    }

    @Test("What is gathered is sent in order, and what a socket refuses is kept")
    func sending() throws {
        let transport = try Transport()
        let sockets = try SocketPair()
        try sockets.first.setNonBlocking()
        try sockets.second.setNonBlocking()
        // More than a socket takes at once, and than the room that there is at first.
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        transport.gatherPlain(content.span.extracting(0..<1000))
        transport.gatherPlain(content.span.extracting(1000...))
        #expect(transport.gatheredByteCount == content.count)
        var unsent = ByteQueue()
        let sent = try transport.send(to: sockets.first, keeping: &unsent)
        #expect(sent > 0)
        #expect(sent + unsent.count == content.count)
        #expect(transport.gatheredByteCount == 0)
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while received.count < sent {
            var room = piece.mutableSpan
            guard case .bytes(let count) = try sockets.second.receive(into: &room) else { break }
            received += piece.prefix(count)
        }
        received += [UInt8](copying: unsent.readable)
        let isSame = received == content
        #expect(isSame)
    }

    @Test("What was gathered for a connection that failed is dropped")
    func discarding() throws {
        let transport = try Transport()
        let sockets = try SocketPair()
        transport.gatherPlain("abc".utf8.span)
        transport.discardGathered()
        var unsent = ByteQueue()
        #expect(try transport.send(to: sockets.first, keeping: &unsent) == 0)
        #expect(unsent.count == 0)
    }
}
