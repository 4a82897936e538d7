import MartinetEvents
import MartinetPOSIX
import Testing

@testable import MartinetTLS

@Suite("What the development authority issues")
struct CertificateTemplateTests {
    private func template(
        _ names: [String], _ change: (inout CertificateTemplate) -> Void = { _ in }
    ) -> CertificateTemplate {
        var template = CertificateTemplate(names: names)
        change(&template)
        return template
    }

    private func made(_ template: CertificateTemplate) throws -> Certificate {
        try Certificate(DevelopmentAuthority.make(for: "me").issue(template))
    }

    @Test("Every kind of name stands in it as what it is")
    func names() throws {
        let certificate = try made(template(["app.test", "*.app.test", "10.0.0.1", "fe80::1", "ada@example.test"]))
        #expect(
            certificate.allNames == [
                .dns("app.test"), .dns("*.app.test"), .address("10.0.0.1"), .address("fe80::1"),
                .email("ada@example.test"),
            ])
        #expect(certificate.commonName == "app.test")
    }

    @Test("Its common name is no address, which would be held against the authority's limits as a host's name")
    func subject() throws {
        #expect(template(["10.0.0.1"]).subject == .organization("Martinet development certificate"))
        #expect(template(["::1", "app.test"]).subject == .commonName("app.test"))
        let long = String(repeating: "a", count: 60) + ".test"
        #expect(template([long]).subject == .organization("Martinet development certificate"))
        #expect(template(["10.0.0.1"]) { $0.commonName = "ada" }.subject == .commonName("ada"))
        #expect(try made(template(["10.0.0.1"])).subject == "O=Martinet development certificate")
    }

    @Test("It has the key and the purposes that were asked for")
    func purposes() throws {
        let server = try made(template(["app.test"]))
        #expect(server.isForServers && !server.isForClients && !server.isAuthority)
        #expect(server.publicKey.words == "ECDSA on P-256")
        let client = try made(template([]) { ($0.commonName, $0.isForServers, $0.isForClients) = ("ada", false, true) })
        #expect(!client.isForServers && client.isForClients && client.allNames.isEmpty)
        let both = try made(template(["app.test"]) { ($0.isForClients, $0.keyType) = (true, .rsa) })
        #expect(both.isForServers && both.isForClients)
        #expect(both.publicKey.words == "RSA of 2048 bits")
        #expect(try made(template(["app.test"]) { $0.keyType = .rsa3072 }).publicKey.words == "RSA of 3072 bits")
    }

    @Test("It ends when it was asked to, and never after its authority")
    func end() throws {
        let now = WallTime.now
        #expect((9...10).contains(try made(template(["a.test"]) { $0.days = 10 }).daysLeft(at: now)))
        let authority = try DevelopmentAuthority.make(for: "me")
        let long = try Certificate(
            authority.issue(template(["a.test"]) { $0.days = DevelopmentAuthority.authorityDays + 1000 }))
        let issuer = try Certificate(authority.identity)
        #expect(try #require(long.validUntil) <= #require(issuer.validUntil))
        #expect(long.isSigned(by: issuer))
    }

    @Test("PKCS #12 is opened by its password and no other, and holds the key, the chain and the root")
    func bundle() throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        let identity = try authority.issue(["a.test"].template)
        for (password, given, isOpen) in [
            ("changeit", nil, true), ("a secret", nil, false), ("a secret", "a secret", true),
            ("a secret", "changeit", false),
        ] as [(String, String?, Bool)] {
            let bundle = try authority.bundle(identity, name: "a.test", password: SecretBytes(password.utf8))
            let contents = CredentialContents(bundle, password: given.map { SecretBytes($0.utf8) })
            #expect(contents.isWhole == isOpen)
            guard isOpen else { continue }
            #expect(contents.certificates.count == 3 && contents.items.count == 4)
            guard case .privateKey(let key) = contents.items.last else {
                Issue.record("no key")
                continue
            }
            #expect(key.isPair(with: contents.certificates[0].publicKey))
            #expect(contents.certificates[0].isSigned(by: contents.certificates[1]))
            #expect(contents.certificates[1].isSigned(by: contents.certificates[2]))
        }
    }

    @Test("A request's certificate is for its key, and for nothing else that it asks for")
    func request() throws {
        let contents = CredentialContents(SecretBytes(Self.requestText.utf8))
        let request = try #require(contents.requests.first)
        #expect(request.names == [.dns("app.test"), .address("10.0.0.1")])
        #expect(request.commonName == "app.test" && request.isSigned)
        let authority = try DevelopmentAuthority.make(for: "me")
        let chain = Certificate.all(in: try authority.issue(template(["b.test"]), for: request))
        #expect(chain.count == 2)
        #expect(chain[0].publicKey.isPair(with: request.key))
        #expect(chain[0].names == ["b.test"])
        #expect(chain[0].isSigned(by: chain[1]))
        // Its signature covers its names.
        let changed = CredentialContents(SecretBytes(Self.requestText.replacing("YXBwLnRlc3", with: "YXBwLnRlc4").utf8))
        #expect(changed.requests.allSatisfy { !$0.isSigned })
    }

    /// Made by openssl(1) for app.test and 10.0.0.1.
    static let requestText = """
        -----BEGIN CERTIFICATE REQUEST-----
        MIH6MIGhAgEAMBMxETAPBgNVBAMMCGFwcC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZI
        zj0DAQcDQgAEg2zpMFXlaNcHkj1jCzN98UtLx9k/31okAw6dzM0yB9GfUkWAAG5d
        YEZS1XjqlvtSEY6YAkr8L1OycsevbfcoJ6AsMCoGCSqGSIb3DQEJDjEdMBswGQYD
        VR0RBBIwEIIIYXBwLnRlc3SHBAoAAAEwCgYIKoZIzj0EAwIDSAAwRQIhAI3rX6EQ
        joiBcmyoRRbkAVHdb9Cr70kLQ8WbpMIoq9mFAiBRfgFjF8IukNjwJ5jkhgCPKcbp
        3X6B0Obd6XZkw391gw==
        -----END CERTIFICATE REQUEST-----

        """
}

extension [String] {
    fileprivate var template: CertificateTemplate { CertificateTemplate(names: self) }
}
