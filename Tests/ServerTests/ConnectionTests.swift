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
    @Test("While a client takes nothing, only what is urgent of its next response is watched")
    func heldUp() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        client.responder.exchange.time = client.worker.now + Interval(nanoseconds: 1)
        try client.ask(for: ["/large", "/exchange"])
        connection.turn(.read, client.worker)
        #expect(connection.interest == .write)
        #expect(connection.waits == [StandingExchange.urgent])
        #expect(connection.wakeTime == connection.deadline, "its client's time is what counts")
        try client.readAll { connection.turn(.write, client.worker) }
        #expect(connection.interest == .peerEnd && connection.waits == client.responder.exchange.waits)
        #expect(connection.wakeTime == client.responder.exchange.time)
    }

    @Test("While a client takes nothing, its exchange still has its turns for what is urgent")
    func heldUpInQueue() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        let exchange = client.responder.exchange
        exchange.hasUrgentDeadline = true
        exchange.time = client.worker.now + .seconds(1)
        try client.ask(for: ["/large", "/exchange"])
        connection.turn(.read, client.worker)
        #expect(connection.interest == .write && connection.waits == [StandingExchange.urgent])
        #expect(connection.wakeTime == exchange.time)
        let turns = exchange.turnCount
        connection.turn(.none, client.worker)
        #expect(exchange.turnCount == turns + 1, "something happened that it waits for")
        client.worker.now = connection.wakeTime
        connection.timeOut(client.worker)
        #expect(exchange.turnCount == turns + 2, "its time is over")
        #expect(connection.phase == .open && connection.interest == .write)
        exchange.hasUrgentDeadline = false
        #expect(connection.wakeTime == connection.deadline)
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

    @Test("An exchange is judged when everything was tried, and what it says then is sent")
    func givingUp() throws {
        let client = try HeldUpClient()
        var connection = try client.accept()
        let exchange = client.responder.exchange
        exchange.time = client.worker.now + .seconds(1)
        try client.ask(for: ["/exchange"])
        connection.turn(.read, client.worker)
        #expect(exchange.judgementCount == 1 && exchange.response == nil)
        client.worker.now = connection.wakeTime
        connection.timeOut(client.worker)
        #expect(exchange.judgementCount == 2)
        let answer = try client.readAll { connection.turn(.write, client.worker) }
        #expect(answer.hasPrefix("HTTP/1.1 504 "))
        let isIdle = connection.isIdle
        #expect(isIdle)
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
        connection.shortenDeadline(worker)
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
        #expect(connection.waits == client.responder.exchange.waits)
        client.worker.now = connection.wakeTime
        connection.timeOut(client.worker)
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
        client.worker.now = connection.wakeTime
        connection.timeOut(client.worker)
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
            parts: Worker.Parts(
                tls: .forLocalhost(), responder: responder,
                redirects: Redirects(onTLSPort: responder, onPlainPort: responder)),
            journal: AccessLog(nil, logger: logger), logger: logger, needsServerAddress: false, clock: { .start })
    }

    func accept() throws -> Connection {
        guard let accepted = accepted.take() else { throw Missing() }
        return try Connection(accepted, number: 1, isPlain: true, worker)
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
    var time = MonotonicTime.distantFuture
    var hasUrgentDeadline = false
    private(set) var turnCount = 0
    private(set) var judgementCount = 0
    private(set) var response: Response?

    static let urgent = Wait(1001, for: .reading, isUrgent: true)

    var waits: [Wait] { [Wait(1000, for: .reading), Self.urgent] }
    var deadline: MonotonicTime? { time }

    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func endContent() {}
    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
    func advance(_ now: MonotonicTime) { turnCount += 1 }

    func giveUp(_ now: MonotonicTime) -> Bool {
        judgementCount += 1
        guard now >= time, response == nil else { return false }
        response = .error(.gatewayTimeout, "late")
        return true
    }
}
