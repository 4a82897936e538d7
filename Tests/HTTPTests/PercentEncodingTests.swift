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
}
