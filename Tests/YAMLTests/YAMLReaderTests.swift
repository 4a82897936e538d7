import Testing

@testable import MartinetYAML

@Suite("YAML documents, as they were written")
struct YAMLReaderTests {
    private func read(_ text: String) -> (YAMLNode?, [YAMLMistake]) { YAMLReader.read([UInt8](text.utf8)) }

    /// A document in one line, with the place of each value.
    private func outline(_ node: YAMLNode?) -> String {
        guard let node else { return "none" }
        let place = "@\(node.place.line):\(node.place.column)+\(node.place.width)"
        switch node.content {
        case .scalar(let text, let isPlain): return (isPlain ? text : "'\(text)'") + place
        case .sequence(let items): return "[" + items.map(outline).joined(separator: " ") + "]"
        case .mapping(let pairs):
            return "{" + pairs.map { "\(outline($0.key)):\(outline($0.value))" }.joined(separator: " ") + "}"
        case .refused: return "refused"
        }
    }

    @Test(
        "Each value has its text, its quotes and its place",
        arguments: [
            ("a: 1.20\n", "{a@1:1+1:1.20@1:4+4}"), ("a: \"é1\"\nb: yes", "{a@1:1+1:'é1'@1:4+4 b@2:1+1:yes@2:4+3}"),
            ("- x\n-  'y'\n", "[x@1:3+1 'y'@2:4+3]"), ("é: ü", "{é@1:1+1:ü@1:4+1}"), ("", "{}"), ("# nothing\n", "{}"),
            ("--- \n", "{}"), ("~", "{}"), ("a: 1\na: 2\n", "{a@1:1+1:1@1:4+1 a@2:1+1:2@2:4+1}"),
            ("a:\n  b: 0x10\n", "{a@1:1+1:{b@2:3+1:0x10@2:6+4}}"), ("just words\n", "just words@1:1+10"),
            ("a: |\n  two\n  lines\n", "{a@1:1+1:'two\nlines\n'@1:4+1}"),
        ])
    func values(text: String, expected: String) {
        let (node, mistakes) = read(text)
        #expect(outline(node) == expected)
        #expect(mistakes.isEmpty)
    }

    @Test(
        "Names of values and tags are refused where they stand, all of them",
        arguments: [
            ("a: &x 1\nb: *x\nc: !!int 4\n", ["1:4 anchors", "2:4 aliases", "3:4 tags"]),
            ("a: &l [1]\nb: &m { c: 1 }\n", ["1:4 anchors", "2:4 anchors"]),
            ("a: { <<: { b: 1 } }\n", ["1:6 merge"]), ("a: ! 4\n", ["1:4 tags"]),
        ])
    func names(text: String, expected: [String]) {
        let (node, mistakes) = read(text)
        #expect(node != nil)
        let shown = mistakes.map { "\($0.place.line):\($0.place.column) \($0.problem.prefix { $0 != " " })" }
        #expect(shown == expected)
    }

    @Test("An alias is refused once, and is no value")
    func alias() {
        #expect(outline(read("a: &x 1\nb: *x").0) == "{a@1:1+1:1@1:4+4 b@2:1+1:refused}")
    }

    @Test("Aliases of aliases cost nothing, for nothing follows them")
    func laughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        #expect(read(text).1.count == 9 + 8 * 9)
    }

    @Test("Depth has an end", arguments: [(15, true), (16, false), (5000, false)])
    func depth(count: Int, isRead: Bool) {
        let (node, mistakes) = read(String(repeating: "[", count: count) + "a" + String(repeating: "]", count: count))
        #expect((node != nil) == isRead)
        #expect(mistakes.map(\.problem) == (isRead ? [] : ["values are nested more than 16 deep."]))
    }

    @Test("What was wrong before a mistake of grammar is said, too")
    func both() {
        let (node, mistakes) = read("a: *x\nb: [\n")
        #expect(node == nil)
        #expect(mistakes.count == 2)
    }

    @Test("Every cut and every flipped byte of a document is read or refused")
    func damage() {
        let text = [UInt8]("a: [\"x\", 'y', { b: &c |\n }]\n? d\n: - e\n  - !f g # h\n%Y\n--- *i\n...\n".utf8)
        for index in text.indices {
            _ = YAMLReader.read(Array(text[..<index]))
            for byte in Array("{}[]:-#&*!|>'\"%@`,?\n\t0".utf8) {
                var other = text
                other[index] = byte
                let (node, mistakes) = YAMLReader.read(other)
                #expect(node != nil || !mistakes.isEmpty)
            }
        }
    }
}
