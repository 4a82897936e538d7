import Foundation
import MartinetTestSupport
import Testing

@Suite("Scripts (CGI, RFC 3875)", .serialized)
struct CGITests {
    /// A file of cases, and how the server that they are for is started.
    struct Table: CustomTestStringConvertible, Sendable {
        let name: String
        var options: [String] = []
        /// Of the request behind each case.
        var field = "Accept: */*"

        var testDescription: String { "\(name).cases" }
    }

    /// What came of a case.
    private struct Outcome: Decodable {
        let place: String
        let sentence: String
        let section: String
        let target: String
        let problem: String?
        let logs: [String]
        let isUnlogged: Bool
    }

    static let tables = [
        Table(name: "variables", options: ["--header", "X-Added: 1"]),
        Table(
            name: "paths",
            options: ["--cgi-interpreter", ".php=/usr/bin/php-cgi", "--cgi-interpreter", ".name={shell}"]),
        Table(name: "answers"),
        Table(name: "mistakes"),
        Table(name: "content", options: ["--max-content", "100000"]),
        Table(name: "content", options: ["--max-content", "100000", "--cgi-collect"]),
        Table(name: "source", options: ["--cgi", "/again/={scripts}"]),
        Table(name: "source", options: ["--cgi", "/again/={scripts}", "--follow-symlinks", "--hidden"]),
        Table(
            name: "allowed",
            options: [
                "--auth-file", "{users}", "--cgi-authorization", "--header", "X-Added: 1", "--error-page",
                "502=sorry.html", "--error-page", "404=sorry.html",
            ], field: "Authorization: Basic c29tZWJvZHk6c2VjcmV0"),
        Table(
            name: "limits",
            options: [
                "--cgi-timeout", "2s", "--cgi-total-time", "6s", "--cgi-memory", "512M", "--cgi-output", "100000",
            ]),
        Table(name: "hostile"),
        Table(name: "processor", options: ["--cgi-cpu", "1s"]),
    ]

    @Test("The table of cases holds, and leaves nothing behind", arguments: tables)
    func table(_ table: Table) throws {
        try ScriptServer.run(table.options) { server, site in
            let lines = try server.python(
                """
                from cases import run
                run("\(table.name)", "\(table.field)", root="\(site.site.path)".rstrip("/"), scripts="\(site.scripts)", port=str(port))
                """, within: .seconds(60))
            let outcomes = try lines.map { try JSONDecoder().decode(Outcome.self, from: Data($0.utf8)) }
            #expect(!outcomes.isEmpty)
            for outcome in outcomes { check(outcome, server) }
        }
    }

    private func check(_ outcome: Outcome, _ server: Server) {
        let name = "\(outcome.place): \(outcome.sentence) (\(outcome.section))"
        if let problem = outcome.problem { Issue.record("\(name): \(problem)") }
        for log in outcome.logs {
            let isThere = becomesTrue(within: .seconds(5)) {
                server.log.lines.contains { $0.contains(" \(outcome.target): ") && $0.contains(log) }
            }
            if !isThere {
                let lines = server.log.lines.filter { $0.contains(outcome.target) }.joined(separator: "\n")
                Issue.record("\(name): the log does not say \"\(log)\":\n\(lines)")
            }
        }
        let line = server.log.lines.first { $0.contains(" \(outcome.target)") }
        if outcome.isUnlogged, let line { Issue.record("\(name): the log says \(line)") }
    }
}

/// A server of scripts.
enum ScriptServer {
    /// Runs the test's body while the scripts are served; afterwards none of their processes, no zombie and no descriptor
    /// may be left.
    ///
    /// - Parameter options: may hold {scripts}, their directory, {users}, a password file, and {shell}, a link to a shell.
    static func run(_ options: [String] = [], _ body: (Server, ScriptSite) throws -> Void) throws {
        let site = try ScriptSite()
        try site.folder.makeFile("users", "somebody:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        let options = options.map {
            $0.replacing("{scripts}", with: site.scripts).replacing("{users}", with: site.folder.path("users"))
                .replacing("{shell}", with: site.folder.path("shell"))
        }
        let environment = ["LEAK": "1", "MARTINET_CACHE": "0"]
        let all = ["--workers", "1", "--verbose"] + site.options + options
        try Server.run(all, environment: environment, folder: site.site) { server in
            // Once, so that everything is there that stays.
            let first = try server.curl("-o", "/dev/null", path: "cgi-bin/show")
            try #require(first.status == 0, "\(first.err)")
            try #require(becomesTrue { server.scripts.isEmpty })
            let worker = try #require(server.workers.first)
            let before = Kernel.descriptorCount(of: worker)
            try body(server, site)
            #expect(becomesTrue { server.scripts.isEmpty }, "processes are left: \(server.scripts.map(Kernel.name))")
            if Kernel.isAlive(worker) {
                #expect(
                    becomesTrue { Kernel.descriptorCount(of: worker) <= before },
                    "\(Kernel.descriptorCount(of: worker)) descriptors are open, \(before) were")
            }
        }
    }
}

extension Server {
    /// The processes of scripts, with those that have ended and that nobody has reaped.
    var scripts: [Int32] {
        // The supervisor adopts what its workers leave behind, so that not every child of its is a worker.
        Kernel.descendants(of: process.identifier).filter { !Kernel.name(of: $0).contains(" martinet-") }
    }
}

/// Whether the condition becomes true; it is looked at again and again until then.
func becomesTrue(within limit: Duration = .seconds(20), _ isTrue: () -> Bool) -> Bool {
    let deadline = ContinuousClock.now + limit
    while !isTrue() {
        guard ContinuousClock.now < deadline else { return false }
        usleep(5000)
    }
    return true
}
