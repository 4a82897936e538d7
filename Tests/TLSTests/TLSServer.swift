import MartinetBytes
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

/// The server's side: a stream over a transport and a socket, as a worker has them, one turn at a time.
final class TLSServer {
    private let transport: Transport
    private let sockets: SocketPair
    private var stream: TLSStream
    private var unread = ByteQueue()
    private var unsent = ByteQueue()
    /// The plaintext that came.
    private(set) var received: [UInt8] = []
    private(set) var isHandshakeComplete = false
    /// How the client's stream ended; nil while it has not.
    private(set) var end: TLSStream.Progress?

    init(_ context: TLSContext) throws {
        transport = try Transport()
        sockets = try SocketPair()
        try sockets.first.setNonBlocking()
        try sockets.second.setNonBlocking()
        stream = try TLSStream(context, over: transport)
    }

    /// Takes ciphertext from the client and returns the ciphertext for it, also when the stream throws.
    func turn(_ ciphertext: [UInt8] = [], isAtEnd: Bool = false) -> (answer: [UInt8], error: TLSError?) {
        unread.append(ciphertext)
        transport.begin(with: &unread, isAtEnd: isAtEnd)
        var failure: TLSError?
        do throws(TLSError) { try advance() } catch { failure = error }
        return (finishTurn(), failure)
    }

    func write(_ bytes: [UInt8]) throws -> [UInt8] {
        transport.begin(with: &unread, isAtEnd: false)
        try stream.write(bytes.span)
        return finishTurn()
    }

    func abort() -> [UInt8] {
        transport.begin(with: &unread, isAtEnd: false)
        stream.abort()
        return finishTurn()
    }

    /// The record with a session ticket; nil where there is none in this version.
    func sendTicket() throws -> [UInt8]? {
        transport.begin(with: &unread, isAtEnd: false)
        let isSent = try stream.sendTicket()
        let answer = finishTurn()
        return isSent ? answer : nil
    }

    func close() -> [UInt8] {
        transport.begin(with: &unread, isAtEnd: false)
        stream.close()
        return finishTurn()
    }

    /// Reads so much plaintext and no more, and says whether more waits inside.
    func read(_ ciphertext: [UInt8], atMost byteCount: Int) throws -> (plaintext: [UInt8], hasPending: Bool) {
        unread.append(ciphertext)
        transport.begin(with: &unread, isAtEnd: false)
        var queue = ByteQueue()
        _ = try stream.read(into: &queue, atMost: byteCount)
        let plaintext = [UInt8](copying: queue.readable)
        let hasPending = stream.hasPending
        _ = finishTurn()
        return (plaintext, hasPending)
    }

    var session: TLSSession { stream.session }
    var serverName: String? { stream.serverName }
    var offeredVersions: OfferedVersions? { stream.offeredVersions }
    var isClosedByPeer: Bool { stream.isClosedByPeer }

    private func advance() throws(TLSError) {
        if !isHandshakeComplete {
            guard try stream.handshake() == .done(0) else { return }
            isHandshakeComplete = true
        }
        var queue = ByteQueue()
        while true {
            let progress = try stream.read(into: &queue, atMost: 4096)
            switch progress {
            case .done(let count):
                received += [UInt8](copying: queue.readable)
                queue.consume(count)
            case .wantsRead:
                return
            case .endOfStream:
                end = progress
                return
            }
        }
    }

    /// Ends the turn as a worker does, and reads at the client's end of the socket what was sent.
    private func finishTurn() -> [UInt8] {
        transport.keepUnread(in: &unread)
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        do throws(SystemError) {
            _ = try transport.send(to: sockets.first, keeping: &unsent)
            while true {
                var room = piece.mutableSpan
                if case .bytes(let count) = try sockets.second.receive(into: &room) {
                    answer += piece.prefix(count)
                } else if unsent.isEmpty {
                    break
                }
                let rest = [UInt8](copying: unsent.readable)
                if case .bytes(let count) = try sockets.first.send(rest.span) { unsent.consume(count) }
            }
        } catch {
            Issue.record("the socket failed: \(error)")
        }
        return answer
    }
}

/// A client and a server that speak to each other, their ciphertext cut into pieces of a given size.
final class TLSConversation {
    let client: TLSClient
    let server: TLSServer
    private let pieceByteCount: Int

    init(
        _ context: TLSContext, _ options: TLSClient.Options = .init(), resuming session: TLSClientSession? = nil,
        pieceByteCount: Int = 16 * 1024
    ) throws {
        client = try TLSClient(options, resuming: session)
        server = try TLSServer(context)
        self.pieceByteCount = pieceByteCount
    }

    /// Brings what the client has written to the server, and its answers back; throws what the server throws.
    func deliver() throws {
        let ciphertext = client.takeCiphertext()
        var start = 0
        while start < ciphertext.count {
            let end = min(start + pieceByteCount, ciphertext.count)
            let (answer, error) = server.turn([UInt8](ciphertext[start..<end]))
            give(answer)
            if let error { throw error }
            start = end
        }
    }

    /// Brings ciphertext to the client in pieces.
    func give(_ ciphertext: [UInt8]) {
        var start = 0
        while start < ciphertext.count {
            let end = min(start + pieceByteCount, ciphertext.count)
            client.give([UInt8](ciphertext[start..<end]))
            // A handshake is taken on byte by byte too.
            if !server.isHandshakeComplete { _ = client.handshake() }
            start = end
        }
    }

    /// The whole handshake; throws what the server throws.
    func shakeHands() throws {
        for _ in 0..<10 {
            let outcome = client.handshake()
            try deliver()
            if outcome == .done, server.isHandshakeComplete { return }
        }
        Issue.record("the handshake does not end")
    }

    /// Has the client leave in good order, and returns the session it keeps.
    func endKeepingSession() throws -> TLSClientSession {
        // The ticket of TLS 1.3 comes behind the handshake.
        #expect(client.read() == .wantsRead)
        let session = try client.session()
        client.close()
        try deliver()
        return session
    }
}

/// Certificates of one authority, made anew for each test.
struct TestIdentities {
    let authority: DevelopmentAuthority
    let identities: [TLSConfiguration.Identity]
    let certificates: [Certificate]

    init(_ names: [String]...) throws {
        let authority = try DevelopmentAuthority.make(for: "tests")
        self.authority = authority
        identities = try names.map { try authority.issue(for: $0) }
        certificates = try identities.map { try Certificate($0) }
    }

    func context(
        minimumVersion: TLSConfiguration.Version = .tls12, ticketKeys: TicketKeys? = nil, keyLogPath: String? = nil,
        clients: TLSConfiguration.ClientAuthentication? = nil, applicationProtocols: [String] = ["http/1.1"]
    ) throws -> TLSContext {
        try TLSContext(
            TLSConfiguration(
                identities: identities, minimumVersion: minimumVersion,
                ticketKeys: try ticketKeys ?? .random(), keyLogPath: keyLogPath, clientAuthentication: clients),
            applicationProtocols: applicationProtocols)
    }
}
