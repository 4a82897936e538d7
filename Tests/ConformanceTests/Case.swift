import FoundationEssentials
import Testing

/// One line of the conformance table.
struct Case: Sendable, CustomTestStringConvertible {
    /// "framing.cases:12".
    let place: String
    let sentence: String
    let section: String
    let request: [UInt8]
    let expectation: Expectation

    var testDescription: String { "\(place): \(sentence) (RFC \(section))" }

    /// Every case of the table, in the order of the files' names.
    static let all: [Case] = {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                .filter { $0.hasSuffix(".cases") }.flatMap { try read($0) }
        } catch {
            Issue.record("the table cannot be read: \(error)")
            return []
        }
    }()

    static let folder: String = {
        let here = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return here.joined(separator: "/") + "/Conformance"
    }()

    static func lines(of name: String) throws -> [String] {
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
            throw CaseText.Mistake(description: "\(folder)/\(name) cannot be read")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    private static let definitions: CaseText = {
        var text = CaseText()
        do {
            for line in try lines(of: "definitions.txt") { _ = try define(line, in: &text) }
        } catch {
            Issue.record("definitions.txt: \(error)")
        }
        return text
    }()

    private static func define(_ line: String, in text: inout CaseText) throws -> Bool {
        guard line.hasPrefix("let "), let equals = line.firstRange(of: " = ") else { return false }
        try text.define(String(line[..<equals.lowerBound].dropFirst(4)), String(line[equals.upperBound...]))
        return true
    }

    private static func read(_ name: String) throws -> [Case] {
        var text = definitions
        var cases: [Case] = []
        for (index, line) in try lines(of: name).enumerated() {
            do {
                if line.isEmpty || line.hasPrefix("#") { continue }
                if try define(line, in: &text) { continue }
                let columns = line.columns
                guard columns.count == 4 else {
                    throw CaseText.Mistake(description: "\(columns.count) columns instead of 4")
                }
                cases.append(
                    Case(
                        place: "\(name):\(index + 1)", sentence: columns[0], section: columns[1],
                        request: try text.bytes(of: columns[2]), expectation: try Expectation(columns[3], text)))
            } catch {
                throw CaseText.Mistake(description: "\(name):\(index + 1): \(error)")
            }
        }
        return cases
    }
}

/// What a case expects.
struct Expectation: Sendable {
    enum Connection: String, Sendable {
        case keep, close, eof
    }

    struct Answer: Sendable {
        let status: Int
        let isToHead: Bool
    }

    enum Demand: Sendable {
        case equals([UInt8])
        case matches(String)
        case absent
        case file(String)
        case length(Int)
    }

    struct Word: Sendable {
        /// Of the responses, counted from 0.
        let response: Int
        /// A field's name, or "body".
        let subject: String
        let demand: Demand
    }

    let answers: [Answer]
    let connection: Connection
    let words: [Word]

    init(_ column: String, _ text: CaseText) throws {
        var words = Self.words(of: column)[...]
        guard let statuses = words.popFirst(), let name = words.popFirst(), let connection = Connection(rawValue: name)
        else { throw CaseText.Mistake(description: "the expectation has no statuses or no keep, close or eof") }
        self.connection = connection
        answers =
            statuses == "-"
            ? []
            : try statuses.split(separator: ",").map { word in
                guard let status = Int(word.prefix(3)), ["", "h"].contains(word.dropFirst(3)) else {
                    throw CaseText.Mistake(description: "\(word) is no status")
                }
                return Answer(status: status, isToHead: word.count == 4)
            }
        let last = answers.count - 1
        self.words = try words.map { try Self.word($0, last, text) }
    }

    /// The words, spaces inside quotes left alone.
    private static func words(of column: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        var isEscaped = false
        for character in column {
            if character == " ", !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            word.append(character)
        }
        return word.isEmpty ? words : words + [word]
    }

    private static func word(_ text: String, _ last: Int, _ caseText: CaseText) throws -> Word {
        var text = text[...]
        var response = last
        if let colon = text.firstIndex(of: ":"), let number = Int(text[..<colon]) {
            response = number - 1
            text = text[text.index(after: colon)...]
        }
        if text.first == "!" { return Word(response: response, subject: String(text.dropFirst()), demand: .absent) }
        guard let mark = text.firstIndex(where: { $0 == "=" || $0 == "~" }) else {
            throw CaseText.Mistake(description: "\(text) is no expectation")
        }
        let subject = String(text[..<mark])
        var value = text[text.index(after: mark)...]
        if subject == "length", let count = Int(value) {
            return Word(response: response, subject: "body", demand: .length(count))
        }
        if value.first == "@" {
            return Word(response: response, subject: subject, demand: .file(String(value.dropFirst())))
        }
        if value.first == "\"" {
            guard value.count >= 2, value.last == "\"" else {
                throw CaseText.Mistake(description: "\(value) is not closed")
            }
            value = value.dropFirst().dropLast()
        }
        if text[mark] == "~" {
            // Only the quote is escaped here; every other backslash is the expression's.
            let pattern = value.replacing("\\\"", with: "\"")
            _ = try Regex(String(pattern))
            return Word(response: response, subject: subject, demand: .matches(String(pattern)))
        }
        return Word(response: response, subject: subject, demand: .equals(try caseText.bytes(of: String(value))))
    }
}
