import Foundation
import MartinetTestSupport
import Testing

@Suite("Handshakes with curl and openssl s_client")
struct HandshakeTests {
    @Test("The banner's own curl and openssl lines succeed as they are printed")
    func banner() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("index.html", "it works")
        try Server.run(folder: folder) { server in
            let curl = try #require(server.banner.first { $0.hasPrefix("curl ") })
            let fetched = try Client.run(["/bin/sh", "-c", curl])
            #expect(fetched.status == 0, "\(fetched.err)")
            #expect(fetched.out == "it works")

            let openssl = try #require(server.banner.first { $0.hasPrefix("openssl ") })
            for version in ["", " -tls1_2", " -tls1_3"] {
                let command = openssl.replacing(" </dev/null", with: "\(version) </dev/null")
                let outcome = try Client.run(["/bin/sh", "-c", command])
                #expect(outcome.status == 0, "\(outcome.err)")
                #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(version): \(outcome.out)")
            }

            let shown = try #require(server.banner.first { $0.hasPrefix("SHA-256") })
            let leaf = try Client.run([
                "/bin/sh", "-c",
                "openssl s_client -connect localhost:\(server.port) </dev/null 2>/dev/null"
                    + " | openssl x509 -noout -fingerprint -sha256",
            ])
            let fingerprint = try #require(leaf.out.split(separator: "=").last).trimmingCharacters(in: .newlines)
            #expect(shown.hasSuffix(fingerprint), "\(shown) is not \(fingerprint)")
        }
    }

    @Test(
        "The banner's lines hold for any address and any data directory",
        arguments: ["127.0.0.1:0", "127.0.0.2:0", "[::1]:0", "0.0.0.0:0"])
    func bannerForAddress(address: String) throws {
        let parent = try TemporaryDirectory()
        let data = ["XDG_DATA_HOME": parent.path("it's $HOME here")]
        try Server.run(["--listen", address], environment: data) { server in
            let curl = try #require(server.banner.first { $0.hasPrefix("curl ") })
            let fetched = try Client.run(["/bin/sh", "-c", "\(curl) -sS -f -o /dev/null"])
            #expect(fetched.status == 0, "\(fetched.err)")
            let openssl = try #require(server.banner.first { $0.hasPrefix("openssl ") })
            let outcome = try Client.run(["/bin/sh", "-c", openssl])
            #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(openssl): \(outcome.err)")
        }
    }

    @Test("The authority is made once and kept, with a key that nobody else can read")
    func authority() throws {
        let data = try TemporaryDirectory()
        var certificates: [[UInt8]] = []
        for _ in 0..<2 {
            try Server.run(environment: ["XDG_DATA_HOME": data.path]) { server in
                certificates.append(try data.bytes("martinet/authority.pem"))
                let outcome = try server.openssl("-verify_return_error", trusting: data.path("martinet/authority.pem"))
                #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(outcome.err)")
            }
        }
        #expect(certificates.count == 2 && certificates.first == certificates.last)
        let attributes = try FileManager.default.attributesOfItem(atPath: data.path("martinet/issuer.pem"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("A host that is asked for is in the certificate")
    func host() throws {
        try Server.run(["--host", "app.test"]) { server in
            #expect(server.url == "https://app.test:\(server.port)/")
            let curl = try #require(server.banner.first { $0.hasPrefix("curl ") })
            let outcome = try Client.run(["/bin/sh", "-c", curl + " -sS -o /dev/null -w '%{http_code}'"])
            #expect(outcome.out == "200", "\(outcome.err)")
        }
    }

    @Test("ALPN settles on http/1.1, and h2 alone is refused with no_application_protocol")
    func alpn() throws {
        try Server.run { server in
            let accepted = try server.openssl("-alpn", "h2,http/1.1")
            #expect(accepted.out.contains("ALPN protocol: http/1.1"), "\(accepted.err)")
            let refused = try server.openssl("-alpn", "h2")
            #expect(refused.status != 0)
            // s_client of OpenSSL 3.0 knows the alert's number and not its name.
            #expect(
                refused.err.contains("SSL alert number 120") || refused.err.contains("no application protocol"),
                "\(refused.err)")
            let line = try server.log.waitForLine("handshake failed")
            #expect(line.contains("ALPN"))
        }
    }

    @Test(
        "A key share that is not spoken here costs another round, and no group in common leaves a log line that says so"
    )
    func groups() throws {
        try Server.run { server in
            let retried = try server.openssl("-groups", "P-521:P-384")
            #expect(retried.out.contains("Verify return code: 0 (ok)"), "\(retried.err)")
            #expect(try server.openssl("-groups", "P-521").status != 0)
            try server.log.waitForLine("no key exchange group in common")
        }
    }

    @Test("A TLS 1.3 client may renew the keys of its connection, and go on")
    func keyUpdate() throws {
        try Server.run { server in
            let client = try server.startOpenSSL("-tls1_3")
            defer { client.stop() }
            try client.waitForLine("Verify return code")
            // A key update of the client's, and one that asks for the server's too.
            for (count, command) in ["k", "K", "K"].enumerated() {
                try client.tell(command)
                // s_client reads all that waits and heeds its first letter alone.
                try client.err.waitForLine("KEYUPDATE", count: count + 1)
            }
            try client.tell("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r")
            try client.waitForLine("HTTP/1.1 200 OK")
        }
    }

    @Test("A TLS 1.2 client may not renegotiate")
    func renegotiation() throws {
        try Server.run { server in
            let client = try server.startOpenSSL("-tls1_2")
            defer { client.stop() }
            try client.waitForLine("Verify return code")
            try client.tell("R")
            let outcome = try client.outcome()
            #expect(outcome.err.contains("no renegotiation"), "\(outcome.err)")
            #expect(try server.curl("-f").status == 0)
        }
    }

    @Test("TLS 1.1 is refused, and one log line says so")
    func tls11() throws {
        try Server.run { server in
            let refused = try server.openssl("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
            #expect(refused.status != 0)
            #expect(refused.err.contains("protocol version"), "\(refused.err)")
            let line = try server.log.waitForLine("handshake failed")
            #expect(line.contains("127.0.0.1:"))
            #expect(line.contains("supported versions up to TLSv1.1"))
            #expect(line.contains("the client offers only TLS versions older than the minimum set here"))
            #expect(server.log.lines.count { $0.contains("handshake failed") } == 1)
        }
    }

    @Test("The log line about a handshake that failed names all versions that the hello offers")
    func offeredVersions() throws {
        try Server.run { server in
            #expect(try server.openssl("-alpn", "h2").status != 0)
            let line = try server.log.waitForLine("handshake failed")
            #expect(line.contains("supported versions TLSv1.3 TLSv1.2"), "\(line)")
        }
    }

    @Test("--tls-min 1.3 refuses TLS 1.2")
    func minimum() throws {
        try Server.run(["--tls-min", "1.3"]) { server in
            #expect(try server.openssl("-tls1_2").err.contains("protocol version"))
            try server.log.waitForLine("older than the minimum")
            #expect(try server.openssl("-tls1_3").out.contains("Verify return code: 0 (ok)"))
        }
    }

    @Test("The suites are AEAD with forward secrecy alone")
    func suites() throws {
        try Server.run { server in
            for suite in ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"] {
                #expect(try server.openssl("-tls1_2", "-cipher", suite).status != 0, "\(suite)")
            }
            let accepted = try server.openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")
            #expect(accepted.out.contains("Verify return code: 0 (ok)"))
        }
    }

    @Test("A session is resumed, whichever worker it was begun with", arguments: ["-tls1_2", "-tls1_3"])
    func resumption(version: String) throws {
        let folder = try TemporaryDirectory()
        try Server.run(["--workers", "2"]) { server in
            let host = "GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
            let client = "openssl s_client -connect 127.0.0.1:\(server.port) -CAfile \(server.authority) \(version)"
            let first = try Client.run([
                "/bin/sh", "-c", "printf '\(host)' | \(client) -ign_eof -sess_out \(folder.path("session"))",
            ])
            #expect(first.out.contains("\nNew, "), "\(first.err)")
            // Each of these lands on a worker of the kernel's choice.
            for _ in 0..<6 {
                let next = try server.openssl(version, "-sess_in", folder.path("session"))
                #expect(next.out.contains("\nReused, "), "\(next.err)")
            }
        }
    }

    // MARK: Certificates that are given

    /// The options that have these certificates shown.
    private static func options(_ names: [String], in certificates: TemporaryDirectory) -> [String] {
        names.flatMap {
            ["--tls-cert", certificates.path("\($0).pem"), "--tls-key", certificates.path("\($0).key")]
        }
    }

    @Test("Two certificates: the server name picks one, and the first is for everyone else")
    func serverName() throws {
        let certificates = try testCertificates()
        let pairs = Self.options(["server-ecdsa", "second"], in: certificates)
        try Server.run(pairs) { server in
            for (name, subject) in [
                ("second.test", "second.test"), ("localhost", "localhost"), ("SECOND.test", "second.test"),
                ("unknown.test", "localhost"),
            ] {
                let outcome = try server.openssl("-servername", name, trusting: certificates.path("authority.pem"))
                #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(name): \(outcome.err)")
                #expect(outcome.out.contains("CN = \(subject)\n"), "\(name): \(outcome.out)")
            }
            let nameless = try server.openssl("-noservername", trusting: certificates.path("authority.pem"))
            #expect(nameless.out.contains("CN = localhost\n"))
        }
    }

    @Test("An ECDSA and an RSA certificate for the same names: the client's algorithms pick one")
    func keyTypes() throws {
        let certificates = try testCertificates()
        let pairs = Self.options(["server-ecdsa", "server-rsa"], in: certificates)
        try Server.run(pairs) { server in
            for (algorithm, type) in [("ECDSA+SHA256", "ECDSA"), ("RSA-PSS+SHA256", "RSA-PSS")] {
                let outcome = try server.openssl(
                    "-sigalgs", algorithm, "-servername", "localhost",
                    trusting: certificates.path("authority.pem"))
                #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(outcome.err)")
                #expect(outcome.out.contains("Peer signature type: \(type)"), "\(outcome.out)")
            }
        }
    }

    @Test("A combined PEM file needs no key option, and a banner's lines hold for it too")
    func combined() throws {
        let certificates = try testCertificates()
        try Server.run(["--tls-cert", certificates.path("combined.pem")]) { server in
            let outcome = try server.openssl("-verify_return_error", trusting: certificates.path("authority.pem"))
            #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(outcome.err)")
            let curl = try Client.run([
                "curl", "-sS", "--cacert", certificates.path("authority.pem"), "-o", "/dev/null", "-w", "%{http_code}",
                server.url,
            ])
            #expect(curl.out == "200", "\(curl.err)")
        }
    }

    @Test("A client that does not trust the authority leaves a log line that says so")
    func distrust() throws {
        try Server.run { server in
            let outcome = try Client.run(["curl", "-sS", "https://127.0.0.1:\(server.port)/"])
            #expect(outcome.status == 60)
            try server.log.waitForLine("does not trust the authority that issued our certificate")
        }
    }
}

/// The project's test certificates, made anew in a folder of their own.
func testCertificates() throws -> TemporaryDirectory {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scripts/make-certs")
    let folder = try TemporaryDirectory()
    let outcome = try Client.run([script.standardizedFileURL.path(), folder.path])
    guard outcome.status == 0 else { throw Missing(description: "make-certs failed: \(outcome.err)") }
    return folder
}
