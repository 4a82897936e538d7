import Foundation
import MartinetTestSupport
import Testing

@Suite("martinet cert new")
struct CertificateMakingTests {
    /// A folder to make certificates in, and authorities of its own.
    private let folder: TemporaryDirectory
    private let data: TemporaryDirectory

    init() throws { (folder, data) = (try TemporaryDirectory(), try TemporaryDirectory()) }

    private var environment: [String: String] { ["XDG_DATA_HOME": data.path] }

    private func cert(_ words: String...) throws -> Client.Outcome {
        try Client.run(
            [Server.executable, "cert"] + words, environment: environment, folder: URL(filePath: folder.path))
    }

    private func run(_ words: String...) throws -> Client.Outcome {
        try Client.run(words, folder: URL(filePath: folder.path))
    }

    private func authority(_ ending: String = "") -> String { data.path("martinet/authority\(ending).pem") }

    private func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }

    private func expectVerified(
        _ file: String, purpose: String = "sslserver", by ending: String = "", checking more: [String] = []
    ) throws {
        let outcome = try Client.run(
            [
                "openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", authority(ending), "-untrusted",
                file,
            ]
                + more + [file], folder: URL(filePath: folder.path))
        #expect(outcome.status == 0, "\(file): \(outcome.out)\(outcome.err)")
        // GnuTLS holds common names against the limits that OpenSSL passes over.
        guard try run("sh", "-c", "command -v certtool").status == 0 else { return }
        let other = try run("certtool", "--verify", "--load-ca-certificate", authority(ending), "--infile", file)
        #expect(other.status == 0, "\(file): \(other.out)\(other.err)")
    }

    @Test("What openssl verifies, with the names, the key and the purposes that were asked for")
    func verified() throws {
        let made = try cert("new", "app.test", "*.app.test", "App.test", "192.168.1.20", "::1")
        #expect(made.status == 0, "\(made.err)")
        #expect(try names() == ["app.test+3.pem", "app.test+3-key.pem"])
        for words in [
            "app.test, *.app.test, 192.168.1.20 and ::1, good for servers until", authority(), "martinet cert trust",
            "ssl_certificate \(folder.path)/app.test+3.pem; ssl_certificate_key \(folder.path)/app.test+3-key.pem;",
            "serve --tls-cert \(folder.path)/app.test+3.pem --tls-key \(folder.path)/app.test+3-key.pem",
        ] {
            #expect(made.out.contains(words), "\(made.out)")
        }
        for check in [
            ["-verify_hostname", "app.test"], ["-verify_hostname", "a.app.test"], ["-verify_ip", "192.168.1.20"],
            ["-verify_ip", "::1"],
        ] {
            try expectVerified("app.test+3.pem", checking: check)
        }
        let text = try run("openssl", "x509", "-in", "app.test+3.pem", "-noout", "-text").out
        for words in ["TLS Web Server Authentication", "prime256v1", "DNS:app.test, DNS:*.app.test", "CN = app.test"] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(!text.contains("Client Authentication"))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path("app.test+3-key.pem"))[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test(
        "Every kind that can be asked for is verified",
        arguments: [
            (["10.0.0.1"], "10.0.0.1.pem", "sslserver"), (["--key-type", "rsa", "a.test"], "a.test.pem", "sslserver"),
            (["--days", "1", "a.test"], "a.test.pem", "sslserver"),
            (["--client", "a.test"], "a.test-client.pem", "sslclient"),
            (["--client", "--server", "a.test"], "a.test.pem", "sslclient"),
            (["--client", "ada@example.org"], "ada@example.org-client.pem", "sslclient"),
            (["--client", "--common-name", "ada"], "ada-client.pem", "sslclient"),
            (["--client", "10.0.0.1"], "10.0.0.1-client.pem", "sslclient"),
            (["--cert", "c.pem", "--key", "k.pem", "a.test"], "c.pem", "sslserver"),
        ])
    func kinds(options: [String], file: String, purpose: String) throws {
        let made = try Client.run(
            [Server.executable, "cert", "new"] + options, environment: environment, folder: URL(filePath: folder.path))
        #expect(made.status == 0, "\(made.err)")
        #expect(try names().contains(file))
        try expectVerified(file, purpose: purpose)
    }

    @Test("Other names have an authority of their own, and cannot stand beside those of another")
    func authorities() throws {
        let mixed = try cert("new", "app.test", "www.example.org", "8.8.8.8", "example.org")
        #expect(mixed.status == 3)
        for words in [
            "cert new app.test    # by authority.pem",
            "cert new www.example.org example.org    # by authority-example.org",
            "cert new 8.8.8.8    # by authority-8.8.8.8.pem",
        ] {
            #expect(mixed.err.contains(words), "\(mixed.err)")
        }
        #expect(try names().isEmpty)
        for (name, ending) in [("www.example.org", "-www.example.org"), ("8.8.8.8", "-8.8.8.8")] {
            let made = try cert("new", name)
            #expect(made.status == 0 && made.out.contains(authority(ending)), "\(made.out)\(made.err)")
            try expectVerified("\(name).pem", by: ending)
            let other = try run("openssl", "verify", "-CAfile", authority(), "-untrusted", "\(name).pem", "\(name).pem")
            #expect(other.status != 0)
        }
    }

    @Test("A server with it is accepted, and takes clients that have one")
    func served() throws {
        #expect(try cert("new", "app.test", "127.0.0.1").status == 0)
        #expect(try cert("new", "--client", "--common-name", "ada", "ada@example.test").status == 0)
        let (chain, key) = (folder.path("app.test+1.pem"), folder.path("app.test+1-key.pem"))
        let options = ["--tls-cert", chain, "--tls-key", key, "--client-ca", authority()]
        try Server.run(options, environment: environment) { server in
            #expect(!server.log.text.contains("warning"), "\(server.log.text)")
            let url = "https://127.0.0.1:\(server.port)/"
            let words = ["curl", "-sS", "-f", "-o", "/dev/null", "--cacert", authority(), url]
            let client = [
                "--cert", folder.path("ada@example.test-client.pem"), "--key",
                folder.path("ada@example.test-client-key.pem"),
            ]
            let good = try Client.run(words + client)
            #expect(good.status == 0, "\(good.err)")
            #expect(try Client.run(words).status != 0)
            // A server's certificate is none of a client.
            #expect(try Client.run(words + ["--cert", chain, "--key", key]).status != 0)
        }
    }

    @Test("openssl, NSS and Java read the PKCS #12", arguments: ["ecdsa", "rsa"])
    func bundle(keyType: String) throws {
        try folder.makeFile("password", "a long one\nand more\n")
        for (options, password) in [([], "changeit"), (["--password-file", "password", "--force"], "a long one")] {
            let made = try Client.run(
                [Server.executable, "cert", "new", "--pkcs12", "--key-type", keyType, "app.test"] + options,
                environment: environment, folder: URL(filePath: folder.path))
            #expect(made.status == 0, "\(made.err)")
            #expect(made.out.contains("changeit") == options.isEmpty && !made.out.contains("a long one"), "\(made.out)")
            let read = try run("openssl", "pkcs12", "-in", "app.test.p12", "-passin", "pass:\(password)", "-noenc")
            #expect(read.out.components(separatedBy: "BEGIN CERTIFICATE").count == 4, "\(read.err)")
            #expect(read.out.contains("BEGIN PRIVATE KEY"))
            if try run("sh", "-c", "command -v keytool").status == 0 {
                let list = try run("keytool", "-list", "-v", "-keystore", "app.test.p12", "-storepass", password)
                #expect(list.out.contains("PrivateKeyEntry") && list.out.contains("chain length: 3"), "\(list.out)")
            }
            if try run("sh", "-c", "command -v pk12util").status == 0 {
                let list = try run("pk12util", "-l", "app.test.p12", "-W", password)
                #expect(list.status == 0 && list.out.contains("app.test"), "\(list.out)\(list.err)")
            }
            try expectShown(
                "app.test.p12", password: options.isEmpty ? nil : "password", "belongs to the certificate number 1")
        }
        #expect(try names() == ["password", "app.test.p12"])
    }

    private func expectShown(_ file: String, password: String?, _ words: String) throws {
        let shown = try Client.run(
            [Server.executable, "cert", "show", file] + (password.map { ["--password-file", $0] } ?? []),
            environment: environment, folder: URL(filePath: folder.path))
        #expect(shown.status == 0 && shown.out.contains(words), "\(shown.out)\(shown.err)")
    }

    @Test("A request is signed for its own key and names")
    func request() throws {
        let making = """
            openssl req -new -newkey rsa:2048 -noenc -keyout app.key -subj /CN=app.test -out app.csr \
            -addext subjectAltName=DNS:app.test,IP:10.0.0.1 -addext basicConstraints=CA:TRUE &&
            openssl req -new -newkey rsa:1024 -noenc -keyout weak.key -subj /CN=app.test -out weak.csr &&
            openssl req -new -key app.key -subj /CN=Somebody -out nobody.csr
            """
        #expect(try run("sh", "-c", making).status == 0)
        let made = try cert("new", "--csr", "app.csr")
        #expect(made.status == 0, "\(made.err)")
        try expectVerified("app.test+1.pem", checking: ["-verify_ip", "10.0.0.1"])
        // It asked to be an authority.
        #expect(try run("openssl", "x509", "-in", "app.test+1.pem", "-noout", "-text").out.contains("CA:FALSE"))
        try expectShown("app.test+1.pem", password: nil, "A certificate for app.test and 10.0.0.1")
        for (file, words) in [
            ("weak.csr", "too weak"), ("nobody.csr", "no name of a server"), ("app.key", "not one certificate request"),
        ] {
            let refused = try cert("new", "--csr", file, "--cert", "new.pem")
            #expect(refused.status == 3 && refused.err.contains(words), "\(refused.err)")
        }
        #expect(!(try names()).contains("new.pem"))
    }

    @Test("Nothing is replaced that was not to be, and then nothing is written")
    func existing() throws {
        try folder.makeFile("a.test-key.pem", "old")
        let refused = try cert("new", "a.test")
        #expect(refused.status == 3 && refused.err.contains("--force"), "\(refused.err)")
        #expect(try names() == ["a.test-key.pem"])
        #expect(try folder.text("a.test-key.pem") == "old")
        #expect(try cert("new", "--force", "a.test").status == 0)
        try expectVerified("a.test.pem")
        try folder.makeFIFO("b.test.pem")
        try folder.makeLink("c.test-key.pem", to: "target")
        try folder.makeDirectory("d.test.pem")
        let before = try names()
        for name in ["b.test", "c.test", "d.test"] {
            let refused = try cert("new", "--force", name)
            #expect(refused.status == 3 && refused.err.contains("no regular file"), "\(refused.err)")
        }
        let missing = try cert("new", "e.test", "--out", "missing")
        #expect(missing.status == 3 && missing.err.contains("mkdir -p \(folder.path)/missing"), "\(missing.err)")
        #expect(try names() == before)
    }

    @Test(
        "What cannot be made is refused with what can",
        arguments: [
            ([], "Name what the certificate is for"), (["*.org"], "other people's names"),
            (["bücher.test"], "Punycode"),
            (["a b"], "neither a host name nor an IP address"), (["ada@example.test"], "give --client"),
            (["--days", "398", "a.test"], "give 1 to 397"), (["--days", "0", "a.test"], "give 1 to 397"),
            (["--client"], "Name the client"), (["--password-file", "p", "a.test"], "--pkcs12"),
            (["--pkcs12", "--key", "k", "a.test"], "--out"), (["--csr", "r", "a.test"], "leave NAME"),
            (["--cert", "x", "--key", "./x", "a.test"], "same file"), (["--key-type", "dsa", "a.test"], "rsa:3072"),
            (["--client", "--common-name", "www.example.org", "a.test"], "NAME, too"),
            (["--common-name", "ada", "a.test"], "give --client"),
            ((0...100).map { "a\($0).test" }, "100 at most"),
        ])
    func refused(words: [String], problem: String) throws {
        let outcome = try Client.run(
            [Server.executable, "cert", "new"] + words, environment: environment, folder: URL(filePath: folder.path))
        #expect(outcome.status == 2 && outcome.err.contains(problem), "\(outcome.err)")
        #expect(try names().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: data.path("martinet")))
    }
}
