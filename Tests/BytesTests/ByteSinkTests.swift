import MartinetBytes
import Testing

@Suite("What bytes are appended to")
struct ByteSinkTests {
    @Test("An array and a queue take the same bytes")
    func both() {
        var array: [UInt8] = []
        var queue = ByteQueue()
        writeAll(to: &array)
        writeAll(to: &queue)
        #expect(array == [UInt8](copying: queue.readable))
        #expect(String(decoding: array, as: UTF8.self) == "static text é!42\u{7}")
    }

    private func writeAll(to sink: inout some ByteSink & ~Copyable) {
        sink.append("static ")
        sink.append(text: "text é")
        sink.append(byte: UInt8(ascii: "!"))
        sink.append(decimal: 42)
        sink.append([7])
    }

    @Test("Numbers are written as Swift writes them", arguments: [0, 1, 9, 10, 99, 100, -1, -10, .max, .min])
    func decimal(value: Int) {
        var bytes: [UInt8] = []
        bytes.append(decimal: value)
        #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
    }

    @Test(
        "Numbers of a fixed width have leading zeros and lose what does not fit",
        arguments: [(7, 2, "07"), (0, 4, "0000"), (1994, 4, "1994"), (123, 2, "23"), (5, 1, "5"), (10, 1, "0")])
    func fixed(value: Int, digitCount: Int, expected: String) {
        var bytes: [UInt8] = []
        bytes.append(decimal: value, digitCount: digitCount)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        var queue = ByteQueue()
        queue.append(decimal: value, digitCount: digitCount)
        #expect([UInt8](copying: queue.readable) == bytes)
    }

    @Test("What could end quotes or a line is escaped, and nothing else")
    func escaping() {
        let stranger = [UInt8]("a \"b\" \\ \r\n\t\u{0}\u{1B}[m~\u{7F}é".utf8)
        var bytes: [UInt8] = []
        bytes.append(escaping: stranger.span)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"a \x22b\x22 \x5c \x0d\x0a\x09\x00\x1b[m~\x7f\xc3\xa9"#)
    }

    @Test(
        "Hexadecimal numbers are written in lower case, from the highest digit",
        arguments: [
            (0x1A, 2, "1a"), (0x1A, 4, "001a"), (0xABC, 2, "bc"), (.max, 16, "ffffffffffffffff"),
            (0x0123_4567_89AB_CDEF, 16, "0123456789abcdef"), (0, 1, "0"),
        ] as [(UInt64, Int, String)])
    func hexadecimal(value: UInt64, digitCount: Int, expected: String) {
        var bytes: [UInt8] = []
        bytes.append(hexadecimal: value, digitCount: digitCount)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
