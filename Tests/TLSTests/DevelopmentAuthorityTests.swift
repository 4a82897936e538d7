import MartinetEvents
import MartinetPOSIX
import MartinetTLS
import Testing

@Suite("The development authority")
struct DevelopmentAuthorityTests {
    @Test("It issues certificates for the names asked for, signed by itself and valid as long as browsers accept")
    func issuing() throws {
        let names = ["localhost", "*.example.org", "127.0.0.1", "::1"]
        let authority = try Certificate(DevelopmentAuthority.make(named: "Mine"))
        let certificate = try Certificate(DevelopmentAuthority.issue(for: names, by: authority))
        #expect(certificate.names == names)
        #expect(certificate.isIssued(by: authority))
        #expect(!certificate.isIssued(by: certificate))
        let now = WallTime.now
        #expect(!certificate.isEarly(at: now))
        #expect((396...397).contains(certificate.daysLeft(at: now)))
        #expect((3649...3650).contains(authority.daysLeft(at: now)))
        #expect(authority.names == [])
    }

    @Test("No two authorities are the same, even with the same name")
    func differing() throws {
        let first = try Certificate(DevelopmentAuthority.make(named: "Mine"))
        let second = try Certificate(DevelopmentAuthority.make(named: "Mine"))
        #expect(first.fingerprint != second.fingerprint)
        let certificate = try Certificate(DevelopmentAuthority.issue(for: ["localhost"], by: first))
        #expect(!certificate.isIssued(by: second))
    }

    @Test("A name too long for the subject is still a name of the certificate")
    func longName() throws {
        let name = String(repeating: "a", count: 60) + ".example.org"
        let authority = try Certificate(DevelopmentAuthority.make(named: String(repeating: "x", count: 100)))
        #expect(try Certificate(DevelopmentAuthority.issue(for: [name], by: authority)).names == [name])
    }

    @Test("A client that trusts the authority trusts its certificates, for their names only")
    func trust() throws {
        let made = try TestIdentities(["localhost"])
        let good = try TLSConversation(
            made.context(), .init(serverName: "localhost", authority: made.authority))
        try good.shakeHands()
        #expect(good.client.wasShown(made.certificates[0]))

        let wrongName = try TLSConversation(
            made.context(), .init(serverName: "example.org", authority: made.authority))
        #expect(throws: TLSError.self) { try wrongName.shakeHands() }
    }
}
