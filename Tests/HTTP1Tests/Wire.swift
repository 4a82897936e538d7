import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1
import MartinetTestSupport

/// A connection without a socket: bytes in, bytes out, and what was recorded of them.
final class Wire {
    /// Where the connection stands.
    struct State {
        let ending: ConnectionEnding?
        let exchangeCount: Int
        let receivedByteCount: Int

        var isFinished: Bool { ending != nil }
        var isTruncated: Bool { ending == .truncated }
        var isEndExpected: Bool { ending == .complete(isExpected: true) }
    }

    private var connection: HTTP1Connection
    private var input = ByteQueue()
    private var output = ByteQueue()
    private let service: HTTPService
    let loop: TestLoop
    let journal = RecordingJournal()
    /// What the connection waited for last.
    private(set) var waiting = Waiting.request

    static let token = Token(slot: 1, generation: 1)

    /// - Parameter protocolVersion: that of TLS; nil for a connection that is not encrypted.
    init(
        protocolVersion: String? = nil, mayPersist: Bool = true, clock: @escaping () -> MonotonicTime = { .start },
        _ open: @escaping (borrowing Request) -> Answer
    ) {
        connection = HTTP1Connection(
            peer: Peer(
                address: "192.0.2.1", port: 50_000,
                session: protocolVersion.map { Peer.Session(protocolVersion: $0, cipher: "a") }),
            token: Self.token, mayPersist: mayPersist)
        loop = TestLoop(clock: clock)
        service = HTTPService(responder: ClosureResponder(open), journal: journal, loop: loop)
        service.moment.dateText = [UInt8]("now".utf8)
    }

    var state: State {
        State(
            ending: connection.ending, exchangeCount: connection.progress.exchangeCount,
            receivedByteCount: connection.progress.receivedByteCount)
    }
    var hasEndedOutput: Bool { connection.hasEndedOutput }
    var wantsInput: Bool { connection.wantsInput }
    var keptByteCount: Int { connection.keptByteCount }
    var inputCount: Int { input.count }

    /// Bytes arrive; returns what the connection says to them.
    @discardableResult
    func send(_ text: String) -> String { send([UInt8](text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> String {
        input.append(bytes)
        return advance()
    }

    /// Bytes arrive together with the end of the client's side.
    func sendLast(_ text: String) -> String {
        connection.endInput()
        return send(text)
    }

    /// The client ends its side.
    func end() -> String {
        connection.endInput()
        return advance()
    }

    /// Goes on until the connection waits for something other than a client to take its output.
    func advance() -> String {
        var said: [UInt8] = []
        repeat {
            waiting = connection.advance(&input, &output, service)
            said += takeOutput()
        } while waiting == .output && connection.ending == nil
        return String(decoding: said, as: UTF8.self)
    }

    /// Goes on once, and leaves the output with the connection; returns its size.
    func advanceOnce(sending text: String = "") -> Int {
        input.append(text: text)
        waiting = connection.advance(&input, &output, service)
        return output.count
    }

    func takeOutput() -> [UInt8] {
        var taken = ByteQueue()
        swap(&taken, &output)
        return [UInt8](copying: taken.readable)
    }

    func timeOut() -> String {
        connection.timeOut(waiting, &output, service)
        return String(decoding: takeOutput(), as: UTF8.self)
    }

    /// What was registered has happened, or somebody was woken: the exchange hears of it, and the connection has a turn.
    func serve(at now: MonotonicTime? = nil) throws -> String {
        if let now { loop.now = now }
        for (event, token) in try loop.takeEvents() { connection.handle(event, stream: token.stream) }
        let said = advance()
        for token in loop.takeDue() { connection.handle(.deadline, stream: token.stream) }
        return said + advance()
    }

    func handle(_ event: ExchangeEvent, stream: UInt32) { connection.handle(event, stream: stream) }

    func abandon() { connection.abandon(service) }
    /// The worker is about to leave, and gives its connections a turn.
    func drain() {
        service.isDraining = true
        send("")
    }
}

/// What is kept of each finished exchange.
final class RecordingJournal: ExchangeJournal {
    struct Record: Equatable {
        /// The request's target; nil where no request could be read.
        let target: String?
        let status: Int
        let contentByteCount: Int
        let isComplete: Bool
        /// Whom it was for.
        var user: String?
    }

    var records: [Record] = []
    var problems: [String] = []
    /// Statuses and reasons.
    var refusals: [String] = []

    func record(
        _ request: borrowing Request, peer: Peer, user: [UInt8]?, status: StatusCode, contentByteCount: Int,
        isComplete: Bool
    ) {
        records.append(
            Record(
                target: request.text(request.target), status: status.rawValue, contentByteCount: contentByteCount,
                isComplete: isComplete, user: user.map { String(decoding: $0, as: UTF8.self) }))
    }

    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int) {
        records.append(
            Record(target: nil, status: status.rawValue, contentByteCount: contentByteCount, isComplete: true))
    }

    func recordRefusal(_ status: StatusCode, _ reason: String, _ request: Request?, peer: Peer) {
        let target = request.map { " to \($0.text($0.target))" } ?? ""
        refusals.append("\(status.rawValue)\(target): \(reason)")
    }

    func report(_ problem: String, _ request: borrowing Request, peer: Peer) {
        problems.append(problem)
    }
}

private final class ClosureResponder: Responder {
    private let answer: (borrowing Request) -> Answer

    init(_ answer: @escaping (borrowing Request) -> Answer) { self.answer = answer }

    func open(_ request: borrowing Request) -> Answer { answer(request) }
}

// MARK: Exchanges

/// Takes content and gives it back as it comes, chunked.
final class Echo: Exchange {
    let contentNeed = ContentNeed.now
    private var kept: [UInt8] = []
    private var isEnded = false

    func receive(_ content: Span<UInt8>) -> Int {
        kept.append(copying: content)
        return content.count
    }

    func begin(_ host: consuming ExchangeHost) {}
    func handle(_ event: ExchangeEvent) { if case .contentEnded = event { isEnded = true } }
    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: nil))) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard !kept.isEmpty else { return isEnded ? .end : .notYet }
        let count = min(kept.count, room.count)
        room.copy(from: kept.span.extracting(0..<count), at: 0)
        kept.removeFirst(count)
        return .bytes(count)
    }
}

/// Does what it is told, step by step; when nothing is left to do, there is nothing yet.
final class Script: Exchange {
    let contentNeed = ContentNeed.now
    var response: Response?
    var steps: [Production]
    /// How many bytes of content it still takes.
    var appetite: Int
    private(set) var received: [UInt8] = []
    private(set) var isContentEnded = false

    init(_ response: Response?, _ steps: [Production] = [], appetite: Int = 0) {
        self.response = response
        self.steps = steps
        self.appetite = appetite
    }

    func receive(_ content: Span<UInt8>) -> Int {
        let count = min(appetite, content.count)
        appetite -= count
        received.append(copying: content.extracting(0..<count))
        return count
    }

    func begin(_ host: consuming ExchangeHost) {}
    func handle(_ event: ExchangeEvent) { if case .contentEnded = event { isContentEnded = true } }
    func head() -> HeadStep { response.map { .final($0) } ?? .notYet }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard !steps.isEmpty else { return .notYet }
        let step = steps.removeFirst()
        guard case .bytes(let wanted) = step else { return step }
        let count = min(wanted, room.count)
        for index in 0..<count { room[index] = UInt8(ascii: "x") }
        if count < wanted { steps.insert(.bytes(wanted - count), at: 0) }
        return .bytes(count)
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(.ok, content: .bytes([UInt8](text.utf8)))
    }
}

extension String {
    /// How often `part` stands in the text.
    func count(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
