import MartinetEvents
import MartinetPOSIX
import MartinetTLS
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
        identity.key = try DevelopmentAuthority.make(for: "others").identity.key
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == .matchPrivateKey(source: "fixture.pem"))
        #expect(error?.reason == "key values mismatch")
    }

    @Test("An encrypted key is refused without asking anybody for its passphrase", .timeLimit(.minutes(1)))
    func encrypted() {
        var identity = Fixture.identity
        identity.key = SecretBytes(Fixture.encryptedKey.utf8)
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == .readPrivateKey(source: "fixture.pem"))
    }

    @Test("What holds no certificate or no key is refused", arguments: ["", "hello", "-----BEGIN CERTIFICATE-----\n"])
    func nothing(text: String) {
        var identity = Fixture.identity
        identity.chain = [UInt8](text.utf8)
        #expect(throws: TLSError.self) { try Certificate(identity) }
        identity = Fixture.identity
        identity.key = SecretBytes(text.utf8)
        let error = #expect(throws: TLSError.self) { try Certificate(identity) }
        #expect(error?.action == .readPrivateKey(source: "fixture.pem"))
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
        let file = SecretBytes(both.utf8)
        let identity = Certificate.identity(source: "both.pem", chainFile: file, key: file)
        #expect(try Certificate(identity).fingerprint == Fixture.fingerprint)
        #expect(identity.chain == [UInt8](Fixture.chain.utf8))
    }

    @Test(
        "Of a file with a key in it, the chain has the certificates alone",
        arguments: [
            "", "nothing\n", Fixture.key, "-----BEGIN CERTIFICATE-----\n" + Fixture.key,
            "-----BEGIN CERTIFICATE REQUEST-----\nUVFR\n-----END CERTIFICATE REQUEST-----\n",
            "-----BEGIN X509 CRL-----\nUVFR\n-----END X509 CRL-----\n",
        ])
    func combined(text: String) {
        for whole in [text + Fixture.chain, Fixture.chain + text, text.replacing("\n", with: "\r\n") + Fixture.chain] {
            let file = SecretBytes(whole.utf8)
            let chain = String(
                decoding: Certificate.identity(source: "", chainFile: file, key: file).chain, as: UTF8.self)
            #expect(chain.contains(Fixture.chain))
            for word in ["PRIVATE", "UVFR", "hRANCAASBB", "nothing"] { #expect(!chain.contains(word)) }
        }
    }

    @Test("An issuer that has expired is known before a client finds it")
    func expiredIssuer() throws {
        let chain = try Certificate(DevelopmentAuthority.make(for: "me").issue(for: ["localhost"]))
        let now = WallTime.now
        #expect(chain.chainFault(at: now) == nil)
        let later = WallTime(seconds: now.seconds + (DevelopmentAuthority.authorityDays + 2) * 86_400)
        #expect(chain.chainFault(at: later) == .expired(number: 1))
    }

    @Test("The fixture is its own issuer, and nobody else's")
    func issuer() throws {
        let fixture = try Certificate(Fixture.identity)
        let other = try Certificate(DevelopmentAuthority.make(for: "others").identity)
        #expect(fixture.isIssued(by: fixture))
        #expect(!fixture.isIssued(by: other))
        #expect(!other.isIssued(by: fixture))
    }
}
