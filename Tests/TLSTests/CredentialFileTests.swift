import MartinetCrypto
import MartinetPOSIX
import MartinetTLS
import Testing

@Suite("What files hold that were named for certificates or keys (RFC 7468)")
struct CredentialFileTests {
    private func file(_ text: String) -> CredentialFile { CredentialFile(SecretBytes(text.utf8)) }

    @Test(
        "PEM is told by its labels",
        arguments: [
            ("CERTIFICATE", .certificate), ("X509 CERTIFICATE", .certificate),
            ("TRUSTED CERTIFICATE", .trustedCertificate),
            ("CERTIFICATE REQUEST", .certificateRequest), ("NEW CERTIFICATE REQUEST", .certificateRequest),
            ("PRIVATE KEY", .privateKey), ("EC PRIVATE KEY", .privateKey), ("RSA PRIVATE KEY", .privateKey),
            ("ENCRYPTED PRIVATE KEY", .encryptedPrivateKey), ("OPENSSH PRIVATE KEY", .openSSHPrivateKey),
            ("PUBLIC KEY", .publicKey), ("RSA PUBLIC KEY", .publicKey), ("X509 CRL", .revocationList),
            ("EC PARAMETERS", .parameters), ("DH PARAMETERS", .parameters), ("PKCS7", .pkcs7), ("CMS", .pkcs7),
            ("PGP MESSAGE", .other("PGP MESSAGE")), ("", .other("")),
        ] as [(String, CredentialFile.Kind)])
    func labels(label: String, kind: CredentialFile.Kind) {
        for text in [
            "-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n", "words\r\n-----BEGIN \(label)-----\r\nAAAA",
            "-----BEGIN \(label)-----",
        ] {
            #expect(file(text).form == .pem)
            #expect(file(text).kinds == [kind])
        }
    }

    @Test("Several things are told in their order, and an old encrypted key by its second line")
    func several() {
        #expect(
            file(Fixture.chain + "\n" + Fixture.key + "\n" + Fixture.chain).kinds == [
                .certificate, .privateKey, .certificate,
            ])
        let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,91\n\nAAAA\n"
        #expect(file(old).kinds == [.encryptedPrivateKey])
        #expect(file("Proc-Type: 4,ENCRYPTED\n" + Fixture.key).kinds == [.privateKey])
        #expect(file(Fixture.encryptedKey).kinds == [.encryptedPrivateKey])
    }

    @Test("DER is told by what can be read from it, and half of it is nothing")
    func der() throws {
        for (text, kind) in [
            (Fixture.chain, .certificate), (Fixture.key, .privateKey), (Fixture.encryptedKey, .encryptedPrivateKey),
        ]
            as [(String, CredentialFile.Kind)]
        {
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-----") }
            let decoded = Base64.decode([UInt8](lines.joined().utf8).span)
            let bytes = try #require(decoded)
            let whole = CredentialFile(SecretBytes(bytes))
            #expect(whole.form == .der && whole.kinds == [kind])
            for count in [1, bytes.count / 2, bytes.count - 1] {
                let half = CredentialFile(SecretBytes(bytes.prefix(count)))
                #expect(half.form == .unknown && half.kinds.isEmpty)
            }
        }
    }

    @Test(
        "What is neither is empty, text of another kind, or unknown",
        arguments: [
            ([], .empty), ([0x20, 0x0D, 0x0A, 0x09], .empty), ([0xFF, 0xFE, 0x2D, 0], .utf16),
            ([0xFE, 0xFF, 0, 0x2D], .utf16),
            ([0x68, 0x69], .unknown), ([0x30], .unknown), ([0x30, 0x82, 0xFF, 0xFF], .unknown), ([0], .unknown),
            ([UInt8]("----BEGIN CERTIFICATE-----".utf8), .unknown), ([UInt8]("-----BEGIN CERTIFICATE".utf8), .unknown),
        ] as [([UInt8], CredentialFile.Form)])
    func others(bytes: [UInt8], form: CredentialFile.Form) {
        let file = CredentialFile(SecretBytes(bytes))
        #expect(file.form == form && file.kinds.isEmpty)
    }
}
