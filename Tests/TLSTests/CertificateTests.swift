import POSIX
import TLS
import Testing

@Suite("Certificates and their keys")
struct CertificateTests {
    @Test("The names, addresses and fingerprint are those openssl shows")
    func fields() throws {
        let certificate = try Certificate(Fixture.identity)
        #expect(certificate.names == Fixture.names)
        #expect(certificate.fingerprint == Fixture.fingerprint)
    }

    @Test(
        "Days are counted down, and negative once it is over",
        arguments: [
            (2_592_000, 30), (2_591_999, 29), (86_400, 1), (86_399, 0), (1, 0), (-1, -1), (-864_000, -10),
        ] as [(Int, Int)])
    func daysLeft(secondsLeft: Int, expected: Int) throws {
        let now = WallTime(seconds: Fixture.notAfter - secondsLeft)
        #expect(try Certificate(Fixture.identity).daysLeft(at: now) == expected)
    }

    @Test("It is early before its first second and expired after its last")
    func validity() throws {
        let certificate = try Certificate(Fixture.identity)
        #expect(certificate.isEarly(at: WallTime(seconds: Fixture.notBefore - 1)))
        #expect(!certificate.isEarly(at: WallTime(seconds: Fixture.notBefore + 1)))
        #expect(!certificate.isExpired(at: WallTime(seconds: Fixture.notAfter - 1)))
        #expect(certificate.isExpired(at: WallTime(seconds: Fixture.notAfter + 1)))
    }

    @Test("A key that belongs to another certificate is refused, by the name of the file")
    func mismatch() throws {
        var identity = Fixture.identity
        identity.key = try DevelopmentAuthority.make(named: "Other").key
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == "match the private key with fixture.pem")
        #expect(error?.reason == "key values mismatch")
    }

    @Test("An encrypted key is refused without asking anybody for its passphrase", .timeLimit(.minutes(1)))
    func encrypted() {
        var identity = Fixture.identity
        identity.key = [UInt8](Fixture.encryptedKey.utf8)
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == "read the private key of fixture.pem")
    }

    @Test("What holds no certificate or no key is refused", arguments: ["", "hello", "-----BEGIN CERTIFICATE-----\n"])
    func nothing(text: String) {
        var identity = Fixture.identity
        identity.chain = [UInt8](text.utf8)
        #expect(throws: TLSError.self) { try Certificate(identity) }
        identity = Fixture.identity
        identity.key = [UInt8](text.utf8)
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == "read the private key of fixture.pem")
    }

    @Test("A chain that is damaged behind its first certificate is refused")
    func damagedChain() {
        var identity = Fixture.identity
        let damaged = Fixture.chain.replacing("MIIB", with: "MIIC")
        identity.chain = [UInt8]((Fixture.chain + "\n" + damaged).utf8)
        #expect(throws: TLSError.self) { try Certificate(identity) }
    }

    @Test("Text around the certificates and the key does no harm")
    func surroundings() throws {
        let both = "Bag attributes\n\(Fixture.chain)\nmore\n\(Fixture.key)\n"
        let identity = TLSConfiguration.Identity(source: "both.pem", chain: [UInt8](both.utf8), key: [UInt8](both.utf8))
        #expect(try Certificate(identity).fingerprint == Fixture.fingerprint)
    }

    @Test("The fixture is its own issuer, and nobody else's")
    func issuer() throws {
        let fixture = try Certificate(Fixture.identity)
        let other = try Certificate(DevelopmentAuthority.make(named: "Other"))
        #expect(fixture.isIssued(by: fixture))
        #expect(!fixture.isIssued(by: other))
        #expect(!other.isIssued(by: fixture))
    }
}
