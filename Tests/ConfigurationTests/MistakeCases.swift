import Testing

@testable import MartinetConfiguration

/// A row of `Tests/ConfigurationCases/mistakes.cases`: what somebody wrote, and all that is said of it.
///
/// A row is a line `## what it shows`, the file, a line `=>` and the messages. Where the title ends with `(escaped)`, `\t`, `\r`,
/// `\xHH` (a byte) and `\uHHHH` (a character) stand for what cannot be seen. A file of one line that begins with `$` is a command
/// line of `serve`, with variables of the environment before its options; `\n` in a word is a line break.
struct MistakeCase: Sendable, CustomTestStringConvertible {
    let title: String
    let input: String
    let expected: String

    var testDescription: String { title }

    static let all: [MistakeCase] = {
        let path = #filePath.replacing(
            "ConfigurationTests/MistakeCases.swift", with: "ConfigurationCases/mistakes.cases")
        guard let bytes = try? Surroundings.files(environment: { _ in nil }).content(path) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n## ").map(MistakeCase.init)
    }()

    private init(_ text: Substring) {
        let parts = text.split(separator: "\n=>", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        title = String(lines[0].hasPrefix("## ") ? lines[0].dropFirst(3) : lines[0])
        input = lines.count > 1 ? String(lines[1]) : ""
        let messages = parts.count > 1 ? parts[1] : ""
        expected = String(messages.drop { $0 == "\n" }.trimmingEnd)
    }

    /// All messages, as the operator sees them.
    var messages: String {
        if input.hasPrefix("$ ") { return commandMessages }
        let file = FileReader(
            bytes, name: "f", directory: "/etc/martinet",
            surroundings: Surroundings(files: Self.files, variables: Self.variables))
        return file.messages.joined(separator: "\n")
    }

    private static let variables = ["HOME": "/home/op", "PASSWORD": "hunter2"]
    private static let files: [String: [UInt8]] = [
        "/etc/martinet/secret": [UInt8]("s3cret\n".utf8), "/etc/martinet/binary": [255],
        "/etc/martinet/broken/a.yaml": [UInt8]("names: [a.org]\nrot: /srv/a\n".utf8),
        "/etc/martinet/broken/b.yaml": [UInt8]("- root: /srv/b\n- [\n".utf8),
        "/etc/martinet/broken/.hidden.yaml": [255], "/etc/martinet/broken/c.yaml~": [255],
        "/etc/martinet/enabled/a.yaml": [UInt8]("names: [one.org]\nroot: /srv/a\n".utf8),
        "/etc/martinet/unreadable/a.yaml": [], "/etc/martinet/empty/README": [],
    ]

    private var bytes: [UInt8] {
        guard title.hasSuffix("(escaped)") else { return [UInt8](input.utf8) }
        var result: [UInt8] = []
        var rest = input[...]
        while let index = rest.firstIndex(of: "\\") {
            result += rest[..<index].utf8
            let code = rest[rest.index(after: index)...]
            let digits = code.dropFirst()
            switch code.first {
            case "t": (result, rest) = (result + [9], digits)
            case "r": (result, rest) = (result + [13], digits)
            case "x": (result, rest) = (result + [UInt8(digits.prefix(2), radix: 16) ?? 0], digits.dropFirst(2))
            case "u":
                let scalar = UInt32(digits.prefix(4), radix: 16).flatMap(Unicode.Scalar.init)
                (result, rest) = (result + [UInt8](String(scalar ?? " ").utf8), digits.dropFirst(4))
            default: (result, rest) = (result + [92], code)
            }
        }
        return result + rest.utf8
    }

    private var commandMessages: String {
        let line = CommandLine(input.dropFirst(2))
        let reader = ServeReader(
            path: ".", given: line.given, listening: [], environment: line.environment, directory: "/home/op")
        return (reader.mistakes.map { $0.shown(in: [:]) } + reader.warnings.map { "warning: \($0)" }).joined(
            separator: "\n")
    }
}

/// Words of a command line, as the argument parser hands them on.
struct CommandLine {
    private(set) var given: ServeReader.Given = [:]
    private(set) var environment: [String: String] = [:]

    init(_ text: Substring) {
        var words = Self.words(text)[...]
        while let word = words.popFirst() {
            if word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
                let face = ServeSettings.all.first { $0.face.option?.name == parts[0] }?.face
                let value: String = parts.count == 2 ? parts[1] : face?.shape == .flag ? "true" : words.popFirst() ?? ""
                given[parts[0], default: []].append(value)
            } else if let equals = word.firstIndex(of: "=") {
                environment[String(word[..<equals])] = String(word[word.index(after: equals)...]).replacing(
                    "\\n", with: "\n")
            }
        }
    }

    /// Between spaces, which 'quotation marks' keep.
    private static func words(_ text: Substring) -> [String] {
        var words = [""]
        var isQuoted = false
        for character in text {
            switch character {
            case "'": isQuoted.toggle()
            case " " where !isQuoted: words.append("")
            default: words[words.count - 1].append(character)
            }
        }
        return words.filter { !$0.isEmpty }
    }
}

extension Surroundings {
    /// What is there and nothing else; an empty file cannot be read.
    init(files: [String: [UInt8]], variables: [String: String] = [:]) {
        self.init(
            environment: { variables[$0] },
            content: { path throws(Unfit) in
                guard let content = files[path] else { throw Unfit("No such file or directory") }
                guard !content.isEmpty else { throw Unfit("Permission denied") }
                return content
            },
            names: { path throws(Unfit) in
                let names = files.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }
                guard !names.isEmpty else { throw Unfit("No such file or directory") }
                return names
            })
    }
}

extension Substring {
    fileprivate var trimmingEnd: Substring {
        var text = self
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
