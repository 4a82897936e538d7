import Foundation
import MartinetTestSupport
import Testing

@Suite("What options name is not for clients")
struct ConcealmentTests {
    /// A folder with a certificate, its key, a file of passwords, scripts, and links to them all.
    private static func makeFolder() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let made = try Client.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                folder.path("key.pem"), "-out", folder.path("chain.pem"),
            ])
        guard made.status == 0 else { throw Missing(description: made.err) }
        try folder.makeFile("combined.pem", folder.text("chain.pem") + folder.text("key.pem"))
        try folder.makeFile("clients.pem", folder.text("chain.pem"))
        try folder.makeFile("passwords", "user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
        try folder.makeFile("secrets.log")
        try folder.makeFile("access.log")
        try folder.makeFile("page.html", "public")
        for name in ["scripts", "data", "data/martinet", "links"] { try folder.makeDirectory(name) }
        // By another process: what this one has open for writing cannot be executed.
        let script = "#!/bin/sh\necho Content-Type: text/plain; echo; echo ran\n"
        _ = try Client.run([
            "sh", "-c", "printf %s \"$1\" > \"$0\"; chmod +x \"$0\"", folder.path("scripts/run"), script,
        ])
        try folder.makeFile("data/martinet/authority.key", "secret")
        for name in concealed {
            let last = try #require(name.split(separator: "/").last)
            try folder.makeHardLink("links/hard-\(last)", to: name)
            try folder.makeLink("links/soft-\(last)", to: folder.path(name))
        }
        return folder
    }

    private static let concealed = [
        "key.pem", "combined.pem", "clients.pem", "passwords", "secrets.log", "access.log", "scripts/run",
        "data/martinet/authority.key",
    ]

    /// All spellings of a file's path, and the links to it.
    private static func spellings(_ name: String) -> [String] {
        let words = name.split(separator: "/").map(String.init)
        let last = words.last ?? ""
        let start = words.dropLast().map { "\($0)/" }.joined()
        let escaped = last.utf8.map { "%" + String($0, radix: 16) }.joined()
        return [
            name, start + escaped, "./\(start)./\(last)", "/\(name)", "links/../\(name)", "\(name).gz",
            "links/hard-\(last)", "links/soft-\(last)", "\(name)/",
        ]
    }

    /// The statuses and contents of answers to these paths.
    private static func ask(_ url: String, _ paths: [String], _ options: String...) throws -> [(Int, String)] {
        let mark = "-- status "
        let outcome = try Client.run(
            ["curl", "-sSk", "--path-as-is", "-u", "user:password", "-w", "\(mark)%{http_code}\n"] + options
                + paths.map { url + $0 })
        var content = ""
        var answers: [(Int, String)] = []
        for line in outcome.out.components(separatedBy: "\n") {
            let parts = line.components(separatedBy: mark)
            content += parts[0] + "\n"
            guard parts.count == 2 else { continue }
            answers.append((Int(parts[1]) ?? 0, content))
            content = ""
        }
        #expect(answers.count == paths.count, "\(outcome.err)")
        return answers
    }

    @Test("Keys, passwords, logs, the authority and scripts: 404 by every name, and one line at the start says so")
    func everything() throws {
        let folder = try Self.makeFolder()
        let options = [
            "--tls-cert", folder.path("chain.pem"), "--tls-key", folder.path("key.pem"),
            "--tls-cert", folder.path("combined.pem"), "--tls-key", folder.path("combined.pem"),
            "--client-ca", folder.path("clients.pem"), "--client-auth", "optional",
            "--keylog", folder.path("secrets.log"), "--access-log", folder.path("access.log"),
            "--auth-file", folder.path("passwords"),
            "--cgi", "/run/=\(folder.path("scripts"))", "--hidden", "--follow-symlinks",
        ]
        try Server.run(options, environment: ["XDG_DATA_HOME": folder.path("data")], folder: folder) { server in
            for (spelling, answer) in try Self.answers(server.url, Self.concealed) {
                #expect(answer.status == 404, "\(spelling)")
                #expect(answer.content.contains("There is nothing at this address."), "\(spelling)")
            }
            let served = try Self.ask(server.url, ["page.html", "chain.pem", "run/run"])
            #expect(served.map(\.0) == [200, 200, 200])
            #expect(served.last?.1.contains("ran") == true)
            for accept in ["text/html", "application/json"] {
                let listings = try Self.ask(server.url, ["", "links/", "data/"], "-H", "Accept: \(accept)")
                #expect(listings[0].1.contains("page.html") && listings.allSatisfy { $0.0 == 200 })
                for name in Self.concealed + ["scripts", "hard-", "soft-", "martinet"] {
                    #expect(!listings.contains { $0.1.contains("\(name)\"") || $0.1.contains("\(name)/") }, "\(name)")
                }
            }
            let warnings = server.log.lines.filter { $0.contains("neither served nor listed") }
            #expect(warnings.count == 1)
            for name in Self.concealed + ["data/martinet"] where name != "scripts/run" && !name.hasSuffix(".key") {
                #expect(warnings.first?.contains("\(name) (") == true, "\(name)")
            }
        }
    }

    @Test("A key that is renewed and a log that is begun anew stay what they are")
    func renewed() throws {
        let folder = try Self.makeFolder()
        let options = [
            "--tls-cert", folder.path("chain.pem"), "--tls-key", folder.path("key.pem"),
            "--access-log", folder.path("access.log"),
        ]
        try Server.run(options, folder: folder) { server in
            #expect(try Self.ask(server.url, ["key.pem", "access.log", "page.html"]).map(\.0) == [404, 404, 200])
            try folder.rename("access.log", to: "access.log.1")
            try folder.makeFile("access.log", "secret")
            try folder.makeFile("new", "secret")
            try folder.makeHardLink("links/new", to: "new")
            try folder.rename("new", to: "key.pem")
            let answers = try Self.ask(server.url, ["access.log", "access.log.1", "key.pem", "links/new"])
            #expect(answers.map(\.0) == [404, 404, 404, 404])
        }
    }

    @Test("Where standard error is a file in the folder, that is not served either")
    func standardError() throws {
        let folder = try Self.makeFolder()
        let data = try TemporaryDirectory()
        let server = try Client(
            [
                "sh", "-c", "exec \"$@\" 2> \"$0\"", folder.path("errors"), Server.executable, "serve", folder.path,
                "--port", "0", "--access-log", "none",
            ], environment: ["XDG_DATA_HOME": data.path])
        defer { server.stop() }
        let url = try server.waitForLine("https://").trimmingCharacters(in: .whitespaces)
        let answers = try Self.ask(url, ["errors", "page.html"])
        #expect(answers.map(\.0) == [404, 200])
        #expect(try folder.text("errors").contains("errors (standard error)"))
        server.send(SIGTERM)
        try server.waitForEnd()
    }

    private static func answers(
        _ url: String, _ names: [String]
    ) throws -> [(spelling: String, answer: (status: Int, content: String))] {
        let paths = names.flatMap(spellings)
        return zip(paths, try ask(url, paths)).map { ($0, (status: $1.0, content: $1.1)) }
    }
}
