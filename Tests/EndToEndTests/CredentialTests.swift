import Foundation
import MartinetTestSupport
import Testing

@Suite("Files of certificates and keys that cannot be used as they are")
struct CredentialTests {
    /// A file that was named, and what the message does for whoever named it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Commands for the shell, in a folder with the test certificates.
        var making = ""
        /// The options, as typed in that folder.
        let options: String
        /// What the message says.
        let words: [String]
        /// What the message's first command needs besides, where nobody is at its terminal.
        var answer = ""
        /// The options to be given once the first command has run; nil where it mends nothing by itself.
        var mended: String?
    }

    static let cases = [
        Case(
            testDescription: "a certificate in DER",
            making: "openssl x509 -in self.pem -outform DER -out site.crt",
            options: "--tls-cert site.crt --tls-key self.key",
            words: ["--tls-cert site.crt: It holds a certificate in DER"],
            mended: "--tls-cert site.pem --tls-key self.key"),
        Case(
            testDescription: "a certificate in DER whose name says PEM",
            making: "openssl x509 -in self.pem -outform DER -out site.pem",
            options: "--tls-cert site.pem --tls-key self.key",
            words: ["--tls-cert site.pem: It holds a certificate in DER"],
            mended: "--tls-cert site.new.pem --tls-key self.key"),
        Case(
            testDescription: "PKCS #12 for both",
            making:
                "openssl pkcs12 -export -in server-rsa.pem -inkey server-rsa.key -passout pass:x -out 'my site.pfx'",
            options: "--tls-cert 'my site.pfx'",
            words: ["--tls-cert my site.pfx: It holds certificates with their key in PKCS #12"],
            answer: "-passin pass:x", mended: "--tls-cert 'my site.pem'"),
        Case(
            testDescription: "PKCS #12 for a key",
            making: "openssl pkcs12 -export -in self.pem -inkey self.key -passout pass: -out a.p12",
            options: "--tls-cert self.pem --tls-key a.p12",
            words: ["--tls-key a.p12: It holds certificates with their key"],
            answer: "-passin pass:", mended: "--tls-cert a.pem"),
        Case(
            testDescription: "PKCS #7",
            making: "openssl crl2pkcs7 -nocrl -certfile server-ecdsa.pem -outform DER -out a.p7b",
            options: "--tls-cert a.p7b --tls-key server-ecdsa.key", words: ["It holds certificates in PKCS #7"],
            mended: "--tls-cert a.pem --tls-key server-ecdsa.key"),
        Case(
            testDescription: "PKCS #7 in PEM", making: "openssl crl2pkcs7 -nocrl -certfile server-ecdsa.pem -out a.p7c",
            options: "--tls-cert a.p7c --tls-key server-ecdsa.key", words: ["It holds certificates in PKCS #7"],
            mended: "--tls-cert a.pem --tls-key server-ecdsa.key"),
        Case(
            testDescription: "a request for a certificate",
            making: "openssl x509 -x509toreq -in self.pem -signkey self.key -copy_extensions copyall -out site.csr",
            options: "--tls-cert site.csr --tls-key self.key",
            words: ["It holds a certificate request (CSR), which an authority has yet to sign"],
            mended: "--tls-cert site.pem --tls-key self.key"),
        Case(
            testDescription: "a request in DER",
            making:
                "openssl x509 -x509toreq -in self.pem -signkey self.key -copy_extensions copyall | "
                + "openssl req -outform DER -out r",
            options: "--tls-cert r --tls-key self.key", words: ["It holds a certificate request (CSR)"],
            mended: "--tls-cert r.pem --tls-key self.key"),
        Case(
            testDescription: "an empty certificate", making: ": > empty.crt",
            options: "--tls-cert empty.crt --tls-key self.key",
            words: ["--tls-cert empty.crt: The file is empty"], mended: "--tls-cert empty.pem --tls-key self.key"),
        Case(
            testDescription: "an empty file for both", making: "echo > empty.crt", options: "--tls-cert empty.crt",
            words: ["--tls-cert empty.crt: The file is empty"], mended: "--tls-cert empty.pem --tls-key empty.key"),
        Case(
            testDescription: "an empty key", making: ": > empty.key",
            options: "--tls-cert self.pem --tls-key empty.key",
            words: ["--tls-key empty.key: The file is empty, without a private key in PEM", "openssl req -new"]),
        Case(
            testDescription: "something else", making: "gzip < self.pem > site.pem",
            options: "--tls-cert site.pem --tls-key self.key",
            words: ["--tls-cert site.pem: It is without certificates in PEM, and holds nothing else that is known here"]
        ),
        Case(
            testDescription: "text in UTF-16", making: "iconv -f UTF-8 -t UTF-16 self.pem > site.pem",
            options: "--tls-cert site.pem --tls-key self.key", words: ["It is text in UTF-16"],
            mended: "--tls-cert site.utf8.pem --tls-key self.key"),
        Case(
            testDescription: "key and certificate the other way round",
            options: "--tls-cert self.key --tls-key self.pem",
            words: [
                "--tls-cert self.key: It holds a private key, and self.pem the certificate",
                "--tls-cert self.pem --tls-key self.key",
            ]),
        Case(
            testDescription: "a key alone", options: "--tls-cert self.key",
            words: ["--tls-cert self.key: It holds a private key, and no certificate", "--tls-key"]),
        Case(
            testDescription: "a certificate for a key", options: "--tls-cert self.pem --tls-key server-rsa.pem",
            words: ["--tls-key server-rsa.pem: It holds a certificate, and no private key"]),
        Case(
            testDescription: "a certificate whose key lies beside it", options: "--tls-cert self.pem",
            words: ["--tls-cert self.pem: It holds a certificate, and no private key", "Give --tls-key self.key too"]),
        Case(
            testDescription: "an encrypted key", making: "openssl pkcs8 -topk8 -in self.key -passout pass:x -out e.key",
            options: "--tls-cert self.pem --tls-key e.key", words: ["--tls-key e.key: Its private key is encrypted"],
            answer: "-passin pass:x", mended: "--tls-cert self.pem --tls-key e.plain.key"),
        Case(
            testDescription: "an encrypted key in DER",
            making: "openssl pkcs8 -topk8 -in self.key -passout pass:x -outform DER -out e.der",
            options: "--tls-cert self.pem --tls-key e.der", words: ["--tls-key e.der: Its private key is encrypted"],
            answer: "-passin pass:x", mended: "--tls-cert self.pem --tls-key e.plain.key"),
        Case(
            testDescription: "a key encrypted as OpenSSL once did",
            making: "openssl ec -in self.key -aes128 -passout pass:x -out e.key",
            options: "--tls-cert self.pem --tls-key e.key",
            words: ["--tls-key e.key: Its private key is encrypted"], answer: "-passin pass:x",
            mended: "--tls-cert self.pem --tls-key e.plain.key"),
        Case(
            testDescription: "an encrypted key behind its certificate",
            making: "openssl pkcs8 -topk8 -in self.key -passout pass:x -out e.key; cat self.pem e.key > both.pem",
            options: "--tls-cert both.pem", words: ["--tls-cert both.pem: Its private key is encrypted"],
            answer: "-passin pass:x",
            mended: "--tls-cert self.pem --tls-key both.plain.key"),
        Case(
            testDescription: "a key in DER", making: "openssl pkey -in self.key -outform DER -out k.der",
            options: "--tls-cert self.pem --tls-key k.der", words: ["--tls-key k.der: It holds a private key in DER"],
            mended: "--tls-cert self.pem --tls-key k.pem"),
        Case(
            testDescription: "a public key", making: "openssl pkey -in self.key -pubout -out k.pub",
            options: "--tls-cert self.pem --tls-key k.pub",
            words: ["--tls-key k.pub: It holds a public key, and no private key"]),
        Case(
            testDescription: "a damaged certificate", making: "sed '3d' self.pem > bad.pem",
            options: "--tls-cert bad.pem --tls-key self.key",
            words: ["--tls-cert bad.pem: A certificate in it is damaged"]),
        Case(
            testDescription: "a damaged certificate behind its key",
            making: "sed '3d' self.pem | cat self.key - > bad.pem",
            options: "--tls-cert bad.pem", words: ["--tls-cert bad.pem: A certificate in it is damaged"]),
        Case(
            testDescription: "the key of another certificate", options: "--tls-cert self.pem --tls-key second.key",
            words: [
                "--tls-cert self.pem: second.key is the key of another certificate",
                "openssl pkey -in second.key -pubout",
            ]),
        Case(
            testDescription: "a chain in the wrong order", making: "cat intermediate.pem self.pem > chain.pem",
            options: "--tls-cert chain.pem --tls-key self.key",
            words: [
                "--tls-cert chain.pem: self.key is the key of certificate 2 in it", "Move certificate 2 to the top",
            ]),
        Case(
            testDescription: "a weak key",
            making:
                "openssl req -x509 -newkey rsa:1024 -noenc -keyout weak.key -subj /CN=a -addext subjectAltName=DNS:a -out weak.pem",
            options: "--tls-cert weak.pem --tls-key weak.key",
            words: ["--tls-cert weak.pem: Its key is too weak, RSA of 1024 bits"]),
        Case(
            testDescription: "a weak signature",
            making:
                "openssl x509 -x509toreq -in server-rsa.pem -signkey server-rsa.key -copy_extensions copyall -out r && "
                + "openssl x509 -req -in r -sha1 -CA authority.pem -CAkey authority.key -CAcreateserial -copy_extensions copyall -out weak.pem",
            options: "--tls-cert weak.pem --tls-key server-rsa.key",
            words: [
                "--tls-cert weak.pem: It is signed with ecdsa-with-SHA1, which is too weak", "openssl x509 -x509toreq",
            ]),
        Case(
            testDescription: "authorities in DER", making: "openssl x509 -in authority.pem -outform DER -out ca.crt",
            options: "--client-ca ca.crt", words: ["--client-ca ca.crt: It holds a certificate in DER"],
            mended: "--client-ca ca.pem"),
        Case(
            testDescription: "an authority's key", options: "--client-ca authority.key",
            words: ["--client-ca authority.key: It holds a private key, and no certificate"]),
        Case(
            testDescription: "no authorities at all", making: ": > ca.pem", options: "--client-ca ca.pem",
            words: ["--client-ca ca.pem: The file is empty", "Name the certificates of the authorities"]),
    ]

    /// The project's test certificates, one that signs itself, and what a case makes.
    private func folder(_ making: String) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let project = URL(filePath: #filePath).appending(path: "../../..").standardized.path()
        let script =
            "'\(project)/scripts/make-certs'; cp '\(project)'/certs/*.pem '\(project)'/certs/*.key .\n"
            + "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout self.key -days 90 -subj /CN=localhost "
            + "-addext subjectAltName=DNS:localhost -out self.pem\n\(making)"
        let outcome = try Client.run(["sh", "-ec", script], folder: URL(filePath: folder.path))
        try #require(outcome.status == 0, "\(outcome.err)")
        return folder
    }

    @Test("One message names the file, says what it is, and has the command that mends it", arguments: cases)
    func message(of example: Case) throws {
        let folder = try folder(example.making)
        let place = URL(filePath: folder.path)
        let serve = "XDG_DATA_HOME=$PWD/data exec '\(Server.executable)' serve --port 0 "
        let outcome = try Client.run(["sh", "-c", serve + example.options], folder: place)
        #expect(outcome.status == 3)
        for words in example.words { #expect(outcome.err.contains(words), "\(outcome.err)") }
        #expect(outcome.err.hasPrefix("martinet: ") && outcome.err.split(separator: "\n").count == 2, "\(outcome.err)")
        guard let mended = example.mended else { return }
        let command = try #require(outcome.err.split(separator: "`").dropFirst().first)
        let mending = try Client.run(["sh", "-ec", "\(command) \(example.answer)"], folder: place)
        try #require(mending.status == 0, "\(command): \(mending.err)")
        let server = try Client(["sh", "-c", serve + mended], folder: place)
        defer { server.stop() }
        try server.waitForLine("openssl s_client")
        server.send(SIGTERM)
        try server.waitForEnd()
    }

    @Test(
        "What clients will refuse is served with a warning, which has the command that mends it",
        arguments: [
            ("", "expired", "has expired: clients will refuse it", "openssl x509 -x509toreq"),
            ("", "not-yet-valid", "is not valid yet: clients will refuse it", "-noout -dates"),
            (
                "openssl x509 -in server-ecdsa.pem -out leaf.pem; cp server-ecdsa.key leaf.key", "leaf",
                "holds one certificate, and its issuer CN=Martinet Test Intermediate",
                "openssl x509 -in INTERMEDIATE >> "
            ),
            (
                "openssl x509 -in server-ecdsa.pem -out gap.pem; cat authority.pem >> gap.pem; cp server-ecdsa.key gap.key",
                "gap", "certificate 2 is not that of the issuer of certificate 1", "openssl storeutl"
            ),
            (
                "openssl req -x509 -new -key self.key -days 90 -subj /CN=app.test -out bare.pem; cp self.key bare.key",
                "bare",
                "names no host (subjectAltName)", "-addext subjectAltName=DNS:app.test"
            ),
            (
                "openssl x509 -in self.pem -signkey self.key -days 3 -out soon.pem; cp self.key soon.key", "soon",
                "expires in ", "-signkey"
            ),
        ])
    func warning(making: String, name: String, words: String, command: String) throws {
        let folder = try folder(making)
        let options = ["--tls-cert", folder.path("\(name).pem"), "--tls-key", folder.path("\(name).key")]
        try Server.run(options) { server in
            let lines = server.log.lines.filter { $0.contains(words) }
            #expect(lines.count == 1, "\(server.log.text)")
            #expect(lines.first?.contains(folder.path("\(name).pem")) ?? false)
            #expect(lines.first?.contains(command) ?? false, "\(lines)")
        }
    }

    @Test(
        "Of a certificate that clients take nothing is said",
        arguments: ["server-ecdsa", "server-rsa", "wildcard", "self"])
    func noWarning(name: String) throws {
        let folder = try folder("")
        let options = ["--tls-cert", folder.path("\(name).pem"), "--tls-key", folder.path("\(name).key")]
        try Server.run(options) { server in #expect(!server.log.text.contains("\(name).pem"), "\(server.log.text)") }
    }

    @Test("Names in the development certificate may be many, and are found again at the next start")
    func manyNames() throws {
        let data = try TemporaryDirectory()
        let names = (1...20).map { "a-rather-long-name-of-a-host-\($0).department.example.test" }
        func fingerprint() throws -> String {
            let words = [Server.executable, "serve", data.path, "--port", "0"] + names.flatMap { ["--host", $0] }
            let server = try Client(words, environment: ["XDG_DATA_HOME": data.path("data")])
            defer { server.stop() }
            try server.waitForLine("openssl s_client")
            let certificate = try #require(server.out.lines.first { $0.contains("certificate ") })
            for name in names { #expect(certificate.contains(name)) }
            return try #require(server.out.lines.first { $0.contains("SHA-256") })
        }
        #expect(try fingerprint() == fingerprint())
    }
}
