import Logging
import MartinetPOSIX
import Testing

@testable import MartinetServer

@Suite("The error log")
struct ErrorLogTests {
    private func line(_ message: String) throws -> String {
        let pipe = try Pipe(isNonBlocking: true)
        let sink = LogSink(try FileDescriptor.duplicate(pipe.writing.number))
        let logger = Logger(label: "test") { _ in ErrorLog(sink, name: "worker 0", level: .notice) }
        logger.info("not this one")
        logger.notice("\(message)")
        var buffer = [UInt8](repeating: 0, count: 4096)
        var room = buffer.mutableSpan
        guard case .bytes(let count) = try pipe.reading.read(into: &room) else { return "" }
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        // Behind the date and the time.
        return text.split(separator: " ", maxSplits: 2).last.map(String.init) ?? text
    }

    @Test("A line has its level, its writer and its message")
    func plain() throws {
        #expect(try line("Grüße, 世界 👋") == "notice worker 0: Grüße, 世界 👋\n")
    }

    @Test("What others sent can neither begin a line nor steer a terminal")
    func controls() throws {
        #expect(try line("a\nb\r\u{0}c\td") == #"notice worker 0: a\u{a}b\u{d}\u{0}c\u{9}d"# + "\n")
        #expect(try line("\u{1B}[2J\u{7F}") == #"notice worker 0: \u{1b}[2J\u{7f}"# + "\n")
        #expect(try line("\u{9B}2J\u{9D}0;x\u{9C}") == #"notice worker 0: \u{9b}2J\u{9d}0;x\u{9c}"# + "\n")
        #expect(try line("a\u{202E}b\u{2066}c") == #"notice worker 0: a\u{202e}b\u{2066}c"# + "\n")
    }

    @Test(
        "Nor is any other character there without being seen, or ends a line",
        arguments: [
            0x85, 0xAD, 0x600, 0x61C, 0x6DD, 0x180E, 0x200B, 0x200D, 0x200E, 0x200F, 0x2028, 0x2029, 0x2060, 0x206F,
            0xFEFF, 0xFFF9, 0x110BD, 0x1D173, 0xE0001, 0xE0041, 0xE007F,
        ])
    func invisible(value: UInt32) throws {
        let scalar = try #require(Unicode.Scalar(value))
        #expect(try line("a\(scalar)b") == "notice worker 0: a\\u{\(String(value, radix: 16))}b\n")
    }
}
