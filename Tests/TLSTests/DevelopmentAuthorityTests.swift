import COpenSSL
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetTLS

@Suite("The development authority")
struct DevelopmentAuthorityTests {
    @Test("It issues certificates for the names asked for, valid as long as browsers accept")
    func issuing() throws {
        let names = ["localhost", "*.app.test", "127.0.0.1", "::1"]
        let authority = try DevelopmentAuthority.make(for: "me")
        let certificate = try Certificate(authority.issue(for: names))
        #expect(certificate.names == names)
        #expect(authority.hasIssued(certificate))
        #expect(!certificate.isIssued(by: certificate))
        let now = WallTime.now
        #expect(!certificate.isEarly(at: now))
        #expect((396...397).contains(certificate.daysLeft(at: now)))
        #expect((3649...3650).contains(authority.daysLeft(at: now)))
    }

    @Test("No two authorities are the same, even with the same name")
    func differing() throws {
        let first = try DevelopmentAuthority.make(for: "me")
        let second = try DevelopmentAuthority.make(for: "me")
        #expect(try first.rootText() != second.rootText())
        #expect(!second.hasIssued(try Certificate(first.issue(for: ["localhost"]))))
    }

    @Test("A name too long for the subject is still a name of the certificate")
    func longName() throws {
        let name = String(repeating: "a", count: 60) + ".example.test"
        let authority = try DevelopmentAuthority.make(for: String(repeating: "ä", count: 100))
        #expect(try Certificate(authority.issue(for: [name])).names == [name])
    }

    @Test("A client that trusts the root trusts its certificates, for their names only")
    func trust() throws {
        let made = try TestIdentities(["localhost"])
        let good = try TLSConversation(
            made.context(), .init(serverName: "localhost", authority: made.authority))
        try good.shakeHands()
        #expect(good.client.wasShown(made.certificates[0]))

        let wrongName = try TLSConversation(
            made.context(), .init(serverName: "example.test", authority: made.authority))
        #expect(throws: TLSError.self) { try wrongName.shakeHands() }
    }

    @Test(
        "What it signs for others' names and addresses is refused, even together with a good name",
        arguments: [
            ["example.org"], ["localhost", "example.org"], ["*.example.org"], ["localhost", "8.8.8.8"],
            ["localhost", "2001:db8::1"],
        ])
    func constrained(names: [String]) throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        let context = try TLSContext(
            TLSConfiguration(identities: [authority.issue(for: names)], ticketKeys: .random()))
        let client = try TLSConversation(
            context, .init(serverName: names[0].hasPrefix("*") ? "a.example.org" : names[0], authority: authority))
        #expect(throws: TLSError.self) { try client.shakeHands() }
        #expect([X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION].contains(client.client.verification))
    }

    @Test("An authority for one name signs for it and what is beneath it, and for nothing local")
    func named() throws {
        let authority = try DevelopmentAuthority.make(for: "me", scope: .name("example.org"))
        for (names, isGood) in [
            (["example.org", "*.example.org"], true), (["localhost"], false), (["127.0.0.1"], false),
        ] {
            let context = try TLSContext(
                TLSConfiguration(identities: [authority.issue(for: names)], ticketKeys: .random()))
            let client = try TLSConversation(context, .init(serverName: names[0], authority: authority))
            if isGood {
                try client.shakeHands()
            } else {
                #expect(throws: TLSError.self) { try client.shakeHands() }
            }
        }
    }

    @Test("An authority for a name of one label signs for nothing beneath it")
    func singleLabel() throws {
        let authority = try DevelopmentAuthority.make(for: "me", scope: .name("nas"))
        for (name, isGood) in [("nas", true), ("www.nas", false)] {
            let context = try TLSContext(
                TLSConfiguration(identities: [authority.issue(for: [name])], ticketKeys: .random()))
            let client = try TLSConversation(context, .init(serverName: name, authority: authority))
            if isGood { try client.shakeHands() } else { #expect(throws: TLSError.self) { try client.shakeHands() } }
        }
    }

    @Test("What was kept is read again; what is damaged, foreign or not limited is known as that")
    func reading() throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        #expect(try DevelopmentAuthority(authority.identity, scope: .local).rootText() == authority.rootText())

        var torn = authority.identity
        torn.chain.removeLast(torn.chain.count / 2 + 30)
        let isDamaged: (AuthorityFault?) -> Bool = { if case .damaged = $0 { true } else { false } }
        #expect(isDamaged(#expect(throws: AuthorityFault.self) { try DevelopmentAuthority(torn, scope: .local) }))
        var otherKey = authority.identity
        otherKey.key = try DevelopmentAuthority.make(for: "me").identity.key
        #expect(isDamaged(#expect(throws: AuthorityFault.self) { try DevelopmentAuthority(otherKey, scope: .local) }))

        let isUnlimited: (AuthorityFault?) -> Bool = { if case .unlimited = $0 { true } else { false } }
        let other = #expect(throws: AuthorityFault.self) {
            try DevelopmentAuthority(authority.identity, scope: .name("example.org"))
        }
        #expect(isUnlimited(other))
        var mixed = authority.identity
        let first = try Certificate(authority.identity).certificateText(at: 0)
        mixed.chain = first + (try DevelopmentAuthority.make(for: "me").rootText())
        #expect(isUnlimited(#expect(throws: AuthorityFault.self) { try DevelopmentAuthority(mixed, scope: .local) }))
        mixed.chain = first
        #expect(isUnlimited(#expect(throws: AuthorityFault.self) { try DevelopmentAuthority(mixed, scope: .local) }))

        let foreign = #expect(throws: AuthorityFault.self) { try DevelopmentAuthority(Fixture.identity, scope: .local) }
        if case .foreign = foreign {} else { Issue.record("\(String(describing: foreign))") }
    }
}
