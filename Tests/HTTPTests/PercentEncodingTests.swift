import MartinetHTTP
import Testing

@Suite("Percent-encoding (RFC 3986 §2.1)")
struct PercentEncodingTests {
    @Test(
        "Two hexadecimal digits in either case are a byte, NUL and the slash too",
        arguments: [
            ("%41", 0, 0x41), ("%c3", 0, 0xC3), ("%C3", 0, 0xC3), ("ab%00", 2, 0), ("%2Fx", 0, 0x2F),
            ("%ff%fe", 3, 0xFE),
            ("%", 0, nil), ("%4", 0, nil), ("%4g", 0, nil), ("%g4", 0, nil), ("% 4", 0, nil), ("%-1", 0, nil),
            ("a%4", 1, nil), ("%%41", 0, nil),
        ] as [(String, Int, UInt8?)])
    func bytes(text: String, percent: Int, expected: UInt8?) {
        let bytes = [UInt8](text.utf8)
        #expect(PercentEncoding.byte(in: bytes.span, at: percent) == expected)
    }

    @Test(
        "A byte is written in upper case, and read as what it was", arguments: [UInt8(0), 0x0A, 0x2F, 0x9F, 0xA0, 0xFF])
    func written(byte: UInt8) {
        var text: [UInt8] = []
        PercentEncoding.append(byte, to: &text)
        #expect(String(decoding: text, as: UTF8.self).uppercased() == String(decoding: text, as: UTF8.self))
        #expect(text.count == 3 && PercentEncoding.byte(in: text.span, at: 0) == byte)
    }
}
