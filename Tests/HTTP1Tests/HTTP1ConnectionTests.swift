import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetHTTP1

@Suite("Exchanges on one connection (RFC 9112 §9)")
struct HTTP1ConnectionTests {
    /// A connection whose responder says what was asked for.
    private func plain() -> Wire {
        Wire { request in .complete(.text(request.text(request.target))) }
    }

    private func answer(_ content: String, _ more: String = "") -> String {
        "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: \(content.utf8.count)\r\n\(more)\r\n\(content)"
    }

    private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
    private let close = "Connection: close\r\n"

    @Test(
        "A target of the other scheme is for another connection (RFC 9110 §7.4)",
        arguments: [
            ("http://a/x", "TLSv1.3", false), ("HTTP://a/x", "TLSv1.2", false), ("https://a/x", nil, false),
            ("http://a", "TLSv1.3", false), ("https://a/x", "TLSv1.3", true), ("HTTPS://a/x", "TLSv1.3", true),
            ("http://a/x", nil, true), ("/http://a/x", "TLSv1.3", true), ("/x", nil, true),
        ] as [(String, String?, Bool)], ["GET", "HEAD", "POST", "OPTIONS"])
    func scheme(_ expected: (target: String, version: String?, isRight: Bool), _ method: String) {
        let wire = Wire(protocolVersion: expected.version) { _ in .complete(.text("x")) }
        let said = wire.send("\(method) \(expected.target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(said.hasPrefix(expected.isRight ? "HTTP/1.1 200 " : "HTTP/1.1 421 Misdirected Request\r\n"))
        #expect(wire.state.isFinished != expected.isRight)
    }

    // MARK: Persistence (RFC 9112 §9.3)

    @Test("A connection persists, and waits for the next request")
    func keepAlive() {
        let wire = plain()
        for count in 1...3 {
            #expect(wire.send(get) == answer("/a"))
            #expect(wire.waiting == .request)
            #expect(wire.state.exchangeCount == count)
            #expect(!wire.state.isFinished && wire.wantsInput)
        }
        #expect(
            wire.journal.records
                == Array(repeating: .init(target: "/a", status: 200, contentByteCount: 2, isComplete: true), count: 3))
    }

    @Test(
        "What the client says of persistence decides",
        arguments: [
            ("1.1", "", nil), ("1.1", "Connection: close\r\n", "close"), ("1.1", "Connection: CLOSE\r\n", "close"),
            ("1.1", "Connection: keep-alive\r\n", nil), ("1.1", "Connection: te, close\r\n", "close"),
            ("1.1", "Connection: te\r\nConnection:\tclose\r\n", "close"), ("1.1", "Connection: closed\r\n", nil),
            ("1.1", "Connection: keep-alive, close\r\n", "close"), ("1.1", "Connection: ,,close,\r\n", "close"),
            ("1.0", "", "close"), ("1.0", "Connection: close\r\n", "close"),
            ("1.0", "Connection: keep-alive\r\n", "keep-alive"),
            ("1.0", "Connection: Keep-Alive, TE\r\n", "keep-alive"),
            ("1.0", "Connection: keep-alive, close\r\n", "close"), ("1.0", "Connection: te\r\n", "close"),
            ("1.9", "", nil), ("1.9", "Connection: close\r\n", "close"),
        ] as [(String, String, String?)])
    func persistence(_ version: String, _ line: String, _ said: String?) {
        let wire = plain()
        let field = said.map { "Connection: \($0)\r\n" } ?? ""
        #expect(wire.send("GET /a HTTP/\(version)\r\nHost: a\r\n\(line)\r\n") == answer("/a", field))
        #expect(wire.state.isFinished == (said == "close"))
        #expect(!wire.state.isTruncated)
        #expect(wire.send(get) == (said == "close" ? "" : answer("/a")))
    }

    @Test("A connection that is to carry one request says so with its response")
    func oneRequest() {
        let wire = Wire(mayPersist: false) { _ in .complete(.text("x")) }
        #expect(wire.send(get + get) == answer("x", close))
        #expect(wire.state.ending == .complete(isExpected: false))
        let asked = Wire(mayPersist: false) { _ in .complete(.text("x")) }
        #expect(asked.send("GET /a HTTP/1.1\r\nHost: a\r\n\(close)\r\n") == answer("x", close))
        #expect(asked.state.isEndExpected)
    }

    @Test(
        "A response that stops its request is sent at once, and nothing more is read",
        arguments: ["Content-Length: 9", "Transfer-Encoding: chunked"],
        ["complete", "prepared", "exchange", "replaced"])
    func stopsRequest(framing: String, kind: String) {
        var response = Response.text("x")
        response.stopsRequest = true
        let wire = Wire { [response] _ in
            switch kind {
            case "complete": return .complete(response)
            case "prepared": return .prepared(PreparedResponse(response))
            case "exchange": return .exchange(Script(response))
            default:
                let gate = Gate()
                gate.answer = .complete(response)
                return .exchange(gate)
            }
        }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n") == answer("x", close))
        #expect(wire.state.ending == .complete(isExpected: false))
        #expect(wire.send("zz\r\n") == "" && wire.journal.records.map(\.status) == [200])
    }

    @Test(
        "A response that stops its request ends the connection although all of its content has come",
        arguments: ["Content-Length: 2\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"])
    func stopsTooLate(content: String) {
        var response = Response.text("x")
        response.stopsRequest = true
        let wire = Wire { [response] _ in .exchange(Script(response, appetite: 2)) }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\n\(content)\(get)") == answer("x", close))
        #expect(wire.state.ending == .complete(isExpected: false))
    }

    @Test("A response that would stop a request without content stops nothing")
    func stopsNothing() {
        var response = Response.text("x")
        response.stopsRequest = true
        let wire = Wire { [response] _ in .complete(response) }
        #expect(wire.send(get + get) == answer("x") + answer("x"))
        #expect(!wire.state.isFinished)
    }

    @Test(
        "A whole message is sent as it is, and the connection ends with it (RFC 9112 §10.1)",
        arguments: ["GET / HTTP/1.1\r\nHost: a\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.0\r\n"],
        [200, 204])
    func message(head: String, status: Int) {
        let wire = Wire { _ in
            var response = Response(StatusCode(rawValue: status), content: .message)
            response.fields.append("X-A", "1")
            return .exchange(Script(response, [.bytes(7), .end]))
        }
        #expect(wire.send("\(head)\r\n") == "xxxxxxx")
        #expect(wire.state.isFinished && !wire.state.isTruncated)
        #expect(wire.journal.records == [.init(target: "/", status: status, contentByteCount: 7, isComplete: true)])
    }

    @Test("A message that was made before is sent where it says what is true of this request")
    func preparedMessage() {
        let prepared = PreparedResponse(.text("x"))
        func wire() -> Wire { Wire { _ in .prepared(prepared) } }
        // Whoever asks first, and is the first to be answered with it.
        for _ in 0..<2 {
            let wire = wire()
            #expect(wire.send(get + get) == answer("x") + answer("x"))
            #expect(wire.journal.records.map(\.contentByteCount) == [1, 1])
        }
        #expect(!wire().send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n").hasSuffix("x"))
        #expect(wire().send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == answer("x", close))
        let old = wire().send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(old == answer("x", "Connection: keep-alive\r\n"))
        let post = wire().send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" + get)
        #expect(post == answer("x") + answer("x"))
    }

    @Test(
        "A message that was made before is, byte for byte, the one that is made for this time",
        arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "HEAD / HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "POST / HTTP/1.0\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na",
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        ])
    func preparedLikeOthers(request: String) {
        var responses: [Response] = []
        for status in [200, 204, 205, 304, 404] {
            for content in [.none, .bytes([]), .bytes([120, 121, 122])] as [Response.Content] {
                var response = Response(StatusCode(rawValue: status), content: content)
                response.fields.append("X-A", "1")
                responses.append(response)
                response.stopsRequest = true
                responses.append(response)
            }
        }
        for response in responses {
            let prepared = PreparedResponse(response)
            let expected = Wire { _ in .complete(response) }
            let said = expected.send(request)
            for _ in 0..<2 {
                let wire = Wire { _ in .prepared(prepared) }
                #expect(wire.send(request) == said)
                #expect(wire.state.isFinished == expected.state.isFinished)
                #expect(wire.journal.records == expected.journal.records)
            }
        }
    }

    @Test("A message that was made before is recorded with the user it was for each time, and no other's")
    func preparedForUsers() {
        let prepared = PreparedResponse(.text("x"))
        let wire = Wire { request in
            let name = [UInt8](request.bytes[request.path].dropFirst())
            return .prepared(prepared, user: name.isEmpty ? nil : name)
        }
        for path in ["/alice", "/", "/bob"] { wire.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
        wire.send("POST /carol HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
        wire.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(wire.journal.records.map(\.user) == ["alice", nil, "bob", "carol", nil])
        #expect(wire.journal.records.map(\.contentByteCount) == [1, 1, 1, 1, 0])
        #expect(prepared.response.user == nil)
    }

    @Test("A response that was made before waits, too, until content that nobody needs has broken no rule")
    func preparedHeld() {
        let prepared = PreparedResponse(.text("x"))
        let wire = Wire { _ in .prepared(prepared) }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n") == "")
        #expect(wire.waiting == .unreadContent && wire.keptByteCount == 1)
        #expect(wire.send("x\r\n").hasPrefix("HTTP/1.1 400 "))
    }

    @Test("A worker that leaves ends the connection with a response that was made before as with any other")
    func preparedDrain() {
        let prepared = PreparedResponse(.text("x"))
        let wire = Wire { _ in .prepared(prepared) }
        #expect(wire.send(get) == answer("x"))
        #expect(wire.send("GET /a") == "")
        wire.drain()
        #expect(wire.send(" HTTP/1.1\r\nHost: a\r\n\r\n") == answer("x", close))
        #expect(wire.state.isFinished)
    }

    @Test("A worker that leaves ends idle connections now and busy ones after their response")
    func drain() {
        let idle = plain()
        idle.send(get)
        idle.drain()
        #expect(idle.state.isFinished)

        let busy = plain()
        busy.send("GET /a")
        busy.drain()
        #expect(!busy.state.isFinished)
        #expect(busy.send(" HTTP/1.1\r\nHost: a\r\n\r\n" + get) == answer("/a", close))
        #expect(busy.state.isFinished)

        let exchange = Refusing()
        let running = Wire { _ in .exchange(exchange) }
        running.send(get)
        running.drain()
        exchange.response = .text("done")
        #expect(running.advance() == answer("done", close), "what was asked for before is answered as the last, too")

        let new = plain()
        new.drain()
        #expect(!new.state.isFinished, "its first request may be on the way")
        #expect(new.send(get + get) == answer("/a", close))
        #expect(new.state.isFinished)
    }

    // MARK: Many requests

    @Test("Many requests in one go are answered in their order (RFC 9112 §9.3.2)")
    func pipelining() {
        let wire = plain()
        let requests = (0..<2000).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        let answers = (0..<2000).map { answer("/\($0)") }.joined()
        #expect(wire.send(requests) == answers)
        #expect(wire.journal.records.count == 2000)
        #expect(wire.journal.records.last?.target == "/1999")
    }

    @Test("Every message says the same when it is cut anywhere", arguments: Self.messages)
    func cutAnywhere(_ message: String) {
        let bytes = [UInt8](message.utf8)
        func run(_ ends: [Int]) -> (said: String, isFinished: Bool, isTruncated: Bool, count: Int) {
            let wire = Self.echoing()
            var said = ""
            var start = 0
            for end in ends + [bytes.count] {
                said += wire.send(Array(bytes[start..<end]))
                start = end
            }
            // An interim response depends on when the content comes, and should (RFC 9110 §10.1.1).
            said = Self.joinChunks(said.replacing("HTTP/1.1 100 Continue\r\n\r\n", with: ""))
            return (said, wire.state.isFinished, wire.state.isTruncated, wire.journal.records.count)
        }
        let whole = run([])
        for cut in 0...bytes.count { #expect(run([cut]) == whole, "cut at \(cut)") }
        #expect(run(Array(0...bytes.count)) == whole, "byte by byte")
    }

    static let messages = [
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
        "\r\n\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\n\r\n\r\n\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\rGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /a HTTP/1.1\r\nHost: a b\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n"
            + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"
            + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /late HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n\r\n"
            + "GET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX\u{e9}: b\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
    ]

    /// A responder with something of everything.
    private static func echoing() -> Wire {
        Wire { request in
            switch request.text(request.path) {
            case "/echo": .exchange(Echo())
            // It reads everything and answers afterwards.
            case "/late": .exchange(Collector())
            case "/deaf": .exchange(Script(.text("deaf")))
            case "/half": .exchange(Script(.text("half"), appetite: 2))
            default: .complete(.text(request.text(request.target)))
            }
        }
    }

    /// The text with its chunks joined, so that it does not matter how many there were.
    private static func joinChunks(_ text: String) -> String {
        var lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        lines.removeAll { $0.count == 6 && $0.allSatisfy(\.isHexDigit) }
        return lines.joined(separator: "")
    }

    @Test("A few empty lines before a request are skipped, many are not a request (RFC 9112 §2.2)")
    func emptyLines() {
        #expect(plain().send("\r\n" + get) == answer("/a"))
        #expect(plain().send("\r\n\r\n" + get + "\r\n" + get) == answer("/a") + answer("/a"))
        let four = String(repeating: "\r\n", count: 4)
        #expect(plain().send(four + get + four + get) == answer("/a") + answer("/a"))
        #expect(plain().send("\r\n" + four + get).hasPrefix("HTTP/1.1 400 "))
        #expect(plain().send("\n" + get).hasPrefix("HTTP/1.1 400 "))
        #expect(plain().send("\r\n\r\n") == "")
    }

    // MARK: What ends it

    @Test("What breaks the rules is answered, nothing behind it is read, and the connection ends")
    func refusal() {
        let wire = plain()
        let said = wire.send(get + "GET /b HTTP/1.1\r\n\r\n" + get)
        #expect(said.hasPrefix(answer("/a") + "HTTP/1.1 400 Bad Request\r\n"))
        #expect(said.contains("\r\nConnection: close\r\n"))
        #expect(said.count(of: "HTTP/1.1") == 2)
        let page = said.split(separator: "\r\n\r\n").last ?? ""
        #expect(wire.journal.records.map(\.contentByteCount) == [2, page.utf8.count])
        #expect(wire.state.isFinished && !wire.state.isTruncated)
        #expect(wire.inputCount == 0)
        #expect(wire.journal.records.map(\.status) == [200, 400])
        #expect(wire.send(get) == "")
    }

    @Test("Why a message was refused is reported, whether or not a request could be read or its response had begun")
    func refusalReasons() {
        let unreadable = plain()
        unreadable.send(get + "GET /b HTTP/1.1\r\n\r\n")
        #expect(unreadable.journal.refusals == ["400: The request has no Host field."])
        let chunks = "POST /late HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        let content = Self.echoing()
        content.send(chunks)
        #expect(content.journal.refusals == ["400 to /late: A chunk has no size."])
        let begun = Self.echoing()
        begun.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n")
        begun.send("zz\r\n")
        #expect(begun.state.isTruncated)
        #expect(begun.journal.refusals == ["400 to /echo: A chunk has no size."])
        let late = plain()
        late.send("GET /b")
        _ = late.timeOut()
        #expect(late.journal.refusals == ["408: The request took too long to arrive."])
        let idle = plain()
        idle.send(get)
        _ = idle.timeOut()
        #expect(idle.journal.refusals.isEmpty)
    }

    @Test("Chunks that break the rules are answered once, whole and recorded")
    func refusedContent() {
        for path in ["/late", "/a"] {
            let wire = Self.echoing()
            let said = wire.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + get)
            #expect(said.count(of: "HTTP/1.1 ") == 1)
            #expect(said.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(said.count(of: "</html>") == 1)
            #expect(wire.state.isFinished && !wire.state.isTruncated)
            #expect(wire.journal.records.map(\.target) == [path])
            #expect(wire.journal.records.map(\.status) == [400])
        }
    }

    @Test("A response that has begun is cut short by chunks that break the rules, and is recorded")
    func refusedContentTooLate() {
        let wire = Self.echoing()
        let said = wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        #expect(said.hasSuffix("\r\n\r\n000002\r\nab\r\n"))
        #expect(wire.send("zz\r\n") == "")
        #expect(wire.state.isFinished && wire.state.isTruncated)
        #expect(wire.journal.records == [.init(target: "/echo", status: 200, contentByteCount: 2, isComplete: false)])
    }

    @Test("The answer to a refused HEAD has no content (RFC 9110 §9.3.2)")
    func refusedHead() {
        let said = plain().send("HEAD / HTTP/1.1\r\n\r\n")
        #expect(said.hasPrefix("HTTP/1.1 400 "))
        #expect(said.hasSuffix("\r\n\r\n"))
    }

    @Test("A refused request is answered whole even where much output waits")
    func refusalBehindOutput() {
        let wire = Wire { _ in .complete(Response(.ok, content: .bytes(Array(repeating: 120, count: 100_000)))) }
        let said = wire.send(get + get + get + "x\r\n\r\n")
        #expect(said.hasSuffix("</html>\n"))
        #expect(said.count(of: "HTTP/1.1 200") == 3)
        #expect(wire.state.isFinished)
    }

    // MARK: Turns

    @Test("A turn ends after a millisecond, and goes on where it ended")
    func turnBudget() {
        var now: MonotonicTime = .start
        var answerCount = 0
        let wire = Wire(clock: { now }) { _ in
            now += 400_000
            answerCount += 1
            return .complete(Response(.noContent))
        }
        wire.send(String(repeating: get, count: 20))
        #expect(wire.waiting == .turn)
        #expect((2...8).contains(answerCount), "not all of it, and more than the first, in which a turn makes progress")
        var turnCount = 1
        while wire.waiting == .turn, turnCount < 20 {
            let before = answerCount
            _ = wire.advance()
            #expect(answerCount > before)
            turnCount += 1
        }
        #expect(answerCount == 20 && wire.waiting == .request)
    }

    @Test("Requests that are answered quickly are all answered in one turn")
    func quickTurn() {
        var now: MonotonicTime = .start
        var answerCount = 0
        let wire = Wire(clock: { now }) { _ in
            now += 1_000
            answerCount += 1
            return .complete(Response(.noContent))
        }
        wire.send(String(repeating: get, count: 40))
        #expect(answerCount == 40 && wire.waiting == .request)
    }

    // MARK: Expectations (RFC 9110 §10.1.1)

    private func expecting(_ path: String, _ more: String = "", version: String = "1.1") -> String {
        "POST \(path) HTTP/\(version)\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\(more)\r\n"
    }

    @Test("A client that waits is asked for its content where it is wanted")
    func continued() {
        let wire = Self.echoing()
        #expect(wire.send(expecting("/late")) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(wire.waiting == .content)
        #expect(wire.send("he") == "")
        #expect(wire.send("llo") == answer("hello"))
        #expect(wire.send(get) == answer("/a"))
    }

    @Test("A client that did not wait is not asked")
    func notContinued() {
        let wire = Self.echoing()
        #expect(wire.send(expecting("/late") + "h") == "")
        #expect(wire.send("ello") == answer("hello"))
    }

    @Test("A client that waits is not asked where its content is not wanted, and the connection ends")
    func declined() {
        for path in ["/a", "/deaf"] {
            let wire = Self.echoing()
            let said = wire.send(expecting(path))
            #expect(said.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(wire.state.isFinished)
        }
        #expect(plain().send(expecting("/a")) == answer("/a", close))
        // Had it sent its content regardless, nobody could tell that from a request.
        #expect(plain().send(expecting("/a") + "hello" + get) == answer("/a", close))
    }

    @Test("A client that waits is asked when its content is needed, and not before")
    func continuedLater() {
        let exchange = Refusing()
        exchange.contentNeed = .later
        let wire = Wire { _ in .exchange(exchange) }
        #expect(wire.send(expecting("/")) == "")
        #expect(wire.waiting == .response && !wire.wantsInput, "it is not the client that is waited for")
        exchange.contentNeed = .now
        #expect(wire.advance() == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(wire.waiting == .content && wire.wantsInput)
        #expect(wire.send("hello") == "")
        exchange.response = .text("done")
        #expect(wire.advance() == answer("done"))

        let refused = Refusing()
        refused.contentNeed = .later
        let other = Wire { _ in .exchange(refused) }
        #expect(other.send(expecting("/")) == "")
        refused.contentNeed = .never
        refused.response = .text("busy")
        #expect(other.advance() == answer("busy", close))
        #expect(other.state.isFinished)
    }

    @Test("Without content there is nothing to ask for, and HTTP/1.0 knows no such thing")
    func nothingToContinue() {
        #expect(Self.echoing().send("GET /late HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n") == answer(""))
        let old = Self.echoing()
        #expect(old.send(expecting("/late", version: "1.0")) == "")
        #expect(old.send("hello") == answer("hello", close))
        #expect(plain().send("GET /a HTTP/1.0\r\nExpect: tea\r\n\r\n") == answer("/a", close))
    }

    @Test(
        "Other expectations are refused",
        arguments: ["tea", "", "100-continue, tea", "100-continue;a", "100-continue\r\nExpect: tea"])
    func otherExpectations(_ value: String) {
        let wire = Self.echoing()
        let said = wire.send(
            "POST /late HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\nContent-Length: 5\r\n\r\nhello" + get)
        #expect(said.hasPrefix("HTTP/1.1 417 Expectation Failed\r\n"))
        #expect(said.count(of: "HTTP/1.1 ") == 1)
        #expect(wire.state.isFinished)
    }

    // MARK: Content

    @Test("Content nobody wants is read and dropped, a lot of it is not")
    func discarded() {
        func post(_ count: Int) -> String { "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n" }
        let some = String(repeating: "x", count: 200_000)
        #expect(plain().send(post(200_000) + some + get) == answer("/a") + answer("/a"))

        let much = plain()
        #expect(much.send(post(300_000)) == answer("/a", close))
        #expect(much.state.isFinished)

        let chunked = plain()
        let chunk = "30d40\r\n\(some)\r\n"
        let said = chunked.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
        #expect(said + chunked.send(chunk + chunk) == answer("/a", close))
        #expect(chunked.state.isFinished)
    }

    @Test("An exchange that takes nothing now holds the content up, not the rest of the server")
    func takesNothing() {
        let exchange = Script(nil)
        let wire = Wire { _ in .exchange(exchange) }
        #expect(wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + get) == "")
        #expect(wire.waiting == .response)
        #expect(!wire.wantsInput)
        #expect(wire.inputCount == 5 + get.utf8.count)

        exchange.appetite = 2
        #expect(wire.advance() == "")
        #expect(exchange.received == [UInt8]("he".utf8))
        #expect(!wire.wantsInput)

        exchange.appetite = 100
        #expect(wire.advance() == "")
        #expect(exchange.received == [UInt8]("hello".utf8))
        #expect(exchange.isContentEnded)
        #expect(wire.state.receivedByteCount == 5)

        exchange.response = .text("done")
        #expect(wire.advance() == answer("done") + answer("done"))
    }

    @Test("What an exchange left of the content when it answered is dropped")
    func answersEarly() {
        let wire = Self.echoing()
        let post = "POST /deaf HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        #expect(wire.send(post + "hel") == answer("deaf"))
        #expect(wire.wantsInput)
        #expect(wire.waiting == .content)
        #expect(wire.send("lo" + get) == answer("/a"))
        #expect(wire.send(post + "hello" + get) == answer("deaf") + answer("/a"))
    }

    @Test("When no more is read of content that nobody wants, it is the response that is waited for")
    func leavesContent() {
        let exchange = Refusing()
        let wire = Wire { _ in .exchange(exchange) }
        #expect(wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n") == "")
        #expect(wire.waiting == .content)
        exchange.contentNeed = .never
        #expect(wire.send(String(repeating: "x", count: 200_000)) == "")
        #expect(wire.waiting == .unreadContent && wire.wantsInput)
        #expect(wire.send(String(repeating: "x", count: 100_000)) == "")
        #expect(wire.waiting == .response && !wire.wantsInput)
        exchange.response = .text("late")
        #expect(wire.advance() == answer("late", close))
        #expect(wire.state.isFinished)
    }

    @Test("An exchange that needs no more content has its response sent, whatever is still to come")
    func needsNoMore() {
        for (length, isLong) in [(1000, false), (1_000_000, true)] {
            let exchange = Refusing()
            let wire = Wire { _ in .exchange(exchange) }
            #expect(wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\nhello") == "")
            exchange.contentNeed = .never
            exchange.response = .text("done")
            #expect(wire.advance() == answer("done", isLong ? close : ""))
            #expect(wire.state.isFinished == isLong)
        }
    }

    @Test("An exchange that wants no content gets none, and only content in chunks keeps its response waiting")
    func wantsNoContent() {
        func wire() -> Wire { Wire { _ in .exchange(Uninterested()) } }
        let post = "POST / HTTP/1.1\r\nHost: a\r\n"
        let plain = wire()
        #expect(plain.send(post + "Content-Length: 5\r\n\r\nhel") == answer("x"))
        #expect(plain.send("lo" + get) == answer("x"))
        let chunked = wire()
        #expect(chunked.send(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel") == "")
        #expect(chunked.send("lo\r\n0\r\n\r\n" + get) == answer("x") + answer("x"))
        let bad = wire()
        #expect(bad.send(post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").hasPrefix("HTTP/1.1 400 "))
        #expect(bad.state.isFinished && !bad.state.isTruncated)
        let waiting = wire()
        #expect(waiting.send(post + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n") == answer("x", close))
        #expect(waiting.state.isFinished)
        #expect(wire().send(post + "Content-Length: 300000\r\n\r\n") == answer("x", close))
    }

    @Test("An exchange that answers while it reads is given what comes")
    func duplex() {
        let wire = Self.echoing()
        let head = wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
        #expect(head == "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in ["a", "b", "c", "d", "e"] {
            #expect(wire.wantsInput)
            #expect(wire.send(byte) == "000001\r\n\(byte)\r\n")
        }
        #expect(wire.send("f") == "000001\r\nf\r\n0\r\n\r\n")
        #expect(wire.waiting == .request)
        #expect(wire.journal.records.map(\.contentByteCount) == [6])
    }

    // MARK: Responses piece by piece

    @Test("Content of unknown length is chunked, and ends with HTTP/1.0's connection (RFC 9112 §6.3, §7.1)")
    func unknownLength() {
        func wire() -> Wire {
            Wire { _ in .exchange(Script(Response(.ok, content: .stream(length: nil)), [.bytes(3), .bytes(17), .end])) }
        }
        let x17 = String(repeating: "x", count: 17)
        #expect(
            wire().send(get) == "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "000003\r\nxxx\r\n000011\r\n\(x17)\r\n0\r\n\r\n")
        let old = wire()
        #expect(
            old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                == "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: close\r\n\r\nxxx\(x17)")
        #expect(old.state.isFinished && !old.state.isTruncated)
    }

    @Test("HEAD has the fields and not the content (RFC 9110 §9.3.2)")
    func head() {
        let request = "HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(plain().send(request) == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\n")
        for (length, field) in [(9, "Content-Length: 9"), (nil, "Transfer-Encoding: chunked")] as [(Int?, String)] {
            let exchange = Script(Response(.ok, content: .stream(length: length)), [.bytes(9), .end])
            let wire = Wire { _ in .exchange(exchange) }
            let said = wire.send(request)
            #expect(said == "HTTP/1.1 200 OK\r\nDate: now\r\n\(field)\r\n\r\n")
            #expect(exchange.steps.count == 2)
            #expect(wire.waiting == .request)
            #expect(wire.journal.records.map(\.contentByteCount) == [0])
        }
    }

    @Test("Responses that have no content have none, whatever they hold (RFC 9110 §6.4.1)", arguments: [204, 304])
    func noContent(_ status: Int) {
        let wire = Wire { _ in
            .complete(Response(StatusCode(rawValue: status), content: .bytes([1, 2, 3])))
        }
        let said = wire.send(get + get)
        #expect(said.count(of: "\r\nDate: now\r\n\r\n") == 2)
        #expect(!said.contains("Content-Length"))
    }

    @Test("An exchange that has nothing yet is asked again")
    func notYet() {
        let exchange = Script(nil)
        let wire = Wire { _ in .exchange(exchange) }
        #expect(wire.send(get) == "")
        #expect(wire.waiting == .response)
        #expect(!wire.wantsInput)
        exchange.response = Response(.ok, content: .stream(length: 4))
        #expect(wire.advance() == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\n")
        #expect(wire.waiting == .response)
        #expect(wire.advance() == "")
        exchange.steps = [.bytes(1), .notYet, .bytes(3)]
        #expect(wire.advance() == "x")
        #expect(wire.waiting == .response)
        #expect(wire.advance() == "xxx")
        #expect(wire.waiting == .request)
    }

    @Test(
        "An exchange that fails midway cuts the response so that it shows",
        arguments: [
            (7, [.bytes(3), .failed("broken")], "broken"), (nil, [.bytes(3), .failed("broken")], "broken"),
            (7, [.bytes(3), .end], "the content is shorter than its announced length"),
            (7, [.bytes(3), .notYet, .failed("broken")], "broken"),
        ] as [(Int?, [Production], String)])
    func failure(_ length: Int?, _ steps: [Production], _ problem: String) {
        let wire = Wire { _ in .exchange(Script(Response(.ok, content: .stream(length: length)), steps)) }
        let said = wire.send(get + get) + wire.advance()
        #expect(said.count(of: "HTTP/1.1 200") == 1)
        #expect(!said.hasSuffix("0\r\n\r\n"))
        #expect(wire.state.isFinished && wire.state.isTruncated)
        #expect(wire.journal.problems == [problem])
        #expect(wire.journal.records == [.init(target: "/a", status: 200, contentByteCount: 3, isComplete: false)])
    }

    @Test("Output stays within its bound, and goes on when it is taken", arguments: [1_000_000, nil] as [Int?])
    func backPressure(_ length: Int?) {
        let limit = HTTPService.outputByteCount
        let wire = Wire { _ in
            .exchange(Script(Response(.ok, content: .stream(length: length)), [.bytes(1_000_000), .end]))
        }
        let first = wire.advanceOnce(sending: get + get)
        #expect(wire.waiting == .output)
        #expect(first <= limit && first > limit - 2048)
        // Without room nothing moves.
        #expect(wire.advanceOnce() <= limit)
        #expect(wire.waiting == .output)
        let said = String(decoding: wire.takeOutput(), as: UTF8.self) + wire.advance()
        #expect(said.count { $0 == "x" } == 2_000_000)
        #expect(said.count(of: "HTTP/1.1 200") == 2)
        #expect(wire.journal.records.map(\.contentByteCount) == [1_000_000, 1_000_000])
    }

    @Test("Content that is at hand is written as there is room, and so are answers to many requests")
    func backPressureOfBytes() {
        let limit = HTTPService.outputByteCount
        let wire = Wire { _ in .complete(Response(.ok, content: .bytes(Array(repeating: 120, count: 300_000)))) }
        #expect(wire.advanceOnce(sending: get) == limit)
        #expect(wire.waiting == .output)
        #expect((String(decoding: wire.takeOutput(), as: UTF8.self) + wire.advance()).count { $0 == "x" } == 300_000)

        let many = Wire { _ in .complete(.text("x")) }
        let requests = String(repeating: get, count: 5000)
        let waiting = many.advanceOnce(sending: requests)
        #expect(waiting >= limit && waiting < limit + 200)
        #expect(many.waiting == .output)
        #expect((String(decoding: many.takeOutput(), as: UTF8.self) + many.advance()).count(of: answer("x")) == 5000)
    }

    // MARK: The end of the input

    @Test("A client that has sent all it will still gets its answers")
    func halfClosed() {
        let wire = plain()
        wire.send(get)
        #expect(wire.end() == "")
        #expect(wire.state.isFinished && !wire.state.isTruncated)

        let exchange = Script(nil)
        let waiting = Wire { _ in .exchange(exchange) }
        waiting.send(get)
        #expect(waiting.end() == "")
        #expect(!waiting.state.isFinished && !waiting.wantsInput)
        exchange.response = .text("late")
        #expect(waiting.advance().hasSuffix("late"))
        #expect(waiting.state.isFinished)
    }

    @Test("A head that ends early is not answered, and content that does is")
    func inputEnds() {
        let head = plain()
        head.send("GET / HT")
        #expect(head.end() == "")
        #expect(head.state.isFinished)

        for path in ["/late", "/a"] {
            for content in [
                "Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
                "Transfer-Encoding: chunked\r\n\r\n",
            ] where path == "/late" || content.hasPrefix("Transfer") {
                let wire = Self.echoing()
                wire.send("POST \(path) HTTP/1.1\r\nHost: a\r\n\(content)")
                #expect(wire.end().hasPrefix("HTTP/1.1 400 "))
                #expect(wire.state.isFinished && !wire.state.isTruncated)
                #expect(wire.journal.records.map(\.status) == [400])
            }
        }
        let begun = Self.echoing()
        begun.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        #expect(begun.end() == "")
        #expect(begun.state.isFinished && begun.state.isTruncated)
        let answered = Self.echoing()
        #expect(answered.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel") == answer("/a"))
        #expect(answered.end() == "")
        #expect(answered.state.isFinished && !answered.state.isTruncated)
        #expect(answered.journal.records.map(\.status) == [200])
        let last = plain()
        #expect(last.sendLast("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel") == answer("/a", close))
        #expect(last.state.isFinished && !last.state.isTruncated)
    }

    // MARK: Time

    @Test("An idle connection ends without a word")
    func idleTimeOut() {
        let wire = plain()
        #expect(wire.timeOut() == "")
        #expect(wire.state.isFinished && !wire.state.isTruncated)
        #expect(wire.journal.records.isEmpty)
    }

    @Test("A request that comes too slowly is 408 (RFC 9110 §15.5.9)")
    func lateRequest() {
        let head = plain()
        head.send(get + "GET /b")
        #expect(head.waiting == .head)
        #expect(head.timeOut().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        #expect(head.state.isFinished && !head.state.isTruncated)
        #expect(
            head.journal.records.last
                == .init(
                    target: nil, status: 408, contentByteCount: head.journal.records[1].contentByteCount,
                    isComplete: true))

        let content = Self.echoing()
        content.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        #expect(content.waiting == .content)
        let said = content.timeOut() + content.advance()
        #expect(said.hasPrefix("HTTP/1.1 408 "))
        #expect(said.count(of: "</html>") == 1)
        #expect(content.journal.records.map(\.target) == ["/late"])
        let begun = Self.echoing()
        begun.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
        #expect(begun.waiting == .content)
        #expect(begun.timeOut() == "")
        #expect(begun.state.isTruncated)
    }

    @Test("A connection that ends before the request's content has come is not closed while it may still come")
    func contentBehindEnd() {
        for head in ["POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", "POST /a HTTP/1.0\r\n"] {
            let early = plain()
            #expect(early.send(head + "Content-Length: 5\r\n\r\n") == answer("/a", close))
            #expect(early.state.isFinished && !early.state.isEndExpected)
            let whole = plain()
            #expect(whole.send(head + "Content-Length: 5\r\n\r\nhello") == answer("/a", close))
            #expect(whole.state.isFinished && whole.state.isEndExpected)
            let bad = Self.echoing()
            bad.send(head.replacing("1.0", with: "1.1\r\nHost: a") + "Transfer-Encoding: chunked\r\n\r\nx\r\n")
            #expect(bad.state.isFinished && !bad.state.isEndExpected)
        }
        let drained = plain()
        #expect(drained.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n") == answer("/a"))
        drained.drain()
        #expect(drained.state.isFinished && !drained.state.isEndExpected)
    }

    @Test("A response at hand is sent whole to a client that ends its side without its content")
    func largeResponse() {
        let wire = Wire { _ in .complete(Response(.ok, content: .bytes([UInt8](repeating: 120, count: 300_000)))) }
        let first = wire.advanceOnce(sending: "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        _ = wire.takeOutput()
        #expect(first + wire.end().utf8.count > 300_000)
        #expect(wire.state.isFinished && !wire.state.isTruncated)
    }

    @Test("Where content is late that nobody needs, the response is sent, and the connection ends")
    func lateUnreadContent() {
        let post = "POST /a HTTP/1.1\r\nHost: a\r\n"
        let chunked = plain()
        #expect(chunked.send(post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel") == "")
        #expect(chunked.waiting == .unreadContent && chunked.wantsInput)
        #expect(chunked.timeOut() == "")
        #expect(chunked.advance() == answer("/a", close))
        #expect(chunked.state.isFinished && !chunked.state.isTruncated)

        let known = plain()
        #expect(known.send(post + "Content-Length: 5\r\n\r\nhel") == answer("/a"))
        #expect(known.waiting == .content && known.wantsInput)
        #expect(known.timeOut() + known.advance() == "")
        #expect(known.state.isFinished && !known.state.isTruncated)
        for wire in [chunked, known] { #expect(wire.journal.records.map(\.isComplete) == [true]) }

        let exchange = Refusing()
        exchange.contentNeed = .never
        let silent = Wire { _ in .exchange(exchange) }
        #expect(silent.send(post + "Content-Length: 5\r\n\r\nhel") == "")
        #expect(silent.timeOut() + silent.advance() == "" && silent.waiting == .response)
        exchange.response = .text("done")
        #expect(silent.advance() == answer("done", close))
    }

    @Test("A response that does not come, or is not taken, is given up and recorded")
    func lateResponse() {
        let wire = Wire { _ in .exchange(Script(nil)) }
        wire.send(get)
        #expect(wire.timeOut() == "")
        #expect(wire.state.isFinished && wire.state.isTruncated)
        #expect(wire.journal.records == [.init(target: "/a", status: 499, contentByteCount: 0, isComplete: false)])

        let output = Wire { _ in .complete(Response(.ok, content: .bytes(Array(repeating: 0, count: 300_000)))) }
        let count = output.advanceOnce(sending: get)
        #expect(output.waiting == .output)
        _ = output.timeOut()
        #expect(output.state.isTruncated)
        let headCount = answer("").utf8.count + 5
        #expect(
            output.journal.records == [
                .init(target: "/a", status: 200, contentByteCount: count - headCount, isComplete: false)
            ])
    }

    // MARK: A lost client

    @Test("A client that leaves is recorded where a request was in progress, and the exchange is dropped")
    func abandoned() {
        let idle = plain()
        idle.send(get)
        idle.abandon()
        #expect(idle.journal.records.count == 1)
        #expect(idle.state.isFinished)

        weak var dropped: Script?
        let wire = Wire { request in
            let exchange = Script(Response(.ok, content: .stream(length: 10)), [.bytes(4)])
            dropped = exchange
            return .exchange(exchange)
        }
        #expect(wire.send(get).hasSuffix("\r\n\r\nxxxx"))
        #expect(dropped != nil)
        wire.abandon()
        #expect(dropped == nil)
        #expect(wire.journal.records == [.init(target: "/a", status: 200, contentByteCount: 4, isComplete: false)])
        #expect(wire.state.isFinished && wire.state.isTruncated)

        let partial = plain()
        partial.send("GET / HT")
        partial.abandon()
        #expect(partial.journal.records.isEmpty)

        let content = Self.echoing()
        content.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
        content.abandon()
        #expect(
            content.journal.records == [.init(target: "/late", status: 499, contentByteCount: 0, isComplete: false)])
    }

    @Test("The record of an exchange that outlasts a turn is of its own request")
    func recordsOwnRequest() {
        let exchange = Script(nil)
        let wire = Wire { _ in .exchange(exchange) }
        wire.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        exchange.response = .text("x")
        _ = wire.advance()
        #expect(wire.journal.records.map(\.target) == ["/first", "/second"])
    }

    @Test("Interim responses without an end are asked for only as the client takes them")
    func endlessInterim() {
        let wire = Wire { _ in .exchange(Hinting()) }
        let count = wire.advanceOnce(sending: "GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect((100_000..<200_000).contains(count) && wire.waiting == .output)
        #expect(wire.takeOutput().count == count)
        #expect((100_000..<200_000).contains(wire.advanceOnce()))
    }

    @Test(
        "Content that an exchange did not take is its successor's, however it came and whoever that is",
        arguments: ["Content-Length: 4\r\n\r\nabcd", "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"],
        [true, false])
    func replaced(content: String, isExchange: Bool) {
        let gate = Gate()
        let wire = Wire { _ in .exchange(gate) }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\n\(content)") == "")
        #expect(wire.waiting == .response)
        gate.answer = isExchange ? .exchange(Collector()) : .complete(.text("no"))
        let answer = wire.advance()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix(isExchange ? "\r\n\r\nabcd" : "\r\n\r\nno"))
        #expect(wire.waiting == .request && !wire.state.isFinished)
    }

    @Test("Who waits to be asked for content is asked when somebody lets the request through who needs it")
    func replacedExpectation() {
        let gate = Gate()
        let wire = Wire { _ in .exchange(gate) }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n") == "")
        gate.answer = .exchange(Collector())
        #expect(wire.advance() == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(wire.send("abcd").hasSuffix("\r\n\r\nabcd"))
    }

    @Test("Content that an exchange did not take is dropped when it turns out that nobody wants it")
    func givenUp() {
        let gate = Gate()
        let wire = Wire { _ in .exchange(gate) }
        #expect(wire.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n") == "")
        gate.response = .text("enough")
        _ = wire.advance()
        #expect(wire.waiting == .unreadContent && wire.wantsInput)
        #expect(wire.send("0\r\n\r\n").hasSuffix("\r\n\r\nenough"))
    }
}

/// Says that it works on it, and nothing else.
private final class Hinting: Exchange {
    let contentNeed = ContentNeed.never

    func begin(_ host: consuming ExchangeHost) {}
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func handle(_ event: ExchangeEvent) {}
    func head() -> HeadStep { .interim(Response(StatusCode(rawValue: 102))) }
    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
}

/// Takes nothing, and lets another answer take its place, or knows the answer by itself.
private final class Gate: Exchange {
    var answer: Answer?
    var response: Response?
    private var isKnown = false
    var contentNeed: ContentNeed { isKnown ? .never : .later }

    func begin(_ host: consuming ExchangeHost) {}
    func receive(_ content: Span<UInt8>) -> Int { 0 }
    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep {
        if let answer = answer.take() { return .replaced(answer) }
        guard let response else { return .notYet }
        isKnown = true
        return .final(response)
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
}

/// Takes all content, and answers with it when it is complete.
private final class Collector: Exchange {
    let contentNeed = ContentNeed.now
    private var response: Response?
    private var content: [UInt8] = []

    init() {}

    func receive(_ content: Span<UInt8>) -> Int {
        self.content.append(copying: content)
        return content.count
    }

    func begin(_ host: consuming ExchangeHost) {}

    func handle(_ event: ExchangeEvent) {
        if case .contentEnded = event { response = Response(.ok, content: .bytes(content)) }
    }

    func head() -> HeadStep { response.map { .final($0) } ?? .notYet }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
}

/// Needs content as it is told to, and answers when it is told to.
private final class Refusing: Exchange {
    var response: Response?
    var contentNeed = ContentNeed.now

    func begin(_ host: consuming ExchangeHost) {}

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep { response.map { .final($0) } ?? .notYet }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
}

/// Knows its response at once, and needs nothing for it.
private final class Uninterested: Exchange {
    var contentNeed: ContentNeed { .never }

    init() {}

    func begin(_ host: consuming ExchangeHost) {}

    func receive(_ content: Span<UInt8>) -> Int { 0 }

    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: 1))) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        room[0] = UInt8(ascii: "x")
        return .bytes(1)
    }
}
