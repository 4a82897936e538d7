import COpenSSL
import MartinetTestSupport
import Testing

@testable import MartinetTLS

@Suite("Client certificates (RFC 8446 §4.3.2, RFC 5246 §7.4.4)", .timeLimit(.minutes(1)))
struct ClientAuthenticationTests {
    private static let versions: [TLSConfiguration.Version] = [.tls12, .tls13]

    private func rules(
        _ authorities: [ClientFixture] = [.root], isRequired: Bool = true
    ) -> TLSConfiguration.ClientAuthentication {
        TLSConfiguration.ClientAuthentication(
            source: "authorities.pem", authorities: ClientFixture.text(authorities), isRequired: isRequired)
    }

    private func converse(
        _ context: TLSContext, _ version: TLSConfiguration.Version, showing chain: [ClientFixture],
        serverName: String? = nil, resuming session: TLSClientSession? = nil
    ) throws -> TLSConversation {
        try TLSConversation(
            context,
            .init(version: version, serverName: serverName, identity: ClientFixture.identity(chain)),
            resuming: session)
    }

    /// A conversation whose handshake is over.
    private func shakeHands(
        _ context: TLSContext, _ version: TLSConfiguration.Version, showing chain: [ClientFixture],
        serverName: String? = nil, resuming session: TLSClientSession? = nil
    ) throws -> TLSConversation {
        let conversation = try converse(context, version, showing: chain, serverName: serverName, resuming: session)
        try conversation.shakeHands()
        return conversation
    }

    // MARK: Who is let in

    @Test("A certificate of the authority is taken, and its fields are known", arguments: versions, [true, false])
    func given(version: TLSConfiguration.Version, isRequired: Bool) throws {
        let made = try TestIdentities(["localhost"])
        let both = try shakeHands(
            made.context(clients: rules(isRequired: isRequired)), version, showing: [.zoe])
        let certificate = try #require(both.server.session.clientCertificate)
        #expect(certificate.subject == ClientFixture.zoeSubject)
        #expect(certificate.issuer == "CN=Root,O=Example")
        #expect(certificate.commonName == "Zoë", "the first of two")
        #expect(certificate.serialNumber == "0AF003C0FFEE")
        #expect(certificate.notBefore == "Nov  2 03:04:05 2026 GMT")
        #expect(certificate.notAfter == "Dec 31 23:59:59 2126 GMT")
        #expect(both.client.namedAuthorityCount == 1)
        let attributes = Dictionary(certificate.attributes.map { ($0.name, $0.value) }) { $1 }
        #expect(attributes.count == certificate.attributes.count, "none is there twice")
        let expected = [
            "S_DN": ClientFixture.zoeSubject, "S_DN_O": "Example, Inc.", "S_DN_CN": "Zoë", "S_DN_CN_0": "Zoë",
            "S_DN_CN_1": "Second", "I_DN": "CN=Root,O=Example", "I_DN_CN": "Root", "I_DN_O": "Example",
            "M_SERIAL": "0AF003C0FFEE", "M_VERSION": "3", "V_START": "Nov  2 03:04:05 2026 GMT",
            "V_END": "Dec 31 23:59:59 2126 GMT", "A_KEY": "id-ecPublicKey", "A_SIG": "ecdsa-with-SHA256",
        ]
        for (name, value) in expected { #expect(attributes[name] == value, "\(name)") }
        #expect(try #require(attributes["V_REMAIN"].flatMap { Int($0) }) > 30_000)
        #expect(attributes["CERT"]?.hasPrefix("-----BEGIN CERTIFICATE-----\n") == true)
        #expect(attributes["I_DN_CN_0"] == nil && attributes["SAN_DNS_0"] == nil)
    }

    @Test("A client without a certificate is refused where one is required, and why is known", arguments: versions)
    func missing(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try converse(made.context(clients: rules()), version, showing: [])
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .noClientCertificate)
        #expect(both.client.read() != .wantsRead, "the client has got an alert")
    }

    @Test("A client without a certificate is nobody where it is optional", arguments: versions)
    func missingOptional(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try shakeHands(made.context(clients: rules(isRequired: false)), version, showing: [])
        #expect(both.server.session.clientCertificate == nil)
    }

    @Test("A client that is not asked shows nothing", arguments: versions)
    func unasked(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let both = try shakeHands(made.context(), version, showing: [.zoe])
        #expect(both.server.session.clientCertificate == nil)
        #expect(both.client.namedAuthorityCount == 0)
    }

    @Test(
        "A certificate that is no good is refused, required or not, and why is known",
        arguments: [
            (.expired, .expired), (.early, .notYetValid), (.server, .wrongPurpose), (.deep, .unknownAuthority),
            (.forged, .unknownAuthority),
        ] as [(ClientFixture, HandshakeFailure.Fault)],
        [(.tls12, true), (.tls12, false), (.tls13, true), (.tls13, false)] as [(TLSConfiguration.Version, Bool)])
    func bad(
        shown: (certificate: ClientFixture, expected: HandshakeFailure.Fault),
        how: (version: TLSConfiguration.Version, isRequired: Bool)
    ) throws {
        let made = try TestIdentities(["localhost"])
        let both = try converse(
            made.context(clients: rules(isRequired: how.isRequired)), how.version, showing: [shown.certificate])
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .badClientCertificate(shown.expected))
    }

    @Test("The authority behind the server's own certificate counts for nothing with clients")
    func ownAuthority() throws {
        let made = try TestIdentities(["localhost"])
        let both = try TLSConversation(made.context(clients: rules()), .init(identity: made.identities[0]))
        let error = #expect(throws: TLSError.self) { try both.shakeHands() }
        #expect(error.flatMap(HandshakeFailure.init) == .badClientCertificate(.unknownAuthority))
    }

    // MARK: Chains and several authorities

    @Test(
        "An intermediate comes from the client, or is an authority itself, its root known or not",
        arguments: [
            ([.root], [.deep, .intermediate]), ([.root, .intermediate], [.deep]), ([.intermediate], [.deep]),
        ] as [([ClientFixture], [ClientFixture])])
    func chains(authorities: [ClientFixture], shown: [ClientFixture]) throws {
        let made = try TestIdentities(["localhost"])
        let both = try shakeHands(made.context(clients: rules(authorities)), .tls13, showing: shown)
        let certificate = try #require(both.server.session.clientCertificate)
        #expect(certificate.subject == #"CN=line\0Abreak"#)
        #expect(certificate.commonName == #"line\0Abreak"#, "no control character stays as it is")
        #expect(certificate.issuer == "CN=Intermediate,O=Example")
    }

    @Test("Whichever certificate the server name chooses, the client is asked for its own", arguments: versions)
    func serverName(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["first.example"], ["second.example"])
        let context = try made.context(clients: rules())
        let known = try shakeHands(context, version, showing: [.zoe], serverName: "second.example")
        #expect(known.server.session.clientCertificate?.commonName == "Zoë")
        let unknown = try converse(context, version, showing: [], serverName: "second.example")
        #expect(throws: TLSError.self) { try unknown.shakeHands() }
    }

    @Test("A file without a certificate, or with a damaged one, is refused", arguments: ["", "hello", nil])
    func noAuthority(text: String?) {
        let whole = String(decoding: ClientFixture.text([.root, .intermediate]), as: UTF8.self)
        var rules = rules()
        rules.authorities = [UInt8]((text ?? whole.replacing("MIIBn", with: "MIICn")).utf8)
        let error = #expect(throws: TLSError.self) { try ClientAuthorities(rules) }
        #expect(error?.action == .readCertificate(source: rules.source))
    }

    // MARK: Resumption

    @Test("A resumed session keeps the client's certificate", arguments: versions, [true, false])
    func resumption(version: TLSConfiguration.Version, isRequired: Bool) throws {
        let made = try TestIdentities(["localhost"])
        let keys = try TicketKeys.random()
        let contexts = try (0..<2).map { _ in
            try made.context(ticketKeys: keys, clients: rules(isRequired: isRequired))
        }
        let first = try shakeHands(contexts[0], version, showing: [.zoe])
        let certificate = try #require(first.server.session.clientCertificate)
        let session = try first.endKeepingSession()
        // It does not even have the certificate at hand any more.
        let next = try shakeHands(contexts[1], version, showing: [], resuming: session)
        #expect(next.server.session.isResumed)
        #expect(next.server.session.clientCertificate == certificate)
        let third = try shakeHands(contexts[0], version, showing: [], resuming: next.endKeepingSession())
        #expect(third.server.session.isResumed)
        #expect(third.server.session.clientCertificate == certificate)
    }

    @Test("A session without a certificate resumes as one", arguments: versions)
    func anonymousResumption(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context(clients: rules(isRequired: false))
        let first = try shakeHands(context, version, showing: [])
        let next = try shakeHands(context, version, showing: [], resuming: first.endKeepingSession())
        #expect(next.server.session.isResumed)
        #expect(next.server.session.clientCertificate == nil)
    }

    @Test("A session that began under other rules does not resume", arguments: versions)
    func otherRules(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let keys = try TicketKeys.random()
        for earlier in [nil, rules(isRequired: false), rules([.root, .intermediate])] {
            let first = try shakeHands(
                made.context(ticketKeys: keys, clients: earlier), version, showing: [.zoe])
            let session = try first.endKeepingSession()
            let next = try shakeHands(
                made.context(ticketKeys: keys, clients: rules()), version, showing: [.zoe], resuming: session)
            #expect(!next.server.session.isResumed)
            #expect(next.server.session.clientCertificate != nil)
        }
    }

    @Test("A session does not outlive its certificate", arguments: versions)
    func expiredResumption(version: TLSConfiguration.Version) throws {
        let made = try TestIdentities(["localhost"])
        let context = try made.context(clients: rules())
        // A certificate that was good a moment ago: expiry alone is overlooked where a session begins.
        unsafe X509_VERIFY_PARAM_set_flags(
            SSL_CTX_get0_param(context.pointer), CUnsignedLong(X509_V_FLAG_NO_CHECK_TIME))
        let first = try shakeHands(context, version, showing: [.expired])
        let next = try shakeHands(
            context, version, showing: [.zoe], resuming: first.endKeepingSession())
        #expect(!next.server.session.isResumed)
        #expect(next.server.session.clientCertificate?.commonName == "Zoë")
    }
}
