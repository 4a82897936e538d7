import Foundation
import MartinetTestSupport
import Testing

@Suite("The examples of certs/README.md")
struct CertificateExamplesTests {
    private let project = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// The blocks of commands, in order.
    private func blocks() throws -> [String] {
        let page = try String(contentsOf: project.appending(path: "certs/README.md"), encoding: .utf8)
        let pieces = page.components(separatedBy: "```")
        return stride(from: 1, to: pieces.count, by: 2).compactMap { index in
            pieces[index].hasPrefix("sh\n") ? String(pieces[index].dropFirst(3)) : nil
        }
    }

    /// The commands of a block, each on one line.
    private func commands(_ block: String) -> [String] {
        block.replacing("\\\n", with: "").split(separator: "\n").map(String.init)
    }

    /// Runs commands in the project's folder, where `martinet` is the one that is tested.
    private func start(_ script: String) throws -> Client {
        let folder = URL(filePath: Server.executable).deletingLastPathComponent().path()
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try Client(["bash", "-c", script], environment: ["PATH": "\(folder):\(path)"], folder: project)
    }

    private func run(_ script: String) throws -> Client.Outcome { try start(script).outcome() }

    /// Runs a server as a command says, and the body with clients' commands made fit for its port.
    private func serve(_ command: String, _ body: ((String) -> String) throws -> Void) throws {
        let server = try start("exec \(command)")
        defer { server.stop() }
        try server.waitForLine("openssl s_client")
        let line = try #require(server.out.lines.first { $0.contains("https://localhost:") })
        let port = try #require(URL(string: line.trimmingCharacters(in: .whitespaces))?.port)
        try body { $0.replacing(":8443", with: ":\(port)") }
        server.send(SIGTERM)
        try server.waitForEnd()
    }

    @Test("Each command does what the page says")
    func commands() throws {
        let blocks = try blocks()
        try #require(blocks.count == 5)
        let (starting, asking) = (commands(blocks[0]), commands(blocks[1]))
        try #require(starting.count == 2 && asking.count == 4)
        #expect(try run(starting[0]).status == 0)
        try serve(starting[1]) { atPort in
            for command in asking {
                let outcome = try run(atPort(command))
                #expect(outcome.status == 0, "\(command): \(outcome.err)")
                #expect(outcome.out.contains(command.hasPrefix("curl") ? "cgi.md" : "Verify return code: 0 (ok)"))
            }
        }
        try serve("\(starting[1]) --client-ca certs/authority.pem") { atPort in
            for (index, command) in asking.prefix(3).enumerated() {
                let outcome = try run(atPort(command))
                #expect((outcome.status == 0) == (index == 2), "\(command): \(outcome.err)")
            }
        }
        try serve(commands(blocks[2])[0]) { atPort in
            let outcome = try run(atPort(blocks[3]))
            #expect(outcome.status == 0 && outcome.out.contains("cgi.md"), "\(outcome.err)")
        }
        let verified = try run(blocks[4])
        #expect(verified.out.contains("server-rsa.pem: OK") && verified.err.contains("error 23"), "\(verified.err)")
    }
}
