import Foundation
import MartinetTestSupport
import Testing

@Suite("The authorities that sign for development")
struct AuthorityTests {
    @Test("Of many first starts at one moment all serve what the one authority verifies")
    func concurrentStarts() throws {
        let data = try TemporaryDirectory()
        let folder = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": data.path]
        let words = [Server.executable, "serve", folder.path, "--port", "0", "--workers", "1"]
        let servers = try (0..<24).map { _ in try Client(words, environment: environment) }
        defer {
            for server in servers { server.send(SIGTERM) }
            for server in servers { try? server.waitForEnd(within: .seconds(30)) }
        }
        for server in servers {
            try server.waitForLine("openssl s_client", within: .seconds(60))
            let command = try #require(server.out.lines.first { $0.contains("openssl s_client") })
            let outcome = try Client.run(["/bin/sh", "-c", command])
            #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(outcome.err)")
            #expect(!server.err.text.contains("anew"), "\(server.err.text)")
        }
    }

    /// What may stand in the folder when its making was cut short: files' names, and of whose content how much.
    static let remains: [[String: Double]] = [
        ["issuer.pem.77.new": 0], ["issuer.pem.77.new": 0.5], ["issuer.pem": 1],
        ["issuer.pem": 1, "authority.pem.77.new": 0.3], ["issuer.pem": 1, "authority.pem": 1],
        ["issuer.pem": 1, "authority.pem": 1, "server-localhost+127_0_0_1+__1.pem.77.new": 0.9],
    ]

    @Test("After an end at any point of the making the next start goes on from there", arguments: remains)
    func cutShort(remains: [String: Double]) throws {
        let data = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": data.path]
        try Server.run(environment: environment) { _ in }
        let whole = try data.bytes("martinet/authority.pem")
        let made = try FileManager.default.contentsOfDirectory(atPath: data.path("martinet"))
        #expect(Set(made) == ["issuer.pem", "authority.pem", "server-localhost+127_0_0_1+__1.pem"])
        var contents: [String: [UInt8]] = [:]
        for name in made {
            contents[name] = try data.bytes("martinet/\(name)")
            try FileManager.default.removeItem(atPath: data.path("martinet/\(name)"))
        }
        for (name, share) in remains {
            let content = contents[name.replacing(".77.new", with: "")] ?? []
            try data.makeFile("martinet/\(name)", [UInt8](content.prefix(Int(Double(content.count) * share))))
            try data.setMode("martinet/\(name)", to: 0o600)
        }
        try Server.run(environment: environment) { server in
            let outcome = try server.openssl("-verify_return_error", trusting: data.path("martinet/authority.pem"))
            #expect(outcome.out.contains("Verify return code: 0 (ok)"), "\(outcome.err)")
            #expect(!server.log.text.contains("anew"), "\(server.log.text)")
        }
        if remains["issuer.pem"] != nil { #expect(try data.bytes("martinet/authority.pem") == whole) }
        let left = try FileManager.default.contentsOfDirectory(atPath: data.path("martinet"))
        #expect(Set(left) == Set(made))
    }

    @Test("What is torn, or could sign for any name, is made anew with a line that says so")
    func remade() throws {
        let data = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": data.path]
        try Server.run(environment: environment) { server in #expect(!server.log.text.contains("anew")) }
        let issuer = try data.bytes("martinet/issuer.pem")
        try data.makeFile("martinet/issuer.pem", [UInt8](issuer.prefix(issuer.count / 2)))
        try Server.run(environment: environment) { server in
            let line = try server.log.waitForLine("anew")
            #expect(line.contains("authority.pem") && line.contains("damaged"), "\(line)")
            #expect(try server.curl("--cacert", data.path("martinet/authority.pem")).status == 0)
        }
        // As an earlier version made it: with a key beside it, and without limits.
        try FileManager.default.removeItem(atPath: data.path("martinet/issuer.pem"))
        let made = try Client.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=Martinet development authority of ada", "-keyout", data.path("martinet/authority.key"), "-out",
            data.path("martinet/authority.pem"),
        ])
        #expect(made.status == 0, "\(made.err)")
        try Server.run(environment: environment) { server in
            let line = try server.log.waitForLine("anew")
            #expect(line.contains("any name"), "\(line)")
        }
        #expect(!FileManager.default.fileExists(atPath: data.path("martinet/authority.key")))
    }

    @Test(
        "What was not made here is left alone, with the command that moves it away", arguments: ["issuer", "authority"])
    func foreign(file: String) throws {
        let data = try TemporaryDirectory()
        try Server.run(environment: ["XDG_DATA_HOME": data.path]) { _ in }
        try FileManager.default.removeItem(atPath: data.path("martinet/\(file).pem"))
        let made = try Client.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=The Company", "-keyout", data.path("key"), "-out", data.path("certificate"),
        ])
        #expect(made.status == 0, "\(made.err)")
        let text = try data.bytes("key") + data.bytes("certificate")
        try data.makeFile("martinet/\(file).pem", text)
        try data.setMode("martinet/\(file).pem", to: 0o600)
        let outcome = try Server.command("serve", "--port", "0", data.path, environment: ["XDG_DATA_HOME": data.path])
        #expect(outcome.status == 3)
        #expect(outcome.err.contains("The Company") && outcome.err.contains("  mv "), "\(outcome.err)")
        #expect(try data.bytes("martinet/\(file).pem") == text)
    }

    @Test(
        "What others may read or change is refused",
        arguments: [("issuer.pem", 0o640), ("authority.pem", 0o666), (".", 0o777)])
    func exposed(file: String, mode: UInt32) throws {
        let data = try TemporaryDirectory()
        try Server.run(environment: ["XDG_DATA_HOME": data.path]) { _ in }
        try data.setMode("martinet/\(file)", to: mode)
        let outcome = try Server.command("serve", "--port", "0", data.path, environment: ["XDG_DATA_HOME": data.path])
        #expect(outcome.status == 3)
        #expect(outcome.err.contains("Other users may") && outcome.err.contains("  mv "), "\(outcome.err)")
    }

    @Test("What is no regular file is refused, and not waited for", arguments: ["issuer.pem", "authority.pem"])
    func noFile(file: String) throws {
        let data = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: data.path("martinet"), withIntermediateDirectories: true)
        try data.setMode("martinet", to: 0o700)
        #expect(try Client.run(["mkfifo", "-m", "600", data.path("martinet/\(file)")]).status == 0)
        let outcome = try Server.command("serve", "--port", "0", data.path, environment: ["XDG_DATA_HOME": data.path])
        #expect(outcome.status == 3)
        #expect(outcome.err.contains("\(file): It is no regular file"), "\(outcome.err)")
    }

    @Test("A name that may be somebody's has an authority and a certificate of its own, chosen by server name")
    func named() throws {
        let data = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": data.path]
        try Server.run(["--host", "www.example.org", "--host", "app.test"], environment: environment) { server in
            let own = data.path("martinet/authority-www.example.org.pem")
            let common = data.path("martinet/authority.pem")
            #expect(server.banner.contains { $0.contains(own) && $0.contains("trust this one, too") })
            let curl = try #require(server.banner.first { $0.hasPrefix("curl ") })
            #expect(try Client.run(["/bin/sh", "-c", curl + " -sS -f -o /dev/null"]).status == 0)
            for (name, authority, isGood) in [
                ("www.example.org", own, true), ("www.example.org", common, false), ("app.test", common, true),
                ("localhost", common, true), ("localhost", own, false),
            ] {
                let outcome = try server.openssl(
                    "-servername", name, "-verify_hostname", name, "-verify_return_error", trusting: authority)
                #expect((outcome.status == 0) == isGood, "\(name) by \(authority): \(outcome.err)")
            }
        }
        let first = try data.bytes("martinet/authority-www.example.org.pem")
        // What is beneath it needs no other one.
        try Server.run(["--host", "a.www.example.org"], environment: environment) { _ in }
        #expect(try data.bytes("martinet/authority-www.example.org.pem") == first)
        #expect(!FileManager.default.fileExists(atPath: data.path("martinet/authority-a.www.example.org.pem")))
    }
}
