import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

@Suite("TLS contexts")
struct TLSContextTests {
    @Test("A context without certificates makes no streams")
    func noIdentity() throws {
        let context = try TLSContext(TLSConfiguration(identities: [], ticketKeys: .random()))
        #expect(throws: TLSError.self) { _ = try TLSStream(context, over: Transport()) }
    }

    @Test("A damaged identity is refused when the context is made")
    func damaged() {
        var identity = Fixture.identity
        identity.key = SecretBytes([UInt8]())
        #expect(throws: TLSError.self) {
            try TLSContext(TLSConfiguration(identities: [identity], ticketKeys: .random()))
        }
    }

    @Test(
        "A host is covered by its name, by a star, or by its address",
        arguments: [
            ("example.org", true), ("EXAMPLE.org.", true), ("www.example.org", true), ("192.0.2.7", true),
            ("[2001:db8::7]", true), ("[2001:0DB8:0:0::0007]", true), ("[::ffff:192.0.2.7]", false),
            ("a.b.example.org", false), ("example.com", false), ("192.0.2.8", false), ("[2001:db8::8]", false),
            ("2001:db8::7", false), ("[192.0.2.7]", false), ("[example.org]", false), ("[", false), ("[]", false),
            ("", false), (".example.org", false), ("localhost", false),
        ])
    func covers(host: String, isCovered: Bool) throws {
        let other = try TestIdentities(["localhost"]).identities
        let context = try TLSContext(TLSConfiguration(identities: [Fixture.identity], ticketKeys: .random()))
        #expect(context.covers(host) == isCovered)
        let both = try TLSContext(TLSConfiguration(identities: other + [Fixture.identity], ticketKeys: .random()))
        #expect(both.covers(host) == (isCovered || host == "localhost"))
    }

    @Test("Secrets are logged when asked for, into a file for its owner alone")
    func keyLog() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path("keys")
        let made = try TestIdentities(["localhost"])
        let log = try FileDescriptor.openForAppending(path, mode: 0o600)
        let both = try TLSConversation(made.context(keyLogPath: path), .init(version: .tls13))
        try both.shakeHands()
        let text = try folder.text("keys")
        #expect(text.contains("SERVER_HANDSHAKE_TRAFFIC_SECRET "))
        #expect(text.contains("CLIENT_TRAFFIC_SECRET_0 "))
        #expect(text.hasSuffix("\n"))
        _ = log.number
    }

    @Test("A key log that cannot be opened is refused, by its name")
    func badKeyLog() throws {
        let made = try TestIdentities(["localhost"])
        let error = #expect(throws: TLSError.self) { try made.context(keyLogPath: "/nonexistent/keys") }
        #expect(error?.action == .openKeyLog(path: "/nonexistent/keys"))
        #expect(error?.description == "open the key log /nonexistent/keys: No such file or directory")
    }
}
