import Dispatch
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetServer

/// Tunnels on a worker's real loop, with clients on real sockets who speak TLS.
@Suite("Tunnels over TLS (RFC 9110 §7.8, RFC 8446 §6.1)", .timeLimit(.minutes(1)))
struct SecureTunnelTests {
    typealias Version = TLSConfiguration.Version

    static let upgrade = "GET /t HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"

    /// A client whose tunnel has begun.
    private func enter(_ worker: RunningWorker, _ version: Version) throws -> SecureClient {
        let client = try worker.connect(version)
        try client.send(Self.upgrade)
        #expect(try client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        return client
    }

    @Test(
        "Bytes pass both ways, those behind the head first, in whichever records they come",
        arguments: Version.allCases, [[upgrade + "early"], [upgrade, "early"], [upgrade + "e", "ar", "ly"]])
    func echo(version: Version, records: [String]) throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(version)
        try client.send(records: records)
        let head = try client.receive(until: "early")
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n") && head.hasSuffix("\r\n\r\nearly"))
        try client.send("hello")
        #expect(try client.receive(until: "hello") == "hello")
        try client.send("last")
        try client.endStream()
        #expect(try client.receive(until: "last") == "last", "what came before the end comes back")
        #expect(try client.receive().isEmpty && client.isSocketEnded())
        client.close()
        try worker.end([])
    }

    /// What a client sends behind its last byte.
    enum End: CaseIterable { case closeNotify, socket, both }

    @Test("A client that has ended its side is still sent something", arguments: Version.allCases, End.allCases)
    func clientEndsFirst(version: Version, end: End) throws {
        let byteCount = 3_000_000
        let worker = try RunningWorker(responder: { OneExchange { AnsweringTunnel(byteCount: byteCount) } })
        let client = try enter(worker, version)
        try client.send("what there is to say")
        if end != .socket { try client.endStream() }
        if end != .closeNotify { client.endSocket() }
        var count = 0
        while case let bytes = try client.receive(), !bytes.isEmpty { count += bytes.count }
        #expect(count == byteCount)
        #expect(try client.isSocketEnded())
        client.close()
        try worker.end([])
    }

    @Test("Where the server's side ends first, the client hears of it and may still send", arguments: Version.allCases)
    func serverEndsFirst(version: Version) throws {
        let counted = Mutex(0)
        let worker = try RunningWorker(responder: {
            OneExchange { ListeningTunnel { count in counted.withLock { $0 = count } } }
        })
        let client = try worker.connect(version)
        try client.send(Self.upgrade)
        #expect(try client.receive(until: "bye").hasSuffix("\r\n\r\nbye"))
        #expect(try client.receive().isEmpty, "it is told at once")
        #expect(try client.isSocketEnded())
        for _ in 0..<10 { try client.send([UInt8](repeating: 120, count: 100_000)) }
        try client.endStream()
        client.close()
        try worker.end([])
        #expect(counted.withLock { $0 } == 1_000_000)
    }

    @Test("One that sends nothing more after the server's end is waited for as long as for a request")
    func silentAfterEnd() throws {
        let worker = try RunningWorker(
            limits: { ($0.idle, $0.lingering) = (.milliseconds(500), .milliseconds(20)) },
            responder: {
                OneExchange { ListeningTunnel { _ in Issue.record("the client has not ended its side") } }
            })
        let client = try worker.connect(.tls13)
        try client.send(Self.upgrade)
        _ = try client.receive(until: "bye")
        #expect(try client.receive().isEmpty)
        // It stays; the worker, which waits for its connections, is not held up.
        try worker.end([])
        client.close()
    }

    @Test("A tunnel whose client has gone is dropped", arguments: Version.allCases)
    func goneClient(version: Version) throws {
        let gone = DispatchSemaphore(value: 0)
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel { gone.signal() } } })
        let reset = try enter(worker, version)
        reset.reset()
        #expect(gone.wait(timeout: .now() + 30) == .success)
        let left = try enter(worker, version)
        left.close()
        #expect(gone.wait(timeout: .now() + 30) == .success)
        try worker.end([])
    }

    @Test("A client that leaves while it is sent something is noticed", arguments: Version.allCases)
    func leavingReader(version: Version) throws {
        let gone = DispatchSemaphore(value: 0)
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel { gone.signal() } } })
        let client = try enter(worker, version)
        while try client.begin(sending: [UInt8](repeating: 120, count: 16 * 1024)) {}
        client.close()
        #expect(gone.wait(timeout: .now() + 30) == .success)
        try worker.end([])
    }

    @Test(
        "An exchange that gives up at its deadline ends the tunnel, and the client sees that it was broken off",
        arguments: Version.allCases)
    func deadline(version: Version) throws {
        let gone = DispatchSemaphore(value: 0)
        let worker = try RunningWorker(responder: {
            OneExchange { GuardedTunnel(until: .deadline, .failed("silent for too long")) { gone.signal() } }
        })
        let client = try enter(worker, version)
        try client.send("x")
        #expect(try client.isBrokenOff())
        #expect(gone.wait(timeout: .now() + 30) == .success)
        client.close()
        try worker.end([])
    }

    @Test(
        "A tunnel ends in good order when the worker leaves, if its exchange sees to that",
        arguments: Version.allCases)
    func drain(version: Version) throws {
        let worker = try RunningWorker(responder: { OneExchange { GuardedTunnel(until: .draining, .end) } })
        let client = try enter(worker, version)
        #expect(worker.send(.drain(within: .seconds(3600))))
        #expect(try client.receive().isEmpty && client.isSocketEnded())
        try client.endStream()
        client.close()
        #expect(worker.hasEnded)
    }

    @Test("A tunnel that begins when the worker is about to leave hears of that as well", arguments: Version.allCases)
    func lateTunnel(version: Version) throws {
        let worker = try RunningWorker(
            limits: { $0.firstRequest = .seconds(3600) },
            responder: { OneExchange { GuardedTunnel(until: .draining, .end) } })
        let client = try worker.connect(version)
        // Whoever is answered knows that the worker has heard what it was told before.
        let other = try enter(worker, version)
        #expect(worker.send(.drain(within: .seconds(3600))))
        #expect(try other.receive().isEmpty)
        try client.send(Self.upgrade)
        #expect(try client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(try client.receive().isEmpty)
        for client in [client, other] { client.close() }
        #expect(worker.hasEnded)
    }

    @Test("A tunnel that does not end is cut when the time for it is over", arguments: Version.allCases)
    func cut(version: Version) throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try enter(worker, version)
        #expect(worker.send(.drain(within: .milliseconds(20))))
        #expect(worker.hasEnded)
        #expect(try client.isBrokenOff())
        client.close()
    }
}
