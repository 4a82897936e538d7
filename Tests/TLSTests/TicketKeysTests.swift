import MartinetEvents
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
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
        #expect(both.server.session.applicationProtocol == "http/1.1")
        try both.client.write("resumed")
        try both.deliver()
        #expect(both.server.received == [UInt8]("resumed".utf8))
    }

    @Test("With other keys the handshake is a full one, not a failure", arguments: versions)
    func otherKeys(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let session = try begin(try made.context(), version)
        #expect(try !resumes(session, made.context(), version))
    }

    @Test("A ticket is opened for an interval after its key has sealed its last, and not longer", arguments: versions)
    func rotation(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context()
        let session = try begin(context, version)
        context.advanceTicketKeys(to: try TicketKeys.makeKey())
        #expect(try resumes(session, context, version))
        let newer = try begin(context, version)
        context.advanceTicketKeys(to: try TicketKeys.makeKey())
        #expect(try !resumes(session, context, version))
        #expect(try resumes(newer, context, version))
        context.advanceTicketKeys(to: try TicketKeys.makeKey())
        #expect(try !resumes(newer, context, version))
    }

    @Test("Who resumes with an old ticket gets one that the next key opens", arguments: versions)
    func renewal(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context()
        var session = try begin(context, version)
        for _ in 0..<4 {
            context.advanceTicketKeys(to: try TicketKeys.makeKey())
            let both = try TLSConversation(
                context, .init(version: version, serverName: "localhost"), resuming: session)
            try both.shakeHands()
            #expect(both.client.isResumed)
            session = try both.endKeepingSession()
        }
    }

    @Test("A context that is told late of a new key opens what others seal meanwhile", arguments: versions)
    func late(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let keys = try TicketKeys.random()
        let (early, late) = (try made.context(ticketKeys: keys), try made.context(ticketKeys: keys))
        let key = try TicketKeys.makeKey()
        early.advanceTicketKeys(to: key)
        let session = try begin(early, version)
        #expect(try resumes(session, late, version))
        late.advanceTicketKeys(to: key)
        #expect(try resumes(session, late, version))
        early.advanceTicketKeys(to: try TicketKeys.makeKey())
        #expect(try resumes(try begin(late, version), early, version))
    }

    @Test("A context that is told of no keys makes its own", arguments: versions)
    func ownKeys(version: TLSConfiguration.Version) throws {
        let context = try TLSContext(TLSConfiguration(identities: TestIdentities(["localhost"]).identities))
        #expect(try resumes(begin(context, version), context, version))
    }

    @Test("Clients are told how long a ticket is good (RFC 8446 §4.6.1)", arguments: versions)
    func lifetime(version: TLSConfiguration.Version) throws {
        #expect(try begin(TestIdentities(["localhost"]).context(), version).lifetimeHint == 3600)
    }

    @Test("A worker reads the keys that its supervisor wrote, and nothing else for keys")
    func coding() throws {
        var keys = try TicketKeys.random()
        #expect(try TicketKeys.random() != keys)
        #expect(TicketKeys(keys.encoded) == keys)
        keys.advance(to: try TicketKeys.makeKey())
        #expect(TicketKeys(keys.encoded) == keys)
        // Not a key: nothing changes.
        let before = keys
        keys.advance(to: SecretBytes([1, 2, 3] as [UInt8]))
        #expect(keys == before)
        let key = try TicketKeys.makeKey()
        for parts in [[], [key], [key, key, key, key], [key, SecretBytes([0] as [UInt8])]] {
            #expect(TicketKeys(.joined(parts)) == nil)
        }
        #expect(TicketKeys(SecretBytes([0] as [UInt8])) == nil)
    }

    @Test("Keys change once an interval, however late it is noticed")
    func schedule() throws {
        let start = MonotonicTime(nanoseconds: 5)
        var rotation = TicketKeyRotation(start)
        #expect(rotation.due == start + .seconds(3600))
        #expect(try rotation.advance(start) == nil)
        #expect(try rotation.advance(start + .seconds(3599)) == nil)
        let first = try #require(try rotation.advance(start + .seconds(3600)))
        #expect(try rotation.advance(start + .seconds(3600)) == nil)
        let second = try #require(try rotation.advance(start + .seconds(90_000)))
        #expect(first != second)
        #expect(rotation.due == start + .seconds(93_600))
    }

    /// A first connection, whose session the client keeps.
    private func begin(_ context: TLSContext, _ version: TLSConfiguration.Version) throws -> TLSClientSession {
        let both = try TLSConversation(context, .init(version: version, serverName: "localhost"))
        try both.shakeHands()
        return try both.endKeepingSession()
    }

    private func resumes(
        _ session: TLSClientSession, _ context: TLSContext, _ version: TLSConfiguration.Version
    ) throws -> Bool {
        let both = try TLSConversation(context, .init(version: version, serverName: "localhost"), resuming: session)
        try both.shakeHands()
        #expect(both.client.isResumed == both.server.session.isResumed)
        // A session whose connection breaks off is not tried again.
        both.client.close()
        return both.client.isResumed
    }
}
