import COpenSSL
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetTLS

@Suite("TLS streams (RFC 8446, RFC 5246)", .timeLimit(.minutes(1)))
struct TLSStreamTests {
    private static let versions: [TLSConfiguration.Version] = [.tls12, .tls13]

    @Test("A handshake settles what both sides speak", arguments: versions, [1, 16 * 1024])
    func handshake(version: TLSConfiguration.Version, pieceByteCount: Int) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(
            made.context(), .init(version: version, serverName: "localhost", authority: made.authority),
            pieceByteCount: pieceByteCount)
        try both.shakeHands()
        #expect(both.client.version == "TLSv\(version.rawValue)")
        #expect(both.client.applicationProtocol == "http/1.1")
        let session = both.server.session
        #expect(session.protocolVersion == "TLSv\(version.rawValue)")
        #expect(session.serverName == "localhost")
        #expect(!session.isResumed)
        #expect(session.cipher == (version == .tls12 ? "ECDHE-ECDSA-AES128-GCM-SHA256" : "TLS_AES_128_GCM_SHA256"))
    }

    @Test("Data goes both ways, cut anywhere", arguments: versions, [1, 7, 16 * 1024])
    func exchange(version: TLSConfiguration.Version, pieceByteCount: Int) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version), pieceByteCount: pieceByteCount)
        try both.shakeHands()
        try both.client.write("GET / HTTP/1.1\r\n")
        try both.client.write("\r\n")
        try both.deliver()
        #expect(both.server.received == [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8))
        both.give(try both.server.write([UInt8]("HTTP/1.1 ".utf8)))
        both.give(try both.server.write([UInt8]("200 OK\r\n".utf8)))
        #expect(both.client.readAll() == [UInt8]("HTTP/1.1 200 OK\r\n".utf8))
    }

    @Test("Content of many records arrives whole, both ways", arguments: versions)
    func large(version: TLSConfiguration.Version) throws {
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        both.give(try both.server.write(content))
        let isSame = both.client.readAll() == content
        #expect(isSame)
        try both.client.write(content)
        try both.deliver()
        let isSameBack = both.server.received == content
        #expect(isSameBack)
    }

    @Test("What is read in part waits inside, where poll cannot see it")
    func pending() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context())
        try both.shakeHands()
        try both.client.write("0123456789")
        let first = try both.server.read(both.client.takeCiphertext(), atMost: 4)
        #expect(first.plaintext == [UInt8]("0123".utf8))
        #expect(first.hasPending)
        let rest = try both.server.read([], atMost: 100)
        #expect(rest.plaintext == [UInt8]("456789".utf8))
        #expect(!rest.hasPending)
    }

    // MARK: ALPN and SNI

    @Test(
        "http/1.1 is chosen wherever it stands among the client's protocols (RFC 7301)",
        arguments: [["http/1.1"], ["h2", "http/1.1"], ["http/1.0", "http/1.1", "h3"]])
    func applicationProtocol(offered: [String]) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(protocols: offered))
        try both.shakeHands()
        #expect(both.client.applicationProtocol == "http/1.1")
        #expect(both.server.session.applicationProtocol == "http/1.1")
    }

    @Test("Of several the one is chosen that is the best here, whatever the client likes best", arguments: versions)
    func preference(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context(applicationProtocols: ["better", "http/1.1"])
        let both = try TLSConversation(context, .init(version: version, protocols: ["http/1.1", "better"]))
        try both.shakeHands()
        #expect(both.client.applicationProtocol == "better")
        #expect(both.server.session.applicationProtocol == "better")
    }

    @Test("A client that offers no protocols needs none, and where none is known what it offers is not answered")
    func noApplicationProtocol() throws {
        let made = try TestIdentities(["localhost"])
        for (known, offered) in [(["http/1.1"], []), ([], ["h2"])] as [([String], [String])] {
            let both = try TLSConversation(
                made.context(applicationProtocols: known), .init(protocols: offered))
            try both.shakeHands()
            #expect(both.client.applicationProtocol == nil)
            #expect(both.server.session.applicationProtocol == nil)
        }
    }

    @Test("A client that offers only others is refused, and why is known", arguments: versions)
    func noOverlap(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version, protocols: ["h2", "http/1.0"]))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .noSharedApplicationProtocol)
        #expect(both.client.handshake() != .wantsRead, "the client has got an alert")
    }

    @Test(
        "The name the client asks for chooses the certificate, the first is for all others (RFC 6066 §3)",
        arguments: [
            ("first.example", 0), ("second.example", 1), ("SECOND.example", 1), ("www.second.example", 1),
            ("a.b.second.example", 0), ("unknown.example", 0), (nil, 0),
        ] as [(String?, Int)], versions)
    func serverName(expected: (name: String?, index: Int), version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["first.example"], ["second.example", "*.second.example"])
        let both = try TLSConversation(made.context(), .init(version: version, serverName: expected.name))
        try both.shakeHands()
        #expect(both.client.wasShown(made.certificates[expected.index]))
        #expect(both.server.serverName == expected.name)
        #expect(both.client.applicationProtocol == "http/1.1", "whichever certificate was chosen")
    }

    @Test("A certificate for the very name goes before an earlier one with a wildcard")
    func exactServerName() throws {
        let made = try TestIdentities(["localhost"], ["*.example.test"], ["www.example.test"])
        let both = try TLSConversation(made.context(), .init(serverName: "www.example.test"))
        try both.shakeHands()
        #expect(both.client.wasShown(made.certificates[2]))
    }

    @Test("The chain behind the certificate is sent with it")
    func chain() throws {
        let identity = try DevelopmentAuthority.make(for: "tests").issue(for: ["localhost"])
        let context = try TLSContext(TLSConfiguration(identities: [identity], ticketKeys: .random()))
        let both = try TLSConversation(context)
        try both.shakeHands()
        #expect(both.client.chainCount == 2)
    }

    // MARK: Ends

    @Test("The client's close_notify is an orderly end, after which it can still be written to", arguments: versions)
    func closedByClient(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        #expect(!both.server.isClosedByPeer)
        try both.client.write("last words")
        both.client.close()
        try both.deliver()
        #expect(both.server.received == [UInt8]("last words".utf8))
        #expect(both.server.end == .endOfStream(isOrderly: true))
        #expect(both.server.isClosedByPeer)
        if version == .tls13 {
            both.give(try both.server.write([UInt8]("answer".utf8)))
            #expect(both.client.readAll() == [UInt8]("answer".utf8))
        }
    }

    @Test("The server's close_notify reaches the client, behind the data and once", arguments: versions)
    func closedByServer(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        both.give(try both.server.write([UInt8]("bye".utf8)))
        both.give(both.server.close())
        #expect(both.client.read() == .bytes([UInt8]("bye".utf8)))
        #expect(both.client.read() == .closedByPeer)
        #expect(both.server.close() == [], "repeating it sends nothing")
    }

    @Test(
        "A stream that is aborted ends with a fatal alert, behind the data and once (RFC 8446 §6.2)",
        arguments: versions, [0, 10, 100])
    func aborted(version: TLSConfiguration.Version, pendingByteCount: Int) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        // A part of a record, or a record and a part of the next, of which nothing is read.
        try both.client.write([UInt8](repeating: 1, count: 40))
        try both.client.write([UInt8](repeating: 2, count: 40))
        _ = try both.server.read([UInt8](both.client.takeCiphertext().prefix(pendingByteCount)), atMost: 1)
        both.give(try both.server.write([UInt8]("half".utf8)))
        both.give(both.server.abort())
        #expect(both.client.read() == .bytes([UInt8]("half".utf8)))
        #expect(both.client.read() == .failed)
        #expect(both.client.alert == (version == .tls13 ? SSL_AD_INTERNAL_ERROR : SSL_AD_DECODE_ERROR))
        #expect(both.server.abort() == [], "repeating it sends nothing")
    }

    @Test("A stream whose client has ended its own side can be aborted, too")
    func abortedHalfClosed() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: .tls13))
        try both.shakeHands()
        both.client.close()
        try both.deliver()
        both.give(both.server.abort())
        #expect(both.client.read() == .failed)
        #expect(both.client.alert == SSL_AD_INTERNAL_ERROR)
    }

    @Test("Streams go on and give session tickets when another of their context was aborted")
    func abortedAlone() throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context()
        let other = try TLSConversation(context, .init(version: .tls13))
        try other.shakeHands()
        _ = other.server.abort()
        let both = try TLSConversation(context, .init(version: .tls13))
        try both.shakeHands()
        let session = try both.endKeepingSession()
        let next = try TLSConversation(context, .init(version: .tls13), resuming: session)
        try next.shakeHands()
        #expect(next.client.isResumed)
    }

    @Test("A client takes a session ticket without an answer, whatever it has said before (RFC 8446 §4.6.1)")
    func ticket() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: .tls13))
        try both.shakeHands()
        both.client.close()
        try both.deliver()
        let ticket = try #require(try both.server.sendTicket())
        #expect(!ticket.isEmpty)
        both.give(ticket)
        #expect(both.client.read() == .wantsRead)
        #expect(both.client.takeCiphertext() == [])
        both.give(try both.server.write([UInt8]("answer".utf8)))
        #expect(both.client.read() == .bytes([UInt8]("answer".utf8)))
    }

    @Test("TLS 1.2 knows no session tickets behind the handshake")
    func noTicket() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: .tls12))
        try both.shakeHands()
        #expect(try both.server.sendTicket() == nil)
        both.give(try both.server.write([UInt8]("answer".utf8)))
        #expect(both.client.read() == .bytes([UInt8]("answer".utf8)))
    }

    @Test("A stream that just stops is no orderly end", arguments: versions)
    func abruptEnd(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        try both.client.write("half")
        try both.deliver()
        let (_, error) = both.server.turn(isAtEnd: true)
        #expect(error == nil)
        #expect(both.server.received == [UInt8]("half".utf8))
        #expect(both.server.end == .endOfStream(isOrderly: false))
        #expect(!both.server.isClosedByPeer)
    }

    @Test("A stream that stops within a record is no orderly end, and gives nothing of the record")
    func cutRecord() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context())
        try both.shakeHands()
        try both.client.write("never whole")
        let ciphertext = both.client.takeCiphertext()
        let (_, error) = both.server.turn([UInt8](ciphertext.dropLast()), isAtEnd: true)
        #expect(error == nil)
        #expect(both.server.received == [])
        #expect(both.server.end == .endOfStream(isOrderly: false))
    }

    @Test("A record that was tampered with is an error", arguments: versions)
    func tampering(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version))
        try both.shakeHands()
        try both.client.write("true words")
        var ciphertext = both.client.takeCiphertext()
        ciphertext[ciphertext.count - 1] ^= 1
        let (answer, error) = both.server.turn(ciphertext)
        #expect(error?.action == .read)
        #expect(both.server.received == [])
        #expect(!answer.isEmpty, "the client is told by an alert")
    }

    @Test("A stream keeps its context alive, which OpenSSL's callbacks use")
    func contextLifetime() throws {
        let made = try TestIdentities(["first.example"], ["second.example"])
        var context: TLSContext? = try made.context()
        weak let observer = context
        var both: TLSConversation? = try TLSConversation(
            try #require(context), .init(serverName: "second.example"))
        context = nil
        try both?.shakeHands()
        #expect(observer != nil)
        #expect(both?.client.wasShown(made.certificates[1]) == true)
        both = nil
        #expect(observer == nil)
    }

    // MARK: Refusals

    @Test(
        "What is no TLS is refused, and recognised",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", .plainHTTP), ("POST /x HTTP/1.0\r\n\r\n", .plainHTTP),
            ("SSH-2.0-OpenSSH_9.2\r\n", .notTLS), ("\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}", .notTLS),
            ("CONNECT localhost:443 HTTP/1.1\r\n\r\n", .notTLS),
        ] as [(String, HandshakeFailure)])
    func garbage(text: String, expected: HandshakeFailure) throws {
        let made = try TestIdentities(["localhost"])
        let server = try TLSServer(made.context())
        let (_, error) = server.turn([UInt8](text.utf8))
        #expect(error?.action == .handshake)
        #expect(error.flatMap(HandshakeFailure.init) == expected, "\(error?.description ?? "no error")")
    }

    @Test("A client that leaves during the handshake is said to have left", arguments: [0, 1, 100])
    func leaving(byteCount: Int) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context())
        _ = both.client.handshake()
        let hello = both.client.takeCiphertext()
        let (_, error) = both.server.turn([UInt8](hello.prefix(byteCount)), isAtEnd: true)
        #expect(error?.isUnexpectedEnd == true)
        #expect(error.flatMap(HandshakeFailure.init) == .clientLeft)
    }

    @Test("A client with too old a version is refused, and why is known")
    func oldVersion() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(minimumVersion: .tls13), .init(version: .tls12))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .versionTooOld)
        #expect(both.server.offeredVersions?.description == "up to TLSv1.2")
    }

    @Test("What a hello offers is known as soon as it has been read, and until then nothing is")
    func offeredVersions() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), pieceByteCount: 16)
        #expect(both.server.offeredVersions == nil)
        try both.shakeHands()
        // A client's system may let it offer older ones, too.
        #expect(both.server.offeredVersions?.description.hasPrefix("TLSv1.3 TLSv1.2") == true)
        let server = try TLSServer(made.context())
        _ = server.turn([UInt8]("SSH-2.0-OpenSSH_9.2\r\n".utf8))
        #expect(server.offeredVersions == nil)
    }

    @Test(
        "Cipher suites without forward secrecy or authentication of data are refused",
        arguments: ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"])
    func weakSuites(suites: String) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: .tls12, suites12: suites))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .noSharedCipherSuite)
    }

    @Test("A client without a common group is refused, and why is known")
    func groups() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: .tls13, groups: "P-521"))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .noSharedGroup)
    }

    @Test("A client that does not trust us says so, and we can say it to the operator", arguments: versions)
    func distrust(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(), .init(version: version, trustsNobody: true))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error?.receivedAlert == 48)
        #expect(error.flatMap(HandshakeFailure.init) == .refusedByClient(.unknownAuthority))
    }
}
