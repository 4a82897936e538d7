import Logging
import POSIX
import Testing

@testable import Server

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
        #expect(try line("a\nb\r\u{0}c\td") == "notice worker 0: a?b??c d\n")
        #expect(try line("\u{1B}[2J\u{7F}") == "notice worker 0: ?[2J?\n")
        #expect(try line("\u{9B}2J\u{9D}0;x\u{9C}") == "notice worker 0: ?2J?0;x?\n")
        #expect(try line("a\u{202E}b\u{2066}c") == "notice worker 0: a?b?c\n")
    }
}
