import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

@testable import MartinetServer

/// Clients that end their side of the socket while their response is on its way.
@Suite("An end in the middle of a response (RFC 9112 §9.6)", .timeLimit(.minutes(1)))
struct HalfCloseTests {
    @Test(
        "Who has ended its side without a word of TLS gets its response, and then the end at once",
        arguments: TLSConfiguration.Version.allCases)
    func socketEnd(version: TLSConfiguration.Version) throws {
        let pipe = try Pipe(isNonBlocking: true)
        let number = pipe.reading.number
        let worker = try RunningWorker(
            limits: { $0.idle = .seconds(3600) }, responder: { PipeResponder([number]) })
        let client = try worker.connect(version)
        try client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive(until: "begun\r\n")
        client.endSocket()
        // What has come before these is seen before they are answered.
        for _ in 0..<3 {
            let other = try worker.connect(sending: "GET http://a/x HTTP/1.0\r\n")
            other.close()
            _ = try worker.connect(.tls13).close()
        }
        #expect(try pipe.writing.write([UInt8]("b".utf8).span) == .bytes(1))
        _ = try client.receive(until: "ready: b\r\n0\r\n\r\n")
        #expect(try client.receive().isEmpty && client.isSocketEnded())
        try worker.end([])
    }
}
