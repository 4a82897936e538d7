import Foundation
import MartinetTestSupport
import Testing

@Suite("The examples of docs/cgi.md")
struct DocumentationTests {
    /// A program as the page shows it, and what the page promises of it.
    private struct Example {
        var name: String
        var program: String
        /// As it would be typed, without the prompt.
        var command: String
        var output: String
    }

    /// The examples: a name between backticks that begins a line, a block with the program, a block with a command.
    private func examples() throws -> [Example] {
        let page = URL(filePath: #filePath).appending(path: "../../../docs/cgi.md").standardized
        let pieces = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        return stride(from: 1, to: pieces.count - 2, by: 2).compactMap { index -> Example? in
            let program = pieces[index].drop { $0 != "\n" }.dropFirst()
            let lines = pieces[index + 2].split(separator: "\n")
            guard program.hasPrefix("#!"), let command = lines.first, command.hasPrefix("$ "),
                let intro = pieces[index - 1].split(separator: "\n").last?.split(separator: "`").first
            else { return nil }
            return Example(
                name: String(intro).replacing("cgi-bin/", with: ""), program: String(program),
                command: String(command.dropFirst(2)),
                output: lines.dropFirst().map { "\($0)\n" }.joined())
        }
    }

    @Test("Each program answers as the page says")
    func programs() throws {
        let examples = try examples()
        #expect(examples.map(\.name) == ["hello", "form.py", "info.php"])
        let scripts = try TemporaryDirectory()
        for example in examples {
            try scripts.makeFile(example.name, example.program)
            try scripts.setMode(example.name, to: 0o755)
        }
        try Server.run(["--cgi", "/cgi-bin/=\(scripts.path)"]) { server in
            for example in examples {
                // The page cannot know the port, nor where the authority is.
                let command = example.command.replacing("https://localhost:8443/", with: server.url)
                    .replacing("curl ", with: "curl -sS --cacert '\(server.authority)' ")
                let outcome = try Client.run(["sh", "-c", command])
                #expect(outcome.status == 0 && outcome.err.isEmpty, "\(outcome.err)")
                #expect(outcome.out == example.output, "\(example.name)")
            }
        }
    }
}
