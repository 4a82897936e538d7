import Foundation
import MartinetTestSupport
import Testing

@Suite("martinet cert show")
struct CertificateShowingTests {
    private let folder: TemporaryDirectory
    private let data: TemporaryDirectory

    init() throws {
        (folder, data) = (try TemporaryDirectory(), try TemporaryDirectory())
        let certificates = URL(filePath: #filePath).appending(path: "../../../certs").standardized.path()
        for name in ["server-rsa.pem", "server-rsa.key", "server-ecdsa.key", "server-ecdsa.pem", "authority.crl.pem"] {
            try folder.makeLink(name, to: "\(certificates)/\(name)")
        }
    }

    private func shell(_ script: String) throws -> Client.Outcome {
        let program = URL(filePath: Server.executable).deletingLastPathComponent().path()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try Client.run(
            ["sh", "-c", script], environment: ["PATH": "\(program):\(path)", "XDG_DATA_HOME": data.path],
            folder: URL(filePath: folder.path))
    }

    /// How a file is made, the words behind `cert show`, what is said of it, and the status.
    static let cases: [(making: String, words: String, said: [String], status: Int)] = [
        (
            "", "server-rsa.pem server-rsa.key",
            ["They are a chain, in order", "Its private key is in server-rsa.key.", "RSA of 2048 bits"], 0
        ),
        ("", "server-rsa.pem server-ecdsa.key", ["WRONG: The key in server-ecdsa.key is the key of another"], 0),
        ("", "- < server-rsa.pem", ["-: 2 certificates, in PEM."], 0),
        (
            "openssl x509 -in server-rsa.pem -outform DER -out a", "a",
            ["a certificate, in DER", "WRONG: a holds one"], 0
        ),
        ("openssl crl2pkcs7 -nocrl -certfile server-rsa.pem -out a", "a", ["2 certificates, in PKCS #7"], 0),
        ("openssl pkey -in server-rsa.key -outform DER -out a", "a server-rsa.pem", ["number 1 in server-rsa.pem"], 0),
        ("openssl pkey -in server-rsa.key -pubout -out a", "a server-rsa.key", ["Its private key is in server"], 0),
        ("", "authority.crl.pem", ["a certificate revocation list (CRL), which is not looked into"], 0),
        (
            "openssl req -new -key server-rsa.key -subj /CN=x -addext subjectAltName=DNS:x.test -out a",
            "a server-rsa.key", ["A request (CSR) for a certificate for x.test.", "the request in a"], 0
        ),
        (
            "openssl pkcs12 -export -in server-rsa.pem -inkey server-rsa.key -passout pass:xyz -out a; echo xyz > p",
            "a --password-file p", ["2 certificates and a private key, in PKCS #12"], 0
        ),
        (
            "openssl pkcs12 -export -in server-rsa.pem -inkey server-rsa.key -passout pass:xyz -out a",
            "a", ["What is in it is encrypted", "--password-file"], 1
        ),
        (
            "openssl pkey -in server-rsa.key -aes128 -passout pass:xyz -out a", "a",
            ["A private key, which is encrypted"], 1
        ),
        (
            "openssl pkey -in server-rsa.key -aes128 -traditional -passout pass:xyz -out a; echo xyz > p",
            "a --password-file p server-rsa.pem", ["It belongs to the certificate number 1 in server-rsa.pem."], 0
        ),
        ("head -c 400 server-rsa.pem > a", "a server-rsa.key", ["which is damaged", "RSA of 2048 bits"], 1),
        (": > a", "a", ["a: The file is empty."], 1),
        ("iconv -f UTF-8 -t UTF-16 server-rsa.pem > a", "a", ["iconv -f UTF-16"], 1),
        (
            "openssl req -x509 -newkey rsa:1024 -noenc -keyout a -subj /CN=x -days 99 -out a.pem", "a.pem a",
            ["WRONG: Its key is too weak, RSA of 1024 bits"], 0
        ),
        (
            "martinet cert new a.test", "a.test.pem a.test-key.pem",
            ["your development authority", "is known to trust: martinet cert trust", "good"], 0
        ),
    ]

    @Test("What is in a file is said, with what is wrong with it", arguments: cases.indices)
    func shown(index: Int) throws {
        let test = Self.cases[index]
        if !test.making.isEmpty {
            let made = try shell(test.making)
            #expect(made.status == 0, "\(made.err)")
        }
        let outcome = try shell("martinet cert show \(test.words)")
        #expect(outcome.status == test.status, "\(outcome.out)\(outcome.err)")
        for words in test.said where words != "good" { #expect(outcome.out.contains(words), "\(outcome.out)") }
        if test.said.contains("good") { #expect(!outcome.out.contains("WRONG")) }
        #expect(!outcome.out.contains("PRIVATE KEY"))
    }

    @Test("What is no file, or too large for one, is refused at once, and the others are shown")
    func noFiles() throws {
        try folder.makeFIFO("fifo")
        try folder.makeSparseFile("large", byteCount: 100 << 20)
        let outcome = try shell("martinet cert show fifo large . missing server-rsa.key /dev/zero")
        #expect(outcome.status == 1)
        for words in [
            "fifo: It is no regular file", "large: ", ".: It is a directory", "missing: No such file",
            "/dev/zero: It is no",
        ] {
            #expect(outcome.err.contains(words), "\(outcome.err)")
        }
        #expect(outcome.out.contains("server-rsa.key: a private key, in PEM."), "\(outcome.out)")
        let endless = try shell("martinet cert show - < /dev/zero")
        #expect(endless.status == 1 && endless.err.contains("-: "), "\(endless.err)")
    }
}
