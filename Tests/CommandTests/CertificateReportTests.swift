import MartinetEvents
import MartinetPOSIX
import MartinetTLS
import Testing

@testable import MartinetCommand

@Suite("What is said of certificates and keys")
struct CertificateReportTests {
    private func report(
        _ files: [(path: String, text: String)], roots: [DevelopmentRoot] = [], days: Int = 1, hasPassword: Bool = false
    ) -> String {
        CertificateReport(
            files: files.map { path, text in
                CertificateReport.File(path: path, contents: CredentialContents(SecretBytes(text.utf8)))
            }, roots: roots, hasPassword: hasPassword, now: WallTime(seconds: Self.notBefore + days * 86_400)
        ).text
    }

    @Test("A certificate and its key are told in sentences, and hostile names do nothing to a terminal")
    func whole() {
        #expect(
            report([("site.pem", Self.certificate + Self.key)]) == #"""
                site.pem: a certificate and a private key, in PEM.

                  1. A certificate for a\u{1b}]0;x\u{7}.test, m@x.test and 10.0.0.1, called "a\1B[2J\u{202e}b".
                     It is signed by itself.
                     It is valid from 2026-11-26 04:21 to 2026-12-26 04:21 UTC: 29 days are left.
                     It is for servers.
                     Its key is ECDSA on P-256; it is signed with ecdsa-with-SHA256.
                     SHA-256 47:B4:BE:8F:27:7E:0F:8D:85:26:2D:7F:F0:46:15:4B:04:A9:CC:E9:F1:F9:48:4B:FC:8F:F6:49:EC:70:DE:E4, serial number 50D62801736305120562B8A093449FBE98EDAB8F.
                     Its private key is number 2.

                  2. A private key: ECDSA on P-256.
                     It belongs to the certificate number 1.
                """#)
    }

    @Test("A date that is over, or not yet come, is said with the command that mends it")
    func dates() {
        let expired = report([("site.pem", Self.certificate), ("site.key", Self.key)], days: 42)
        #expect(expired.contains("It has expired, 12 days ago"), "\(expired)")
        #expect(expired.contains("WRONG: site.pem has expired") && expired.contains("-signkey site.key"), "\(expired)")
        #expect(expired.contains("Its private key is in site.key."))
        #expect(expired.contains("It belongs to the certificate in site.pem."))
        #expect(report([("site.pem", Self.certificate)], days: -2).contains("It is not valid yet"))
        #expect(report([("site.pem", Self.certificate)], days: 29).contains("WRONG: site.pem expires in 1 days"))
    }

    @Test("Of a private key nothing is shown, and another's is told")
    func others() throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        let identity = try authority.issue(for: ["app.test"])
        let other = String(decoding: identity.chain, as: UTF8.self)
        let text = report([("other.pem", other), ("site.key", Self.key)])
        #expect(text.contains("WRONG: The key in site.key is the key of another certificate."), "\(text)")
        #expect(!text.contains("MIGHAgEA") && !text.contains("KyYfRVaLF8"))
        #expect(!report([("site.key", Self.key)]).contains("WRONG"))
        #expect(report([("a.key", Self.key), ("b.pem", other), ("c.pem", other)]).contains("belongs to nothing"))
    }

    @Test("A chain is told from what is none, and ends with a development authority or without")
    func chains() throws {
        let authority = try DevelopmentAuthority.make(for: "me")
        let chain = String(decoding: try authority.issue(for: ["app.test"]).chain, as: UTF8.self)
        let root = try authority.rootText()
        let certificate = try #require(Certificate.all(in: root).first)
        func roots(_ isTrusted: Bool) -> [DevelopmentRoot] {
            [DevelopmentRoot(path: "/home/authority.pem", certificate: certificate, isTrusted: isTrusted)]
        }
        let own = report([("a", chain)], roots: roots(true))
        #expect(own.contains("They are a chain, in order"), "\(own)")
        #expect(own.contains("your development authority /home/authority.pem, which a store of this machine trusts"))
        #expect(report([("a", chain)], roots: roots(false)).contains("is known to trust: martinet cert trust"))
        #expect(
            report([("a", chain)]).contains("clients must have its issuer, CN=Martinet development authority of me"))
        let whole = report([("a", chain + String(decoding: root, as: UTF8.self))])
        #expect(whole.contains("It ends with its root."), "\(whole)")

        let leaf = String(chain.prefix(upTo: chain.ranges(of: "-----BEGIN")[1].lowerBound))
        let alone = report([("a", leaf)])
        #expect(alone.contains("WRONG: a holds one certificate, and its issuer"), "\(alone)")
        let broken = report([("a", leaf + Self.certificate)])
        #expect(broken.contains("WRONG: in a, certificate 2 is not that of the issuer of certificate 1"), "\(broken)")
    }

    @Test("An authority is told with what it may sign for")
    func authorities() throws {
        let text = String(
            decoding: try DevelopmentAuthority.make(for: "me", scope: .name("a.org")).rootText(), as: UTF8.self)
        let said = report([("root.pem", text)])
        #expect(said.contains("An authority's certificate: \"Martinet development authority of me\"."), "\(said)")
        #expect(said.contains("It may sign for a.org only, and not sign for 0.0.0.0/0 and ::/0."), "\(said)")
        #expect(
            said.contains(
                "It may sign certificates for servers and clients, and there may be 1 other authority between."))
        #expect(!said.contains("names no host"))
    }

    @Test(
        "What cannot be read is said",
        arguments: [
            ("", "f: The file is empty."), ("hello", "f: It holds no certificate, key or request"),
            ("\u{FF}\u{FE}", "f: It holds no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "It looks like a certificate, and cannot be read"
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n", "A block of PEM, which is damaged"),
            (
                "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
                "a certificate revocation list (CRL), which is not looked"
            ),
            ("-----BEGIN A\u{1B}[2J-----\nAAAA\n-----END A\u{1B}[2J-----\n", "\\u{1b}[2J"),
        ])
    func unreadable(text: String, words: String) {
        let said = report([("f", text)])
        #expect(said.contains(words), "\(said)")
        #expect(!said.contains("\u{1B}"))
    }

    /// 2026-11-26 04:21:31 UTC.
    static let notBefore = 1_795_666_891

    /// Made by openssl(1), with escape sequences of terminals in its names.
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBuTCCAWCgAwIBAgIUUNYoAXNjBRIFYrigk0Sfvpjtq48wCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJYRtbMkrigK5iMB4XDTI2MTEyNjA0MjEzMVoXDTI2MTIyNjA0
        MjEzMVowFDESMBAGA1UEAwwJYRtbMkrigK5iMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEQbw5TDLXYm22JB3kObaOGPWw5EGWyr3bgh6321gYZVILddT9sRZsRSZU
        kFsEQ/PFhneLYnWhjjKxxiPjvFqu5qOBjzCBjDAdBgNVHQ4EFgQUCepQEfDkZLkD
        weZbd6Fule8FQwgwHwYDVR0jBBgwFoAUCepQEfDkZLkDweZbd6Fule8FQwgwJwYD
        VR0RBCAwHoIMYRtdMDt4By50ZXN0gQhtQHgudGVzdIcECgAAATATBgNVHSUEDDAK
        BggrBgEFBQcDATAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIFwIrYAQ
        QJxYnnyQp8gC6yoqx0fruARGymqBfKhh9GXgAiA5xzWtSkAHIezNF0cb+1woR9eM
        qyOPuNGTf2PWxk9zqg==
        -----END CERTIFICATE-----

        """
    /// Of use to nobody: it was made for this file.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKyYfRVaLF8jixY8x
        KyRdmj1caXemQr2/V57qmZkV+kmhRANCAARBvDlMMtdibbYkHeQ5to4Y9bDkQZbK
        vduCHrfbWBhlUgt11P2xFmxFJlSQWwRD88WGd4tidaGOMrHGI+O8Wq7m
        -----END PRIVATE KEY-----

        """
}
