import MartinetBytes
import Testing

@Suite("What is shown of others' text")
struct StringVisibleTests {
    @Test(
        "What cannot be seen is an escape, and everything else itself",
        arguments: [
            ("", ""), ("plain text", "plain text"), ("zwölf ☃", "zwölf ☃"), ("a\u{1B}[2Jb", #"a\u{1b}[2Jb"#),
            ("a\r\nb\tc\u{0}", #"a\u{d}\u{a}b\u{9}c\u{0}"#), ("\u{202E}\u{200B}\u{2028}", #"\u{202e}\u{200b}\u{2028}"#),
        ])
    func escapes(text: String, expected: String) {
        #expect(text.visible == expected)
    }
}
