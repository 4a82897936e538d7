import MartinetEvents
import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

@testable import MartinetServer

/// What is spoken on a connection is chosen in the handshake; the worker knows no protocol by its name.
@Suite("Protocols (ALPN, RFC 7301)", .timeLimit(.minutes(1)))
struct ProtocolTests {
    private static let both = ApplicationProtocols(.http1, better: [TwoStreamConnection.applicationProtocol])

    @Test(
        "Of two streams on one connection an event touches its own alone", arguments: TLSConfiguration.Version.allCases)
    func twoStreams(version: TLSConfiguration.Version) throws {
        let first = try Pipe(isNonBlocking: true)
        let second = try Pipe(isNonBlocking: true)
        let numbers = [first.reading.number, second.reading.number]
        let worker = try RunningWorker(protocols: Self.both, responder: { PipeResponder(numbers) })
        let client = try worker.connect(version, protocols: ["http/1.1", "two-streams"])
        try client.send(frame(1, "0") + frame(2, "1"))
        let begun = frame(1, "begun") + frame(2, "begun")
        #expect(try client.receive(byteCount: begun.count) == begun)
        #expect(try second.writing.write([UInt8]("b".utf8).span) == .bytes(1))
        let late = frame(2, "asked 3, heard contentEnded ready: b") + [2, 0]
        #expect(try client.receive(byteCount: late.count) == late)
        #expect(try first.writing.write([UInt8]("a".utf8).span) == .bytes(1))
        let early = frame(1, "asked 3, heard contentEnded ready: a") + [1, 0]
        #expect(try client.receive(byteCount: early.count) == early)
        try client.endStream()
        #expect(try client.receive().isEmpty)
        try worker.end([])
    }

    @Test("Who chooses HTTP/1.1, or nothing, is spoken to in it")
    func others() throws {
        let worker = try RunningWorker(protocols: Self.both)
        for protocols in [["http/1.1"], []] {
            let client = try worker.connect(.tls13, protocols: protocols)
            try client.send(RunningWorker.get)
            #expect(try client.receive(until: "</html>\n").hasPrefix("HTTP/1.1 404 "))
            client.close()
        }
        try worker.end([])
    }

    private func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
        [stream, UInt8(text.utf8.count)] + [UInt8](text.utf8)
    }
}
