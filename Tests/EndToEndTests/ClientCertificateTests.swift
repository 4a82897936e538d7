import Foundation
import MartinetTestSupport
import Testing

@Suite("Client certificates with curl and openssl s_client")
struct ClientCertificateTests {
    private static let versions = ["1.2", "1.3"]

    /// A server whose clients' authority is the project's, and what those clients need.
    private struct Site {
        let certificates: TemporaryDirectory
        let server: Server

        static func run(_ options: [String], authority: String = "authority", _ body: (Site) throws -> Void) throws {
            let certificates = try testCertificates()
            let given = [
                "--tls-cert", certificates.path("combined.pem"), "--client-ca", certificates.path("\(authority).pem"),
                "--verbose",
            ]
            try Server.run(given + options) { try body(Site(certificates: certificates, server: $0)) }
        }

        /// Fetches the listing; the outcome's text is the status code, 000 where there was no answer.
        func curl(_ version: String, showing identity: String?) throws -> Client.Outcome {
            let shown = identity.map {
                ["--cert", certificates.path("\($0).pem"), "--key", certificates.path("\($0).key")]
            }
            return try Client.run(
                ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--tlsv\(version)", "--tls-max", version]
                    + ["--cacert", certificates.path("authority.pem")] + (shown ?? []) + [server.url])
        }

        /// Shakes hands, sends a request and reads the answer to its end.
        func openssl(_ version: String, showing identity: String?, _ options: String = "") throws -> Client.Outcome {
            let shown = identity.map {
                "-cert '\(certificates.path("\($0).pem"))' -key '\(certificates.path("\($0).key"))'"
            }
            let request = "GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
            let command =
                "openssl s_client -connect 127.0.0.1:\(server.port) -tls\(version.replacing(".", with: "_"))"
                + " -CAfile '\(certificates.path("authority.pem"))' -ign_eof \(shown ?? "") \(options)"
            return try Client.run(["/bin/sh", "-c", "printf '\(request)' | \(command)"])
        }
    }

    @Test(
        "A client that shows a certificate of the authority is let in, and the verbose log says who it is",
        arguments: [[], ["--client-auth", "required"], ["--client-auth", "optional"]])
    func given(options: [String]) throws {
        try Site.run(options) { site in
            for version in Self.versions {
                let fetched = try site.curl(version, showing: "client")
                #expect(fetched.out == "200", "\(version): \(fetched.err)")
                // Revocation is not looked up, so this is just another client.
                let other = try site.openssl(version, showing: "client-revoked")
                #expect(other.out.contains("HTTP/1.1 200 OK"), "\(version): \(other.err)")
                #expect(
                    other.out.contains(
                        "Acceptable client certificate CA names\nO = Martinet Tests, CN = Martinet Test Authority\n"))
            }
            for name in ["Client", "Client Revoked"] {
                let line = try site.server.log.waitForLine(
                    "client certificate CN=Martinet Test \(name),O=Martinet Tests, serial ", count: 2)
                #expect(line.contains(" debug "))
            }
        }
    }

    @Test("A client without a certificate is refused unless it is optional, and a log line says why")
    func missing() throws {
        try Site.run([]) { site in
            for (index, version) in Self.versions.enumerated() {
                let fetched = try site.curl(version, showing: nil)
                #expect(fetched.out == "000")
                #expect(fetched.err.contains("alert"), "\(fetched.err)")
                let line = try site.server.log.waitForLine("handshake failed", count: index + 1)
                #expect(line.contains("the client sent no certificate"), "\(line)")
                #expect(line.contains("the client sent no certificate, and it must have one"), "\(line)")
            }
            #expect(site.server.banner.contains { $0.hasPrefix("clients        must show a certificate") })
            #expect(site.server.banner.contains { $0.hasPrefix("curl --cert client.pem --key client.key https:") })
        }
        try Site.run(["--client-auth", "optional"]) { site in
            for version in Self.versions {
                let fetched = try site.curl(version, showing: nil)
                #expect(fetched.out == "200", "\(version): \(fetched.err)")
            }
            #expect(site.server.banner.contains { $0.hasPrefix("clients        may show a certificate") })
            #expect(!site.server.log.text.contains("client certificate"))
        }
    }

    @Test(
        "A certificate of a foreign authority is refused, and a log line says why",
        arguments: ["required", "optional"])
    func foreign(mode: String) throws {
        // The clients' certificates come from the authority above this one.
        try Site.run(["--client-auth", mode], authority: "intermediate") { site in
            for (index, version) in Self.versions.enumerated() {
                #expect(try site.curl(version, showing: "client").out == "000")
                try site.server.log.waitForLine("not signed by an authority that is trusted here", count: index + 1)
                // A server's certificate is one of the authority, and none for clients.
                #expect(try site.openssl(version, showing: "wrong-host").status != 0)
            }
            try site.server.log.waitForLine("extended key usage lacks clientAuth", count: 2)
        }
    }

    @Test("A resumed session keeps the client's certificate, whichever worker it was begun with", arguments: versions)
    func resumption(version: String) throws {
        try Site.run(["--workers", "2"]) { site in
            let session = site.certificates.path("session")
            let first = try site.openssl(version, showing: "client", "-sess_out '\(session)'")
            #expect(first.out.contains("\nNew, "), "\(first.err)")
            let words = "client certificate CN=Martinet Test Client,O=Martinet Tests, serial "
            // Each of these lands on a worker of the kernel's choice.
            for count in 2...7 {
                let next = try site.openssl(version, showing: nil, "-sess_in '\(session)'")
                #expect(next.out.contains("\nReused, "), "\(next.err)")
                #expect(next.out.contains("HTTP/1.1 200 OK"))
                try site.server.log.waitForLine(words, count: count)
            }
        }
    }

    @Test("Without the option clients are not asked, nor with --client-auth none", arguments: [true, false])
    func unasked(isNone: Bool) throws {
        let certificates = try testCertificates()
        try Server.run(
            ["--tls-cert", certificates.path("combined.pem")] + (isNone ? ["--client-auth", "none"] : []),
            environment: isNone ? ["MARTINET_CLIENT_CA": certificates.path("authority.pem")] : [:]
        ) { server in
            let outcome = try server.openssl(trusting: certificates.path("authority.pem"))
            #expect(outcome.out.contains("No client certificate CA names sent"), "\(outcome.out)")
            #expect(outcome.status == 0)
        }
    }

    // MARK: Options

    @Test("The environment gives the options too")
    func environment() throws {
        let certificates = try testCertificates()
        let environment = [
            "MARTINET_CLIENT_CA": certificates.path("authority.pem"), "MARTINET_CLIENT_AUTH": "optional",
        ]
        try Server.run(environment: environment) { server in
            let path = certificates.path("authority.pem")
            #expect(server.banner.contains("clients        may show a certificate of \(path)"))
        }
    }

    @Test("A file of authorities that cannot be used is status 3, with its name and a way out")
    func badAuthorities() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("nonsense.pem", "no certificate")
        for (name, problem) in [
            ("nonsense.pem", "without certificates in PEM"), ("none.pem", "No such file or directory"),
            ("", "Is a directory"),
        ] {
            let path = folder.path(name)
            let outcome = try Server.command("serve", folder.path, "--client-ca", path)
            #expect(outcome.status == 3)
            #expect(outcome.err.contains("--client-ca \(path): "), "\(outcome.err)")
            #expect(outcome.err.contains(problem), "\(outcome.err)")
            #expect(outcome.err.contains("PEM"), "\(outcome.err)")
        }
    }

    @Test("--client-auth without authorities is wrong usage, with a way out", arguments: ["optional", "required"])
    func noAuthorities(mode: String) throws {
        let outcome = try Server.command("serve", "/", "--client-auth", mode)
        #expect(outcome.status == 2)
        #expect(outcome.err.contains("name their file with --client-ca"), "\(outcome.err)")
    }
}
