import Testing

@testable import MartinetYAML

@Suite("The text of a file")
struct FileTextTests {
    @Test(
        "Lines are those that editors count",
        arguments: [
            ("a\nb\n", ["a", "b", ""]), ("a\r\nb", ["a", "b"]), ("", [""]), ("\u{FEFF}a", ["a"]),
            ("é\t\n", ["é\t", ""]),
        ])
    func lines(text: String, expected: [String]) {
        let file = FileText([UInt8](text.utf8))
        #expect(file.lines == expected)
        #expect(file.mistakes.isEmpty)
        #expect(!file.bytes.starts(with: [0xEF, 0xBB, 0xBF]))
    }

    @Test(
        "What is no text is said where it stands",
        arguments: [
            ([97, 10, 0xC3, 0xA9, 255], "2:2 byte 255 is not UTF-8 text."),
            ([97, 0xC3], "1:2 byte 195 is not UTF-8 text."), ([0], "1:1 U+0 is a control character."),
            ([97, 13, 98], "1:2 U+D breaks the line for YAML, not for editors."),
            ([97, 13], "1:2 U+D breaks the line for YAML, not for editors."),
            ([0xE2, 0x80, 0xA8], "1:1 U+2028 breaks the line for YAML, not for editors."),
            ([0xC2, 0x85], "1:1 U+85 breaks the line for YAML, not for editors."),
            ([97, 0xEF, 0xBB, 0xBF], "1:2 U+FEFF is a control character."), ([27], "1:1 U+1B is a control character."),
            ([0xEF, 0xBF, 0xBF], "1:1 U+FFFF is no character."), ([0xC0, 0x80], "1:1 byte 192 is not UTF-8 text."),
        ] as [([UInt8], String)])
    func mistakes(bytes: [UInt8], expected: String) {
        let mistake = FileText(bytes).mistakes.first
        #expect(mistake.map { "\($0.place.line):\($0.place.column) \($0.problem)" } == expected)
    }

    @Test("A file of bytes has no more than twenty mistakes")
    func many() {
        #expect(FileText([UInt8](repeating: 255, count: 1000)).mistakes.count == 20)
    }

    @Test("What has no mistakes here is text for libyaml, too")
    func agreement() {
        for value in (0...0x2030).map(UInt32.init) + [0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x1F600, 0x10FFFF] {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = [UInt8]("a: 'x\(scalar)'\nb: [\n".utf8)
            guard FileText(bytes).mistakes.isEmpty, value != 39 else { continue }
            // The list without an end is found where editors see it.
            let lines = scalar == "\n" ? 4 : 3
            #expect(YAMLReader.read(FileText(bytes).bytes).1.last?.place.line == lines, "U+\(String(value, radix: 16))")
        }
    }
}
