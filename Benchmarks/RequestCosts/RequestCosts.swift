import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1

/// Puts requests through an HTTP/1.1 connection, without TLS or sockets, so that instructions and allocations can be
/// counted from outside: `request-costs SCENARIO COUNT`. The cost of a request is the difference between two counts.
@main
enum RequestCosts {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let scenario = scenarios.first(where: { $0.name == arguments[1] }),
            let count = Int(arguments[2])
        else {
            print(scenarios.map(\.name).joined(separator: "\n"))
            return
        }
        run(scenario, count: count)
    }

    struct Scenario {
        let name: String
        let bytes: [UInt8]
        /// How many requests the bytes hold.
        let requestCount: Int
        /// Whether the response is one that is sent again and again.
        let isPrepared: Bool

        init(_ name: String, _ text: String, requestCount: Int = 1, isPrepared: Bool = true) {
            self.name = name
            bytes = [UInt8](text.utf8)
            self.requestCount = requestCount
            self.isPrepared = isPrepared
        }
    }

    private static let curl = """
        GET /index.html HTTP/1.1\r\nHost: localhost:8443\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n
        """

    private static let browser = """
        GET /index.html HTTP/1.1\r\nHost: localhost:8443\r\nConnection: keep-alive\r\n\
        sec-ch-ua: "Chromium";v="124", "Not-A.Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n\
        Upgrade-Insecure-Requests: 1\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36\r\n\
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n\
        Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n\
        Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n
        """

    private static let upload = """
        POST /form HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
        10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n
        """

    private static let head = "HEAD /index.html HTTP/1.1\r\nHost: localhost:8443\r\n\r\n"
    private static let old = "GET /index.html HTTP/1.0\r\nHost: localhost:8443\r\nConnection: keep-alive\r\n\r\n"
    private static let range = "GET /index.html HTTP/1.1\r\nHost: localhost:8443\r\nRange: bytes=0-1023\r\n\r\n"

    private static let scenarios = [
        Scenario("curl", curl), Scenario("browser", browser),
        Scenario("pipelined", String(repeating: curl, count: 16), requestCount: 16), Scenario("chunked", upload),
        Scenario("head", head), Scenario("http-1.0", old), Scenario("range", range, isPrepared: false),
    ]

    private static func run(_ scenario: Scenario, count: Int) {
        let responder: any Responder = scenario.isPrepared ? CachedFile() : PartOfFile()
        let service = HTTPService(responder: responder, journal: SilentJournal(), loop: StandingLoop())
        service.moment.dateText = [UInt8]("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
        var connection = HTTP1Connection(peer: .unknown, token: Token(slot: 1, generation: 1))
        var input = ByteQueue(capacity: 64 * 1024)
        var output = ByteQueue(capacity: 128 * 1024)
        var checksum = 0
        for _ in 0..<count / scenario.requestCount {
            input.append(scenario.bytes)
            _ = connection.advance(&input, &output, service)
            checksum &+= output.count
            output.removeAll()
        }
        // The result is used, so that the work cannot be optimised away; and a wrong one is noticed.
        precondition(checksum > 0 && input.isEmpty, "the requests were not answered")
    }
}

/// A response that is sent again and again.
private final class CachedFile: Responder {
    private let response: PreparedResponse

    init() {
        var fields = Fields()
        fields.append("ETag", "\"6b034c69385676b1-400\"")
        fields.append("Cache-Control", "no-cache")
        fields.append("Content-Type", "text/html; charset=utf-8")
        fields.append("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        response = PreparedResponse(
            Response(.ok, fields: fields, content: .bytes([UInt8](repeating: 0x61, count: 1024))))
    }

    func open(_ request: borrowing Request) -> Answer { .prepared(response) }
}

/// A response that is at hand, and is written anew each time.
private final class PartOfFile: Responder {
    private let response: Response

    init() {
        var fields = Fields()
        fields.append("ETag", "\"6b034c69385676b1-400\"")
        fields.append("Content-Type", "text/html; charset=utf-8")
        fields.append("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        fields.append("Content-Range", "bytes 0-1023/4096")
        response = Response(
            .partialContent, fields: fields, content: .bytes([UInt8](repeating: 0x61, count: 1024)))
    }

    func open(_ request: borrowing Request) -> Answer { .complete(response) }
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

private final class SilentJournal: ExchangeJournal {
    func record(
        _: borrowing Request, peer _: Peer, user _: [UInt8]?, status _: StatusCode, contentByteCount _: Int,
        isComplete _: Bool
    ) {}
    func recordUnreadable(peer _: Peer, status _: StatusCode, contentByteCount _: Int) {}
    func recordRefusal(_: StatusCode, _: String, _: Request?, peer _: Peer) {}
    func report(_: String, _: borrowing Request, peer _: Peer) {}
}
