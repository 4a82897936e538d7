import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1

/// A connection's bytes, through `HTTP1Connection.advance`: first all at once, then cut at a position that the input's
/// first two bytes give, then byte by byte. The answers must be the same and must be well-formed.
enum RequestTarget {
    static func run(_ bytes: [UInt8]) {
        guard bytes.count > 2 else { return }
        let wire = [UInt8](bytes[2...]).expanded
        let whole = Outcome(of: wire, cuts: [])
        whole.checkReplies()
        let cut = (Int(bytes[0]) << 8 | Int(bytes[1])) % (wire.count + 1)
        compare(whole, Outcome(of: wire, cuts: [cut]), "cut at \(cut)")
        if wire.count <= 512 { compare(whole, Outcome(of: wire, cuts: Array(0..<wire.count)), "byte by byte") }
    }

    private static func compare(_ whole: Outcome, _ parted: Outcome, _ how: String) {
        parted.checkReplies()
        guard !whole.isTimed, !parted.isTimed else { return }
        expect(
            whole.final == parted.final && whole.isFinished == parted.isFinished
                && whole.isTruncated == parted.isTruncated && whole.records == parted.records,
            "\(how): \(parted.final.text)\n\(parted.records)\n--- instead of\n\(whole.final.text)\n\(whole.records)")
    }
}

/// What became of a connection.
private struct Outcome {
    private(set) var output: [UInt8] = []
    private(set) var isFinished = false
    private(set) var isTruncated = false
    private(set) var records: [Journal.Record] = []
    /// Whether an answer may depend on when the bytes came.
    private(set) var isTimed = false

    init(of bytes: [UInt8], cuts: [Int]) {
        let journal = Journal()
        let responder = Menu()
        let service = HTTPService(responder: responder, journal: journal, loop: StandingLoop())
        service.moment.date = WallTime(seconds: 1_795_377_600)
        service.moment.dateText = [UInt8]("Sun, 22 Nov 2026 20:00:00 GMT".utf8)
        var connection = HTTP1Connection(peer: .unknown, token: Token(slot: 1, generation: 1))
        var input = ByteQueue()
        var queue = ByteQueue()
        var start = 0
        for end in cuts + [bytes.count, bytes.count] {
            input.append(bytes.span.extracting(start..<end))
            // The last time around there is nothing more to send: the client ends its side.
            if start == bytes.count { connection.endInput() }
            start = end
            var waiting: Waiting
            repeat {
                waiting = connection.advance(&input, &queue, service)
                output.append(copying: queue.readable)
                queue.removeAll()
            } while waiting == .output && connection.ending == nil
        }
        expect(connection.ending != nil, "the connection goes on when its client has ended: \(connection.progress)")
        isFinished = connection.ending != nil
        isTruncated = connection.ending == .truncated
        records = journal.records
        isTimed = responder.isTimed
    }

    /// The output without the interim responses, which are sent only while the client waits.
    var final: [UInt8] { output.without([UInt8]("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }

    /// Every recorded exchange has its response, well-formed and delimited as its record says, and nothing else was sent.
    func checkReplies() {
        var rest = final[...]
        var isLast = false
        for record in records {
            if !record.isComplete {
                expect(isTruncated, "a response was cut and the connection was not")
                return
            }
            expect(!isLast, "a response behind the last one: \(final.text)")
            isLast = check(record, &rest)
        }
        expect(rest.isEmpty || isTruncated, "more than was recorded: \([UInt8](rest).text)")
        expect(isLast == isFinished || records.isEmpty || !isLast, "the last response did not end the connection")
    }

    /// Takes one response from the front of `rest`; returns whether it is the last.
    private func check(_ record: Journal.Record, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let end = rest.firstPosition(of: [13, 10, 13, 10]) else { fatalError("no end: \([UInt8](rest).text)") }
        let head = [UInt8](rest[..<end]).text
        rest = rest[(end + 4)...]
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        expect(lines[0].hasPrefix("HTTP/1.1 \(record.status) "), "\(lines[0]) is not that of \(record)")
        func values(_ name: String) -> [Substring] {
            lines.dropFirst().filter { $0.lowercased().hasPrefix(name + ": ") }.map { $0.dropFirst(name.count + 2) }
        }
        expect(values("date").count == 1, "not one Date: \(head)")
        let length = values("content-length")
        let codings = values("transfer-encoding")
        let isClosing = values("connection") == ["close"]
        expect(length.count + codings.count <= 1, "delimited twice: \(head)")
        if [204, 304].contains(record.status) {
            expect(record.contentByteCount == 0, "\(record.status) with content")
        } else if record.isHead ?? (rest.isEmpty) {
            expect(record.contentByteCount == 0, "an answer to HEAD with content: \(head)")
        } else if let count = length.first.flatMap({ Int($0) }) {
            expect(count == record.contentByteCount && count <= rest.count, "\(count) bytes are not \(record)")
            rest = rest.dropFirst(count)
        } else if codings == ["chunked"] {
            checkChunks(record, &rest)
        } else {
            expect(isClosing && record.contentByteCount == rest.count, "not delimited: \(head)")
            rest = []
        }
        return isClosing
    }

    private func checkChunks(_ record: Journal.Record, _ rest: inout ArraySlice<UInt8>) {
        var count = 0
        while true {
            let size = rest.prefix { $0 != ASCII.carriageReturn }
            guard let chunk = Int([UInt8](size).text, radix: 16) else { fatalError("no chunk size") }
            rest = rest.dropFirst(size.count + 2)
            if chunk == 0 { break }
            count += chunk
            expect(rest.dropFirst(chunk).starts(with: [13, 10]), "a chunk does not end behind its size")
            rest = rest.dropFirst(chunk + 2)
        }
        expect(rest.starts(with: [13, 10]) && count == record.contentByteCount, "chunks of \(count) bytes: \(record)")
        rest = rest.dropFirst(2)
    }
}

/// What was recorded of each exchange.
private final class Journal: ExchangeJournal {
    struct Record: Equatable {
        /// Nil where no request could be read.
        let isHead: Bool?
        let target: String?
        let status: Int
        let contentByteCount: Int
        let isComplete: Bool
    }

    var records: [Record] = []

    func record(
        _ request: borrowing Request, peer: Peer, user: [UInt8]?, status: StatusCode, contentByteCount: Int,
        isComplete: Bool
    ) {
        records.append(
            Record(
                isHead: request.method == .head, target: request.text(request.target), status: status.rawValue,
                contentByteCount: contentByteCount, isComplete: isComplete))
    }

    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int) {
        records.append(
            Record(
                isHead: nil, target: nil, status: status.rawValue, contentByteCount: contentByteCount, isComplete: true)
        )
    }

    func recordRefusal(_ status: StatusCode, _ reason: String, _ request: Request?, peer: Peer) {}
    func report(_ problem: String, _ request: borrowing Request, peer: Peer) {}
}

/// Answers in each way that a responder can; the path's first letter chooses which.
private final class Menu: Responder {
    private(set) var isTimed = false
    private let validators = Validators(
        entityTag: EntityTag(quoted: [UInt8](#""2ebc98a100000000-e""#.utf8)),
        lastModified: WallTime(seconds: 784_111_777))

    func open(_ request: borrowing Request) -> Answer {
        Self.check(request)
        let path = request.bytes[request.path]
        switch path.dropFirst().first {
        case UInt8(ascii: "e"): return .exchange(Digest(appetite: .max))
        case UInt8(ascii: "p"): return .exchange(Digest(appetite: 7))
        case UInt8(ascii: "s"): return .exchange(Stream(length: 140_000))
        case UInt8(ascii: "c"): return .exchange(Stream(length: nil))
        case UInt8(ascii: "f"): return .exchange(Stream(length: 5000, failsAfter: 2000))
        case UInt8(ascii: "r"):
            isTimed = true
            return .exchange(Early())
        default: return .complete(answer(request))
        }
    }

    private func answer(_ request: borrowing Request) -> Response {
        switch Preconditions.evaluate(request, validators) {
        case .failed: return .error(.preconditionFailed, "No.")
        case .notModified: return Response(.notModified)
        case .proceed: break
        }
        if Preconditions.allowRange(request, validators) { _ = ByteRanges(request, length: 14) }
        return Response(.ok, content: .bytes([UInt8]("Hello, world!\n".utf8)))
    }

    /// What no accepted request may have, whatever its bytes were (RFC 9112 §2-6).
    private static func check(_ request: borrowing Request) {
        let bytes = request.bytes
        expect(bytes[request.methodName].allSatisfy(ASCII.isTokenCharacter), "a method that is no token")
        expect(bytes[request.target].allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }, "a target")
        expect(request.target.lowerBound <= request.path.lowerBound || request.path.isEmpty, "a path outside")
        var names: [String] = []
        for line in request.fields {
            expect(!line.name.isEmpty && bytes[line.name].allSatisfy(ASCII.isTokenCharacter), "a field name")
            expect(bytes[line.value].allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a field value")
            let name = [UInt8](bytes[line.name]).text.lowercased()
            names.append(name)
            expect(line.known.map { "\($0.text)" == name } ?? true, "\(name) is taken for \(line.known as Any)")
            expect(line.known != nil || !FieldName.allCases.contains { "\($0.text)" == name }, "\(name) is not known")
        }
        func count(_ name: String) -> Int { names.count { $0 == name } }
        expect(count("host") == 1 || request.version == .http10 && count("host") == 0, "\(count("host")) Hosts")
        expect(count("content-length") + count("transfer-encoding") <= 1, "content delimited twice")
        expect(count("transfer-encoding") == 0 || request.version == .http11, "chunked in HTTP/1.0")
        expect((request.content == .none) || count("content-length") + count("transfer-encoding") == 1, "content")
    }
}

/// Takes all content, some bytes at a time, and answers with its length and a checksum.
private final class Digest: Exchange {
    let contentNeed = ContentNeed.now
    private var response: Response?
    private let appetite: Int
    private var count = 0
    private var sum = 0

    init(appetite: Int) { self.appetite = appetite }

    func receive(_ content: Span<UInt8>) -> Int {
        expect(response == nil && !content.isEmpty, "content behind its end, or none")
        let taken = min(appetite, content.count)
        for index in 0..<taken { sum = sum &* 31 &+ Int(content[index]) }
        count += taken
        return taken
    }

    func begin(_ host: consuming ExchangeHost) {}
    func head() -> HeadStep { response.map { .final($0) } ?? .notYet }

    func handle(_ event: ExchangeEvent) {
        guard case .contentEnded = event else { return }
        expect(response == nil, "content ended twice")
        response = Response(.ok, content: .bytes([UInt8]("\(count) \(sum)".utf8)))
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
}

/// Produces content that does not depend on the request's.
private final class Stream: Exchange {
    private let response: Response
    var contentNeed: ContentNeed { .never }
    private var remaining: Int
    private let fails: Bool

    init(length: Int?, failsAfter limit: Int? = nil) {
        response = Response(.ok, content: .stream(length: length))
        remaining = limit ?? length ?? 3000
        fails = limit != nil
    }

    func begin(_ host: consuming ExchangeHost) {}
    func head() -> HeadStep { .final(response) }
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func handle(_ event: ExchangeEvent) {}

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        expect(!room.isEmpty, "no room to produce into")
        guard remaining > 0 else { return fails ? .failed("as it should") : .end }
        let count = min(remaining, room.count, 100_000)
        for index in 0..<count { room[index] = UInt8(ascii: "x") }
        remaining -= count
        return .bytes(count)
    }
}

/// Answers before it has read the content.
private final class Early: Exchange {
    let contentNeed = ContentNeed.now
    private var remaining = 10

    func begin(_ host: consuming ExchangeHost) {}
    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: 10))) }
    func receive(_ content: Span<UInt8>) -> Int { min(content.count, 3) }
    func handle(_ event: ExchangeEvent) {}

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        room[0] = UInt8(ascii: "x")
        remaining -= 1
        expect(remaining >= 0, "asked for more than the length that was announced")
        return .bytes(1)
    }
}

/// A loop on which nobody waits, and whose time stands.
private final class StandingLoop: ExchangeLoop {
    let now = MonotonicTime.start
    func readClock() -> MonotonicTime { now }
    func watch(_: CInt, adding _: Readiness, for _: Token) {}
    func forget(_: CInt, for _: Token) {}
    func setDeadline(_: MonotonicTime, for _: Token) {}
    func waker(for _: Token) -> Waker { fatalError("nobody waits here") }
    func cancel(_: Token) {}
}
