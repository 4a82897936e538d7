import MartinetCrypto
import MartinetEvents
import MartinetPOSIX
import Testing

@testable import MartinetTLS

@Suite("What stands in files of certificates and keys")
struct CredentialContentsTests {
    private func contents(_ text: String, password: String? = nil) -> CredentialContents {
        CredentialContents(SecretBytes(text.utf8), password: password.map { SecretBytes($0.utf8) })
    }

    @Test("A certificate's facts are those openssl shows")
    func facts() throws {
        let certificate = try #require(contents(Fixture.chain).certificates.first)
        #expect(certificate.validFrom == WallTime(seconds: Fixture.notBefore))
        #expect(certificate.validUntil == WallTime(seconds: Fixture.notAfter))
        #expect(certificate.fingerprint == Fixture.fingerprint)
        #expect(certificate.allNames.map(\.text) == Fixture.names + ["a@example.org"])
        #expect(certificate.isAuthority && certificate.pathLength == nil && certificate.nameConstraints == nil)
        #expect(certificate.signatureAlgorithm == "ecdsa-with-SHA256")
        #expect(certificate.publicKey.words == "ECDSA on P-256" && certificate.publicKey.weakness == nil)
        #expect(certificate.isSigned(by: certificate))
    }

    @Test("Keys are told to belong to their certificates, and to no others")
    func pairs() throws {
        let both = contents(Fixture.chain + Fixture.key)
        #expect(both.isWhole && both.items.count == 2)
        guard case .privateKey(let key) = both.items[1] else { return #expect(Bool(false)) }
        #expect(key.isPair(with: both.certificates[0].publicKey))
        let other = try Certificate(DevelopmentAuthority.make(for: "others").identity)
        #expect(!key.isPair(with: other.publicKey))
    }

    @Test("An encrypted key is opened by its passphrase alone")
    func encrypted() throws {
        for (password, isOpen) in [(nil, false), ("wrong", false), ("secret", true)] as [(String?, Bool)] {
            let item = try #require(contents(Fixture.encryptedKey, password: password).items.first)
            switch item {
            case .privateKey: #expect(isOpen)
            case .locked(let kind): #expect(!isOpen && kind == .encryptedPrivateKey)
            default: Issue.record("\(item)")
            }
        }
    }

    @Test("An authority's limits are read as they were written")
    func constraints() throws {
        let local = try Certificate(DevelopmentAuthority.make(for: "me").identity)
        let limits = try #require(local.nameConstraints)
        #expect(limits.permitted.contains(.dns("home.arpa")) && limits.permitted.contains(.address("172.16.0.0/12")))
        #expect(limits.permitted.contains(.address("fc00::/7")) && limits.excluded.isEmpty)
        #expect(local.pathLength == 0)
        let named = try Certificate(DevelopmentAuthority.make(for: "me", scope: .name("example.org")).identity)
        #expect(
            named.nameConstraints
                == .init(permitted: [.dns("example.org")], excluded: [.address("0.0.0.0/0"), .address("::/0")]))
    }

    @Test("A mask that is no prefix is shown as it is")
    func masks() {
        #expect(GeneralName.addressText([10, 0, 0, 0, 255, 0, 255, 0]) == "10.0.0.0/255.0.255.0")
        #expect(GeneralName.addressText([]) == "" && GeneralName.addressText([1, 2, 3]) == "102")
    }

    @Test("Damage is told, and what stands behind it is read all the same")
    func damage() {
        let damaged = contents(Fixture.chain.replacing("MIIB", with: "MIIC") + Fixture.chain)
        #expect(!damaged.isWhole && damaged.items.count == 2 && damaged.certificates.count == 1)
        let cut = contents(String(Fixture.chain.prefix(300)))
        #expect(!cut.isWhole && cut.items.count == 1)
        for text in ["", "hello", "\u{FEFF}-----BEGIN", "-----BEGIN CERTIFICATE-----"] {
            #expect(!contents(text).isWhole)
        }
    }

    @Test("Of no prefix and no changed byte comes anything worse than damage")
    func hostile() throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        let bundle = try authority.bundle(
            authority.issue(for: ["a.test"]), name: "a", password: SecretBytes(DevelopmentAuthority.knownPassword.utf8))
        let body = Fixture.chain.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        let decoded = Base64.decode([UInt8](body.utf8).span)
        let der = try #require(decoded)
        for whole in [der, bundle.withBytes { $0 }] {
            for index in stride(from: 0, to: whole.count, by: 7) {
                _ = CredentialContents(SecretBytes(whole.prefix(index)))
                guard whole.count == der.count else { continue }
                var changed = whole
                changed[index] ^= 0x55
                for certificate in CredentialContents(SecretBytes(changed)).certificates {
                    _ = (certificate.allNames, certificate.nameConstraints, certificate.validFrom, certificate.weakness)
                    _ = (certificate.isForServers, certificate.publicKey.words, certificate.serialNumber)
                }
            }
        }
    }
}
