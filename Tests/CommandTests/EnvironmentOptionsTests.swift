import ArgumentParser
import Foundation
import Testing

@testable import MartinetCommand

@Suite("Options given by the environment")
struct EnvironmentOptionsTests {
    private func arguments(_ line: String, _ environment: [String: String]) -> String {
        EnvironmentOptions.adding(to: CommandLineWords(line.split(separator: " ").map(String.init))) { environment[$0] }
            .joined(separator: " ")
    }

    @Test(
        "Whatever a folder is called, the environment holds for it",
        arguments: [
            ("", "--port=1"), ("serve", "serve --port=1"), ("serve help", "serve help --port=1"),
            ("serve version", "serve version --port=1"), ("./help", "./help --port=1"),
            ("serve -- --help", "serve --port=1 -- --help"), ("serve -- -p", "serve --port=1 -- -p"),
            ("serve --host help", "serve --host help --port=1"), ("--index version", "--index version --port=1"),
        ])
    func folders(line: String, expected: String) {
        #expect(arguments(line, ["MARTINET_PORT": "1"]) == expected)
    }

    @Test(
        "The environment is for serve alone, and never for who asks for help",
        arguments: [
            "cert", "cert new app.test", "help", "help serve", "version", "--help", "serve --help", "serve -h",
            "--version",
        ])
    func questions(line: String) {
        #expect(arguments(line, ["MARTINET_PORT": "none"]) == line)
    }

    @Test("The command line goes before the environment, in all its forms")
    func given() {
        for line in ["serve -p 2", "serve --port 2", "serve --port=2", "serve -p=2"] {
            #expect(arguments(line, ["MARTINET_PORT": "1"]) == line)
        }
        #expect(arguments("serve --spa", ["MARTINET_SPA": "a.html"]) == "serve --spa=index.html")
        #expect(arguments("serve --cors https://a", ["MARTINET_CORS": "*"]) == "serve --cors=https://a")
    }

    @Test("Values are joined with their options, whatever they look like")
    func values() {
        #expect(arguments("serve", ["MARTINET_ACCESS_LOG": "-"]) == "serve --access-log=-")
        #expect(arguments("serve", ["MARTINET_SPA": "dist"]) == "serve --spa=dist")
        #expect(arguments("serve", ["MARTINET_HOST": "a.test,b.test"]) == "serve --host=a.test --host=b.test")
    }

    @Test("Each option of serve that has a value has a form in the environment")
    func complete() throws {
        struct Argument: Decodable {
            struct Name: Decodable {
                let kind: String
                let name: String
            }
            let kind: String
            let names: [Name]?
        }
        struct Command: Decodable {
            struct Content: Decodable { let arguments: [Argument] }
            let command: Content
        }
        let description = try JSONDecoder().decode(Command.self, from: Data(Serve._dumpHelp().utf8))
        let options = description.command.arguments.filter { $0.kind == "option" }
        #expect(options.count > 20)
        for name in options.flatMap({ $0.names ?? [] }) {
            let word = name.kind == "long" ? "--\(name.name)" : "-\(name.name)"
            #expect(EnvironmentOptions.takesValue(word), "\(word)")
        }
    }
}
