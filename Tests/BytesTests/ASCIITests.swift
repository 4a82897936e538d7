import MartinetBytes
import Testing

@Suite("The characters of protocols")
struct ASCIITests {
    @Test("Exactly the token characters stand in a token (RFC 9110 §5.6.2)")
    func tokenCharacters() {
        let allowed = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isTokenCharacter(byte) == allowed.contains(byte), "byte \(byte)")
        }
    }

    @Test("Digits and letters are told from all other bytes")
    func classes() {
        let digits = Set("0123456789".utf8)
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isDigit(byte) == digits.contains(byte), "byte \(byte)")
            #expect(ASCII.isLetter(byte) == letters.contains(byte), "byte \(byte)")
        }
    }

    @Test("Only capital letters have a lower case")
    func lowercase() {
        let capitals = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.lowercased(byte) == (capitals.contains(byte) ? byte + 32 : byte), "byte \(byte)")
        }
    }

    @Test("Hexadecimal digits are read in either case, and nothing else is")
    func hexadecimal() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let expected = byte < 128 ? character.hexDigitValue.map(UInt8.init) : nil
            #expect(ASCII.hexadecimalValue(byte) == expected, "byte \(byte)")
        }
        for value in UInt8(0)..<16 {
            #expect(Character(Unicode.Scalar(ASCII.hexadecimalDigit(value))) == Array("0123456789abcdef")[Int(value)])
        }
    }

    @Test(
        "Decimal numbers are read whole, or not at all",
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("1234567890", 1_234_567_890),
            ("9223372036854775807", Int.max), ("00000000000000000000000000000001", 1),
            ("9223372036854775808", nil), ("9223372036854775810", nil), ("92233720368547758070", nil),
            ("99999999999999999999999", nil), ("", nil), ("-1", nil), ("+1", nil), (" 1", nil), ("1 ", nil),
            ("1,000", nil), ("0x10", nil), ("1a", nil), ("/", nil), (":", nil), ("１", nil),
        ] as [(String, Int?)])
    func decimal(text: String, expected: Int?) {
        let bytes = [UInt8](text.utf8)
        let value = bytes.span.decimalValue
        #expect(value == expected)
    }

    @Test(
        "Words are compared without case",
        arguments: [
            ("chunked", true), ("CHUNKED", true), ("cHuNkEd", true), ("chunke", false), ("chunkedd", false),
            ("chunkeD ", false), ("", false), ("chunk\u{5}d", false), ("chunkeţ", false),
        ])
    func comparing(text: String, expected: Bool) {
        let bytes = [UInt8](text.utf8)
        let isEqual = bytes.span.isEqualIgnoringCase(to: "chunked")
        #expect(isEqual == expected)
    }

    @Test("Signs that differ from each other by the case bit alone are not the same")
    func caseBit() {
        let bytes = [UInt8]("a@b".utf8)
        let isEqual = bytes.span.isEqualIgnoringCase(to: "a`b")
        #expect(!isEqual)
    }

    @Test("Exact comparison minds the case, the length and every byte")
    func exact() {
        for (text, expected) in [("GET", true), ("get", false), ("GE", false), ("GETS", false), ("GEU", false)] {
            let bytes = [UInt8](text.utf8)
            let isEqual = bytes.span.isEqual(to: "GET")
            #expect(isEqual == expected, "\(text)")
        }
        let nothing: [UInt8] = []
        let isEmptyEqual = nothing.span.isEqual(to: "")
        #expect(isEmptyEqual)
    }

    @Test("A prefix may be the whole, not more")
    func prefixes() {
        let bytes = [UInt8]("HTTP/1.1".utf8)
        let answers = [
            bytes.span.hasPrefix("HTTP/"), bytes.span.hasPrefix("HTTP/1.1"), bytes.span.hasPrefix(""),
            bytes.span.hasPrefix("HTTP/1.1 "), bytes.span.hasPrefix("http/"),
        ]
        #expect(answers == [true, true, true, false, false])
    }

    @Test(
        "Spaces and tabs around a value are not part of it (OWS, RFC 9110 §5.6.3)",
        arguments: [
            ("  a b \t", "a b"), ("a", "a"), ("\t", ""), ("", ""), (" \r", "\r"), ("\u{0B}x ", "\u{0B}x"),
        ])
    func trimming(text: String, expected: String) {
        let bytes = [UInt8](text.utf8)
        let range = bytes.span.trimmed(0..<bytes.count)
        #expect(String(decoding: bytes[range], as: UTF8.self) == expected)
    }

    @Test("Trimming does not look outside its range")
    func trimmingInside() {
        let bytes = [UInt8]("  x  ".utf8)
        let inner = bytes.span.trimmed(1..<4)
        let blank = bytes.span.trimmed(3..<5)
        #expect(inner == 2..<3)
        #expect(blank.isEmpty)
    }

    @Test("Text that is not UTF-8 shows where")
    func decoding() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62]
        let text = String(decoding: bytes.span)
        #expect(text == "a\u{FFFD}b")
    }
}
