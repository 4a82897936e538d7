import MartinetCrypto
import Testing

@Suite("Base64 (RFC 4648 §4)")
struct Base64Tests {
    private static let texts = [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"), ("Pj4+Pz8/", ">>>???"),
    ]

    @Test("Bytes are written with their padding, and read again (§10)", arguments: texts)
    func both(text: String, bytes: String) {
        #expect(Base64.encode([UInt8](bytes.utf8)) == [UInt8](text.utf8))
        #expect(decode(text) == [UInt8](bytes.utf8))
    }

    @Test("The padding may be missing altogether (§3.2)", arguments: texts)
    func unpadded(text: String, bytes: String) {
        #expect(decode(text.replacing("=", with: "")) == [UInt8](bytes.utf8))
    }

    @Test("All bytes survive, at every length")
    func everyByte() {
        for count in 0...256 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let text = Base64.encode(bytes)
            #expect(text.count == (count + 2) / 3 * 4)
            #expect(Base64.decode(text.span) == bytes)
        }
    }

    @Test(
        "Padding that is too short, too long or not at the end is refused",
        arguments: [
            "=", "==", "===", "====", "Zg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v==", "Zm9v====", "Zm9vYmE==", "Z===",
            "Zg=g",
            "Zg==Zm9v", "Zm9v=Zm9v", "=Zm9", "A=A=",
        ])
    func padding(text: String) {
        #expect(decode(text) == nil)
    }

    @Test("A length that no bytes have is refused", arguments: ["Z", "Zm9vY", "Zm9vYmFyZ"])
    func length(text: String) {
        #expect(decode(text) == nil)
    }

    @Test(
        "White space is refused at the ends and within",
        arguments: [
            " Zm9v", "\tZm9v", "Zm9v ", "Zm9v\n", "Zm9v\r\n", "Zm 9v", "Zm9v\nZm9v", "Zg== ", " ", "\nZm9", "Zm9 ",
        ])
    func whiteSpace(text: String) {
        #expect(decode(text) == nil)
    }

    @Test(
        "What is not of the alphabet is refused",
        arguments: [
            "Zm9_", "Zm9-", "-m9v", "Zm9v-", "Zm9v----", "Zm9!", "Zm9v\u{0}", "Zm\u{0}v", "Zm9\u{7F}", "Zmé",
            "\u{FEFF}Zm9",
        ])
    func alphabet(text: String) {
        #expect(decode(text) == nil)
    }

    private func decode(_ text: String) -> [UInt8]? {
        let bytes = [UInt8](text.utf8)
        return Base64.decode(bytes.span)
    }
}
