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
        let pieces = try Self.page().components(separatedBy: "```")
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
        let folder = try TemporaryDirectory()
        try folder.makeLink("cgi-bin", to: scripts.path)
        try serve("--cgi /cgi-bin/=cgi-bin", in: folder) { _, run in
            for example in examples {
                let outcome = try run(example.command)
                #expect(outcome.status == 0, "\(outcome.err)")
                #expect(outcome.out == example.output, "\(example.name)")
            }
        }
    }

    @Test("Applications answer as the page says")
    func applications() throws {
        let folder = try TemporaryDirectory()
        let script = """
            mkdir app && git init -q --bare git/project.git && echo "our \\$projectroot = '$PWD/git';" >gitweb.conf
            printf 'css=/cgit-css/cgit.css\nscan-path=%s/git\n' "$PWD" >cgitrc
            """
        let made = try Client.run(["sh", "-c", script], folder: URL(filePath: folder.path))
        #expect(made.status == 0, "\(made.err)")
        try serve("git-http-backend", in: folder) { _, run in
            let outcome = try run(try console("$ GIT_SSL_CAINFO="))
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(FileManager.default.fileExists(atPath: folder.path("project/.git")))
        }
        try serve("gitweb.cgi", in: folder) { server, run in
            let picture = try run(try console("$ curl", holding: "gitweb"))
            #expect(picture.out == "115\n", "\(picture.err)")
            #expect(try server.curl("-f", path: "gitweb/").status == 0)
        }
        try serve("cgit.cgi", in: folder) { server, _ in
            for path in ["cgit/", "cgit-css/cgit.css"] {
                let outcome = try server.curl("-f", path: path)
                #expect(outcome.status == 0, "\(outcome.err)")
            }
        }
        try folder.makeFile("app/index.php", "<?php echo 'told ', $_SERVER['SCRIPT_NAME'];")
        try folder.makeFile("app/picture.png", "picture")
        try serve("--cgi-index index.php", in: folder) { server, _ in
            for (path, expected) in [("app/", "told /app/index.php"), ("app/picture.png", "picture")] {
                let outcome = try server.curl("-f", path: path)
                #expect(outcome.out == expected, "\(outcome.err)")
            }
        }
    }

    private static func page() throws -> String {
        let page = URL(filePath: #filePath).appending(path: "../../../docs/cgi.md").standardized
        return try String(contentsOf: page, encoding: .utf8)
    }

    /// A command of the page, as it would be typed at the prompt.
    private func console(_ start: String, holding words: String = "") throws -> String {
        let lines = try Self.page().split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix(start) && (words.isEmpty || $0.contains(words)) })
        return String(line.dropFirst(2))
    }

    /// Serves as the first command of the page says that holds these words, in a folder, for a person at home there; commands
    /// are run in the same place. The page cannot know the port.
    private func serve(
        _ words: String, in folder: TemporaryDirectory,
        _ body: (Server, (String) throws -> Client.Outcome) throws -> Void
    ) throws {
        let start = "martinet serve site "
        let commands = try Self.page().replacing("\\\n", with: "").split(separator: "\n")
        let command = try #require(commands.first { $0.hasPrefix(start) && $0.contains(words) })
        let script = "for word in \(command.dropFirst(start.count)); do echo \"$word\"; done"
        let split = try Client.run(["sh", "-c", script], folder: URL(filePath: folder.path))
        let site = try TemporaryDirectory(in: folder)
        let options = split.out.split(separator: "\n").map(String.init)
        let wrapper = ["sh", "-c", "cd '\(folder.path)' && exec \"$@\"", "sh"]
        try Server.run(options, folder: site, wrapper: wrapper) { server in
            let authorities = folder.path(".local/share/martinet")
            try FileManager.default.createDirectory(atPath: authorities, withIntermediateDirectories: true)
            try? FileManager.default.removeItem(atPath: "\(authorities)/authority.pem")
            try FileManager.default.copyItem(atPath: server.authority, toPath: "\(authorities)/authority.pem")
            try body(server) { command in
                try Client.run(
                    ["sh", "-c", command.replacing("localhost:8443", with: "localhost:\(server.port)")],
                    environment: ["HOME": folder.path], folder: URL(filePath: folder.path))
            }
        }
    }
}
