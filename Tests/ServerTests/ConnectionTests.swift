import Glibc
import Logging
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Testing

@testable import MartinetServer

/// Over a socket pair, with plain HTTP, at any moment.
@Suite("One client's connection")
struct ConnectionTests {
    @Test("While a client takes nothing, its exchange is not asked for anything, and hears of what it waits for")
    func heldUp() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        let exchange = client.responder.exchange
        try client.ask(for: ["/large", "/exchange"])
        connection.turn(.read, client.worker)
        #expect(connection.interest == .write)
        let asked = exchange.askCount
        connection.handle(.ready(1000, .read), stream: 2, client.worker)
        #expect(exchange.heard == ["contentEnded", "ready"] && exchange.askCount == asked)
        connection.handle(.ready(1000, .read), stream: 1, client.worker)
        #expect(exchange.heard.count == 2, "that was for the one before")
        exchange.time = client.worker.now + .seconds(1)
        client.pass(exchange.time)
        client.serve(&connection)
        #expect(exchange.heard.last == "deadline" && exchange.askCount == asked)
        #expect(connection.phase == .open && connection.interest == .write)
        let answer = try client.readAll { connection.turn(.write, client.worker) }
        #expect(answer.contains("HTTP/1.1 504 "))
    }

    @Test("A client that has hung up is not served any more, and the log says why")
    func hangUp() throws {
        let log = RecordingLog(level: .debug)
        let client = try HeldUpClient(logger: Logger(label: "test") { _ in log })
        var connection = try client.accept()
        try client.ask(for: ["/exchange"])
        connection.turn(.read, client.worker)
        connection.turn(.hangUp, client.worker)
        #expect(connection.phase == .closed)
        #expect(log.lines == ["0.0.0.0:0: connection lost: the client has hung up"])
    }

    @Test("An exchange whose deadline is over says what there is to say, and that is sent")
    func deadline() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        let exchange = client.responder.exchange
        exchange.time = client.worker.now + .seconds(1)
        try client.ask(for: ["/exchange"])
        connection.turn(.read, client.worker)
        client.serve(&connection)
        #expect(exchange.heard == ["contentEnded"])
        client.pass(exchange.time)
        client.serve(&connection)
        let answer = try client.readAll { connection.turn(.write, client.worker) }
        #expect(answer.hasPrefix("HTTP/1.1 504 "))
        #expect(exchange.heard == ["contentEnded", "deadline", "completed"])
        let isIdle = connection.isIdle
        #expect(isIdle)
    }

    @Test("An exchange hears that its worker is about to leave")
    func drain() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        try client.ask(for: ["/exchange"])
        connection.turn(.read, client.worker)
        connection.drain(client.worker)
        #expect(client.responder.exchange.heard == ["contentEnded", "draining"])
    }

    @Test("Clients of a worker that is about to leave have little time to ask for something")
    func leaving() throws {
        let client = try HeldUpClient()
        let worker = client.worker
        let soon = worker.now + Interval(worker.limits.firstRequest)
        var connection = try client.accept()
        try client.send("GET /")
        connection.turn(.read, worker)
        #expect(connection.deadline == worker.now + Interval(worker.limits.head))
        worker.beginDraining()
        connection.drain(worker)
        #expect(connection.deadline == soon)

        let other = try HeldUpClient()
        var late = try other.accept()
        other.worker.now = worker.now
        other.worker.beginDraining()
        late.turn(.none, other.worker)
        #expect(late.deadline == soon, "for its first byte")
        try other.send("GET /")
        late.turn(.read, other.worker)
        #expect(late.deadline == soon, "and for its head")
    }

    @Test("A client that has ended its side gets its answer, and its end is waited for once (RFC 9112 §9.6)")
    func endWithRequest() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        client.responder.exchange.time = client.worker.now + .seconds(1)
        try client.ask(for: ["/exchange"])
        client.leave()
        connection.turn(.read, client.worker)
        #expect(connection.interest == .peerEnd)
        connection.turn(.peerEnd, client.worker)
        #expect(connection.phase == .open && connection.interest == .none)
        client.pass(client.responder.exchange.time)
        client.serve(&connection)
        let answer = try client.readAll { connection.turn(.read, client.worker) }
        #expect(answer.hasPrefix("HTTP/1.1 504 "))
        #expect(connection.phase == .closed)
    }

    @Test("What a client has asked for before it ended its side is answered, too")
    func endBehindRequests() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        client.responder.exchange.time = client.worker.now + .seconds(1)
        try client.ask(for: ["/exchange"])
        connection.turn(.read, client.worker)
        try client.ask(for: ["/large"])
        client.leave()
        connection.turn(.peerEnd, client.worker)
        client.pass(client.responder.exchange.time)
        client.serve(&connection)
        #expect(connection.interest == .read)
        connection.turn(.read, client.worker)
        let answer = try client.readAll { connection.turn([.read, .write], client.worker) }
        #expect(answer.hasPrefix("HTTP/1.1 504 ") && answer.contains("HTTP/1.1 200 OK\r\n"))
        #expect(connection.phase == .closed)
    }

    @Test("Of a client whose connection is broken no request is begun, though some wait")
    func brokenConnection() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        try client.ask(for: ["/exchange", "/large"])
        connection.turn([.read, .hangUp], client.worker)
        #expect(connection.phase == .closed && client.responder.requestCount == 0)
    }

    @Test("Who asks for the end and sends more all the same gets its whole response before it is reset (RFC 9112 §9.6)")
    func moreBehindTheLast() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        try client.send("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.turn(.read, client.worker)
        #expect(connection.interest == .write)
        try client.send(String(repeating: "more", count: 1000))
        let answer = try client.readAll { connection.turn(.write, client.worker) }
        #expect(answer.utf8.count > 100_000 && connection.phase == .lingering)
        client.leave()
        connection.turn(.read, client.worker)
        #expect(connection.phase == .closed)
    }

    @Test("Who asks for the end, and says no more than farewell, is not waited for")
    func nothingBehindTheLast() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        try client.send("GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.turn(.read, client.worker)
        try client.send(String(repeating: "x", count: 24))
        try client.readAll { connection.turn(.write, client.worker) }
        #expect(connection.phase == .closed)
    }

    @Test("What is kept for a client that takes nothing is counted, and it is stalled until it takes something")
    func keptMemory() throws {
        let client = try HeldUpClient()
        let worker = client.worker
        var connection = try client.accept()
        #expect(connection.keptByteCount == 0)
        let start = worker.now
        try client.ask(for: ["/huge"])
        connection.turn(.read, worker)
        // The response, and the part of it that is on its way.
        #expect((1_050_000..<1_250_000).contains(connection.keptByteCount))
        #expect(connection.isStalled(since: start) && !connection.isStalled(since: start - Interval(nanoseconds: 1)))
        worker.now = start + .seconds(5)
        try client.readSome()
        connection.turn(.write, worker)
        #expect(!connection.isStalled(since: start) && connection.isStalled(since: worker.now))
        try client.readAll { connection.turn(.write, worker) }
        worker.now = start + .seconds(20)
        #expect(connection.keptByteCount == 0 && !connection.isStalled(since: worker.now))
    }
}

/// A client that reads only when it is told to, and what serves it.
private final class HeldUpClient {
    let responder = TwoAnswers()
    let worker: WorkerContext
    private let socket: FileDescriptor
    private var accepted: AcceptedSocket?
    private let loop = TestLoop(now: .now)

    init(logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) throws {
        let pair = try SocketPair()
        let server = try FileDescriptor.duplicate(pair.second.number)
        socket = pair.takeFirst()
        try server.setNonBlocking()
        try socket.setNonBlocking()
        // Less than a response has.
        var size: CInt = 4096
        let length = socklen_t(MemoryLayout<CInt>.size)
        try #require(unsafe setsockopt(server.number, SOL_SOCKET, SO_SNDBUF, &size, length) == 0)
        accepted = AcceptedSocket(descriptor: server, peer: .any4(port: 0))

        worker = try WorkerContext(
            limits: Limits(),
            parts: WorkerParts(
                tls: .forLocalhost(), protocols: ApplicationProtocols(.http1), responder: responder,
                redirects: Redirects(onTLSPort: responder, onPlainPort: responder, spoken: .http1)),
            journal: AccessLog(nil, logger: logger), logger: logger, loop: loop)
    }

    func accept() throws -> Connection {
        guard let accepted = accepted.take() else { throw Missing() }
        return try Connection(
            accepted, token: Token(slot: 1, generation: 1), isPlain: true, worker)
    }

    /// It is another time now.
    func pass(_ time: MonotonicTime) {
        worker.now = time
        loop.now = time
    }

    /// What the connection's exchange waits for has happened.
    func serve(_ connection: inout Connection) {
        for (event, token) in (try? loop.takeEvents()) ?? [] {
            connection.handle(event, stream: token.stream, worker)
        }
        for token in loop.takeDue() { connection.handle(.deadline, stream: token.stream, worker) }
    }

    /// Sends requests at one time.
    func ask(for paths: [String]) throws {
        let text = paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined()
        #expect(try socket.send([UInt8](text.utf8).span) == .bytes(text.utf8.count))
    }

    func send(_ text: String) throws {
        #expect(try socket.send([UInt8](text.utf8).span) == .bytes(text.utf8.count))
    }

    /// Reads all there is, with a turn for the server whenever there is nothing.
    @discardableResult
    func readAll(_ turn: () -> Void) throws -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        var hasPaused = false
        while true {
            var room = buffer.mutableSpan
            if case .bytes(let count) = try socket.receive(into: &room) {
                text += buffer[..<count]
                hasPaused = false
            } else if hasPaused {
                return String(decoding: text, as: UTF8.self)
            } else {
                turn()
                hasPaused = true
            }
        }
    }

    /// Reads a little of what there is.
    func readSome() throws {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        var room = buffer.mutableSpan
        _ = try socket.receive(into: &room)
    }

    func leave() {
        socket.shutdownSending()
    }

    private struct Missing: Error {}
}

/// Answers /large and /huge at once, and everything else with its exchange.
private final class TwoAnswers: Responder {
    let exchange = StandingExchange()
    private(set) var requestCount = 0

    func open(_ request: borrowing Request) -> Answer {
        requestCount += 1
        return switch request.text(request.path) {
        case "/large": .complete(Response(.ok, content: .bytes([UInt8](repeating: 0, count: 100_000))))
        case "/huge": .complete(Response(.ok, content: .bytes([UInt8](repeating: 0, count: 1_000_000))))
        default: .exchange(exchange)
        }
    }
}

/// Waits until its time is over.
private final class StandingExchange: Exchange {
    let contentNeed = ContentNeed.now
    var time = MonotonicTime.distantFuture {
        didSet { host?.setDeadline(time) }
    }
    /// What it was told of.
    private(set) var heard: [String] = []
    /// How often it was asked for its head.
    private(set) var askCount = 0
    private var host: ExchangeHost?
    private var isLate = false

    func begin(_ host: consuming ExchangeHost) {
        self.host = consume host
        self.host?.setDeadline(time)
    }

    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }

    func head() -> HeadStep {
        askCount += 1
        return isLate ? .final(.error(.gatewayTimeout, "late")) : .notYet
    }

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .contentEnded: heard.append("contentEnded")
        case .clientEnded: heard.append("clientEnded")
        case .ready: heard.append("ready")
        case .deadline:
            heard.append("deadline")
            isLate = true
        case .woken: heard.append("woken")
        case .draining: heard.append("draining")
        case .completed: heard.append("completed")
        }
    }
}
