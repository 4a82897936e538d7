import FoundationEssentials
import TLS
import Testing

@Suite("Resumption by tickets (RFC 8446 §2.2, RFC 5077)")
struct TicketKeysTests {
    private static let versions: [TLSConfiguration.Version] = [.tls12, .tls13]

    @Test("A session begun with one context resumes with another that has the same keys", arguments: versions)
    func sharedKeys(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let keys = try TicketKeys.random()
        let session = try begin(try made.context(ticketKeys: keys), version)
        let both = try TLSConversation(
            made.context(ticketKeys: keys), .init(version: version, serverName: "localhost"), resuming: session)
        try both.shakeHands()
        #expect(both.client.isResumed)
        #expect(both.server.session.isResumed)
        #expect(both.client.applicationProtocol == "http/1.1")
        try both.client.write("resumed")
        try both.deliver()
        #expect(both.server.received == [UInt8]("resumed".utf8))
    }

    @Test("With other keys the handshake is a full one, not a failure", arguments: versions)
    func otherKeys(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let session = try begin(try made.context(), version)
        let both = try TLSConversation(
            made.context(), .init(version: version, serverName: "localhost"), resuming: session)
        try both.shakeHands()
        #expect(!both.client.isResumed)
        #expect(!both.server.session.isResumed)
    }

    @Test("Keys are random, and the same again when a worker reads what its supervisor wrote")
    func coding() throws {
        let keys = try TicketKeys.random()
        #expect(try TicketKeys.random() != keys)
        let text = try JSONEncoder().encode(keys)
        #expect(try JSONDecoder().decode(TicketKeys.self, from: text) == keys)
    }

    /// A first connection, whose session the client keeps.
    private func begin(_ context: TLSContext, _ version: TLSConfiguration.Version) throws -> TLSClientSession {
        let both = try TLSConversation(context, .init(version: version, serverName: "localhost"))
        try both.shakeHands()
        return try both.endKeepingSession()
    }
}
