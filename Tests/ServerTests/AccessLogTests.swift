import Logging
import MartinetHTTP
import MartinetPOSIX
import Testing

@testable import MartinetServer

@Suite("The access log")
struct AccessLogTests {
    @Test("The third field is the user's name where the password was found right, and nobody's otherwise")
    func user() throws {
        #expect(try userField("alice:open sesame", isAuthenticated: true) == "alice")
        #expect(try userField("alice:open sesame", isAuthenticated: false) == "-")
        #expect(try userField(nil, isAuthenticated: false) == "-")
    }

    @Test(
        "A user's name is one word, in which nothing ends the line",
        arguments: [
            ("Dr. No", #"Dr.\x20No"#), ("a\"\\b", #"a\x22\x5cb"#), ("a\nb\u{1B}", #"a\x0ab\x1b"#), ("é", #"\xc3\xa9"#),
            ("-", #"\x2d"#), ("--", "--"), ("", "\"\""),
        ])
    func escaping(name: String, field: String) throws {
        #expect(try userField("\(name):x", isAuthenticated: true) == field)
    }

    /// The third field of the line of a request with these credentials.
    private func userField(_ credentials: String?, isAuthenticated: Bool) throws -> String {
        let pipe = try Pipe(isNonBlocking: true)
        let sink = LogSink(try FileDescriptor.duplicate(pipe.writing.number))
        let log = AccessLog(sink, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        log.setTime(WallTime.now)
        var request = Request()
        request.bytes = [UInt8]("GET /".utf8)
        request.methodName = 0..<3
        request.target = 4..<5
        if let credentials {
            let value = request.bytes.count
            request.bytes += [UInt8]("Basic \(base64([UInt8](credentials.utf8)))".utf8)
            request.append(
                Request.FieldLine(name: 0..<0, value: value..<request.bytes.count, known: .authorization))
        }
        log.record(
            request, peer: Peer(address: "192.0.2.1", port: 1), isAuthenticated: isAuthenticated, status: .ok,
            contentByteCount: 0, isComplete: true)
        sink.flush()
        var buffer = [UInt8](repeating: 0, count: 4096)
        var room = buffer.mutableSpan
        guard case .bytes(let count) = try pipe.reading.read(into: &room) else { return "" }
        let line = String(decoding: buffer[..<count], as: UTF8.self)
        #expect(line.hasPrefix("192.0.2.1 - ") && line.contains("] \"GET / HTTP/1.1\" 200 0 \"-\" \"-\" "), "\(line)")
        let fields = line.split(separator: " ")
        #expect(fields[3].hasPrefix("["), "\(line)")
        return String(fields[2])
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var encoded: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << ((3 - group.count) * 8)
            for place in 0...group.count { encoded.append(alphabet[bits >> (18 - place * 6) & 63]) }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
