import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("The access log")
struct AccessLogTests {
    @Test("The third field is the user's name, and nobody's where nobody has logged in")
    func user() throws {
        #expect(try userField("alice") == "alice")
        #expect(try userField(nil) == "-")
    }

    @Test(
        "A user's name is one word, in which nothing ends the line",
        arguments: [
            ("Dr. No", #"Dr.\x20No"#), ("a\"\\b", #"a\x22\x5cb"#), ("a\nb\u{1B}", #"a\x0ab\x1b"#), ("é", #"\xc3\xa9"#),
            ("-", #"\x2d"#), ("--", "--"), ("", "\"\""),
        ])
    func escaping(name: String, field: String) throws {
        #expect(try userField(name) == field)
    }

    @Test(
        "A line names the version of the request",
        arguments: zip([.http10, .http11, .http2] as [HTTPVersion], ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"]))
    func version(_ version: HTTPVersion, text: String) throws {
        #expect(try line(by: nil, version).contains("] \"GET / \(text)\" 200 0 \"-\" \"-\" "))
    }

    /// The third field of the line of a request by this user.
    private func userField(_ user: String?) throws -> String {
        let line = try line(by: user, .http11)
        #expect(line.hasPrefix("192.0.2.1 - ") && line.contains("] \"GET / HTTP/1.1\" 200 0 \"-\" \"-\" "), "\(line)")
        let fields = line.split(separator: " ")
        #expect(fields[3].hasPrefix("["), "\(line)")
        return String(fields[2])
    }

    private func line(by user: String?, _ version: HTTPVersion) throws -> String {
        let pipe = try Pipe(isNonBlocking: true)
        let sink = LogSink(try FileDescriptor.duplicate(pipe.writing.number))
        let log = AccessLog(sink, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        log.setTime(WallTime.now)
        var request = Request()
        request.bytes = [UInt8]("GET /".utf8)
        request.methodName = 0..<3
        request.target = 4..<5
        request.version = version
        log.record(
            request, peer: Peer(address: "192.0.2.1", port: 1), user: user.map { [UInt8]($0.utf8) }, status: .ok,
            contentByteCount: 0, isComplete: true)
        sink.flush()
        return try pipe.reading.readText()
    }
}
