import MartinetBytes
import MartinetHTTP
import MartinetHTTP1
import Testing

@Suite("Request heads (RFC 9112 §2-3, §5-6)")
struct RequestParserTests {
    private func parse(_ head: String) throws(MessageError) -> Request {
        var request = Request()
        let bytes = [UInt8](head.utf8)
        try RequestParser.parse(bytes.span, into: &request)
        return request
    }

    /// The status that the head is refused with; nil where it is not.
    private func refusal(_ head: String) -> Int? {
        do throws(MessageError) {
            _ = try parse(head)
            return nil
        } catch {
            return error.status.rawValue
        }
    }

    @Test("Everything stands where it stands")
    func parts() throws {
        let request = try parse(
            "GET /a%20b?c=d?e HTTP/1.1\r\nHost: a.test:8443\r\nX-Y:  some thing\t\r\nEmpty:\r\n\r\n")
        #expect(request.method == .get)
        #expect(request.text(request.methodName) == "GET")
        #expect(request.text(request.target) == "/a%20b?c=d?e")
        #expect(request.text(request.path) == "/a%20b")
        #expect(request.query.map(request.text) == "c=d?e")
        #expect(request.text(request.authority) == "a.test:8443")
        #expect(request.version == .http11)
        #expect(request.content == .none)
        #expect(request.fields.map { request.text($0.name) } == ["Host", "X-Y", "Empty"])
        #expect(request.fields.map { request.text($0.value) } == ["a.test:8443", "some thing", ""])
        #expect(request.fields.map(\.known) == [.host, nil, nil])
    }

    @Test(
        "What a client would go on with counts where Connection names it, and not in HTTP/1.0 (RFC 9110 §7.8)",
        arguments: [
            ("HTTP/1.1", "Upgrade", "websocket", "websocket"), ("HTTP/1.1", "keep-alive, UPGRADE", "a/1, b", "a/1, b"),
            ("HTTP/1.1", "keep-alive", "websocket", nil), ("HTTP/1.0", "upgrade", "websocket", nil),
        ] as [(String, String, String, String?)])
    func upgrade(version: String, connection: String, value: String, expected: String?) throws {
        let request = try parse(
            "GET / \(version)\r\nHost: a\r\nConnection: \(connection)\r\nUpgrade: \(value)\r\n\r\n")
        #expect(request.upgrade.map(request.text) == expected)
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n").upgrade == nil)
    }

    @Test("A request that is used again keeps nothing of the one before")
    func reuse() throws {
        var request = Request()
        let first = [UInt8]("POST http://b.test/x?y HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: z\r\n\r\n".utf8)
        try RequestParser.parse(first.span, into: &request)
        #expect(request.content == .length(5))
        let second = [UInt8]("OPTIONS * HTTP/1.1\r\nHost: c\r\n\r\n".utf8)
        try RequestParser.parse(second.span, into: &request)
        #expect(request.method == .options)
        #expect(request.path.isEmpty)
        #expect(request.query == nil)
        #expect(request.text(request.authority) == "c")
        #expect(request.content == .none)
        #expect(!request.has(.contentLength) && !request.has(.expect))
        #expect(request.fields.count == 1)
    }

    @Test(
        "Methods are case-sensitive tokens (RFC 9110 §9.1)",
        arguments: [
            ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("TRACE", .trace),
            ("PATCH", .patch), ("OPTIONS", .options), ("get", .other), ("GETS", .other), ("PROPFIND", .other),
            ("!#$%&'*+-.^_`|~09aZ", .other),
        ] as [(String, MartinetHTTP.Method)])
    func methods(_ name: String, _ method: MartinetHTTP.Method) throws {
        let request = try parse("\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.method == method)
        #expect(request.text(request.methodName) == name)
    }

    @Test(
        "Request lines that break the rules are refused (RFC 9112 §3)",
        arguments: [
            (" GET / HTTP/1.1", 400), ("GET  / HTTP/1.1", 400), ("GET /  HTTP/1.1", 400), ("GET / HTTP/1.1 ", 400),
            ("GET\t/ HTTP/1.1", 400), ("GET /\tHTTP/1.1", 400), ("GET / HTTP/1.1\r", 400), ("GET\r / HTTP/1.1", 400),
            ("GET / HTTP /1.1", 400), ("GET /", 400), ("GET", 400), ("GET /a b HTTP/1.1", 400), ("GET HTTP/1.1", 400),
            ("G(T / HTTP/1.1", 400), ("GET: / HTTP/1.1", 400), ("G\u{e9}T / HTTP/1.1", 400), ("", 400),
            ("GET /\u{e9} HTTP/1.1", 400), ("GET /\0 HTTP/1.1", 400), ("GET /\u{7f} HTTP/1.1", 400),
            ("GET a HTTP/1.1", 400), ("GET * HTTP/1.1", 400), ("GET ? HTTP/1.1", 400), ("GET /#a HTTP/1.1", 400),
            ("GET /?#a HTTP/1.1", 400), ("GET ftp://a/ HTTP/1.1", 400), ("GET http:/a HTTP/1.1", 400),
            ("GET http:// HTTP/1.1", 400), ("GET http:///a HTTP/1.1", 400), ("GET http://u@a/ HTTP/1.1", 400),
            ("GET http://a:b/ HTTP/1.1", 400), ("GET http://a/#b HTTP/1.1", 400), ("GET :// HTTP/1.1", 400),
            ("GET / HTTP/2.0", 505), ("GET / HTTP/3.1", 505), ("GET / HTTP/0.9", 505), ("GET / HTTP/1.10", 400),
            ("GET / HTTP/01.1", 400), ("GET / HTTP/1", 400), ("GET / HTTP/1,1", 400), ("GET / http/1.1", 400),
            ("GET / HTTP/1.x", 400), ("GET / HTTP/x.1", 400), ("GET / HTTPS/1.1", 400), ("GET / ICAP/1.0", 400),
            ("PRI * HTTP/2.0", 400),
        ])
    func refusesRequestLine(_ line: String, _ status: Int) {
        // The preface of HTTP/2 has a target of its own, but its version is met first.
        #expect(refusal("\(line)\r\nHost: a\r\n\r\n") == (line.hasPrefix("PRI") ? 505 : status))
    }

    @Test("Higher minor versions are 1.1, and 1.0 needs no Host (RFC 9112 §2.3)")
    func versions() throws {
        #expect(try parse("GET / HTTP/1.9\r\nHost: a\r\n\r\n").version == .http11)
        #expect(try parse("GET / HTTP/1.0\r\n\r\n").version == .http10)
        #expect(refusal("GET / HTTP/1.2\r\n\r\n") == 400)
    }

    @Test(
        "An absolute target's authority replaces Host (RFC 9112 §3.2.2)",
        arguments: [
            ("http://b.test/x?y", "b.test", "/x", "y"), ("HTTPS://b.test:8443/", "b.test:8443", "/", nil),
            ("http://b.test", "b.test", "", nil), ("http://b.test?y", "b.test", "", "y"),
            ("http://[::1]:80/x", "[::1]:80", "/x", nil),
        ] as [(String, String, String, String?)])
    func absoluteForm(_ target: String, _ authority: String, _ path: String, _ query: String?) throws {
        let request = try parse("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.text(request.authority) == authority)
        #expect(request.text(request.path) == path)
        #expect(request.query.map(request.text) == query)
        #expect(refusal("GET \(target) HTTP/1.1\r\n\r\n") == 400)
    }

    @Test(
        "Field lines that break the rules are refused (RFC 9112 §5)",
        arguments: [
            "A : b", "A\t: b", " A: b", "\tA: b", ": b", "A", "A b: c", "A(: b", "\u{e9}: b", "A\0: b", "A: b\0c",
            "A: b\rc", "A: \u{1}", "A: \u{7f}", "A: b\u{b}", "A: b\r\n c", "A: b\r\n\tc: d", "A: b\r\n ", "A:b\r",
            "A\r: b", "\"A\": b", "A;b: c", "A{: b",
        ])
    func refusesFieldLine(_ line: String) {
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n") == 400)
        #expect(refusal("GET / HTTP/1.1\r\n\(line)\r\nHost: a\r\n\r\n") == 400)
    }

    @Test(
        "Field lines that only look odd are read",
        arguments: [
            ("A:b", "b"), ("A:", ""), ("A: \t ", ""), ("A:\t b \t", "b"), ("A: \u{e9}", "\u{e9}"), ("A: b:c", "b:c"),
        ])
    func acceptsFieldLine(_ line: String, _ value: String) throws {
        let request = try parse("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
        #expect(request.fields.last.map { request.text($0.value) } == value)
    }

    @Test(
        "Hosts that are hosts (RFC 9110 §7.2)",
        arguments: [
            "a", "a.test", "a:443", "a:", "127.0.0.1:1", "[::1]", "[::1]:65535", "a-b_c~d", "%41", "A.",
            "[::ffff:1.2.3.4]",
        ])
    func acceptsHost(_ host: String) {
        #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == nil)
        #expect(refusal("GET http://\(host)/ HTTP/1.1\r\nHost: x\r\n\r\n") == nil)
    }

    @Test(
        "Hosts that are none",
        arguments: [
            "", "a b", "a/b", "a?b", "a#b", "u@a", "u:p@a", "a:b", "a:65536", "a:-1", "a:+1", "a:1:2", ":80", "[", "[]",
            "[::1", "::1", "[::1]x", "[::1]:x", "[g]", "a,b", "%4", "%zz", "a\\b", "a\"b", "<a>", "\u{e9}",
            "[::1%eth0]",
        ])
    func refusesHost(_ host: String) {
        // A comma is a sub-delimiter, which a registered name may hold.
        #expect(refusal("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == (host == "a,b" ? nil : 400))
    }

    @Test("Host is there once (RFC 9112 §3.2)")
    func hostCount() {
        #expect(refusal("GET / HTTP/1.1\r\n\r\n") == 400)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400)
        #expect(refusal("GET / HTTP/1.0\r\nHost: a\r\nhOST: b\r\n\r\n") == 400)
        #expect(refusal("GET http://c/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400)
    }

    @Test(
        "How content is delimited (RFC 9112 §6.3)",
        arguments: [
            ("Content-Length: 0", Request.Content.none), ("Content-Length: 5", .length(5)),
            ("content-length:\t005 ", .length(5)), ("Content-Length: 9223372036854775807", .length(.max)),
            ("Transfer-Encoding: chunked", .unknownLength), ("TRANSFER-ENCODING:\tcHuNkEd\t", .unknownLength),
        ])
    func content(_ line: String, _ content: Request.Content) throws {
        #expect(try parse("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n").content == content)
    }

    @Test(
        "Lengths and codings that can be read in two ways are refused (RFC 9112 §6.1, §6.3)",
        arguments: [
            ("Content-Length:", 400), ("Content-Length: +5", 400), ("Content-Length: -5", 400),
            ("Content-Length: 5 5", 400),
            ("Content-Length: 0x5", 400), ("Content-Length: 5a", 400), ("Content-Length: 5, 5", 400),
            ("Content-Length: 5,", 400), ("Content-Length: 5.0", 400), ("Content-Length: \"5\"", 400),
            ("Content-Length: 9223372036854775808", 400), ("Content-Length: 18446744073709551621", 400),
            ("Content-Length: 5\r\nContent-Length: 5", 400), ("Content-Length: 5\r\nContent-Length: 6", 400),
            ("Content-Length: 0\r\ncontent-length: 0", 400), ("Content-Length: \u{ff15}", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: 0", 400),
            ("Transfer-Encoding: chunked\r\nContent-Length: x", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 400),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", 400),
            ("Transfer-Encoding:", 400), ("Transfer-Encoding: identity", 400), ("Transfer-Encoding: gzip", 400),
            ("Transfer-Encoding: xchunked", 400), ("Transfer-Encoding: chunkedx", 400),
            ("Transfer-Encoding: chunked;a=b", 400), ("Transfer-Encoding: \"chunked\"", 400),
            ("Transfer-Encoding: chunked, chunked", 400), ("Transfer-Encoding: chunked, gzip", 400),
            ("Transfer-Encoding: ,chunked", 400), ("Transfer-Encoding: chunked,", 400),
            ("Transfer-Encoding: chunked chunked", 400), ("Transfer-Encoding: \u{b}chunked", 400),
            ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: gzip,\tdeflate ,Chunked", 501),
            ("Transfer-Encoding: gzip, chunked, chunked", 400), ("Transfer-Encoding: gzip, , chunked", 400),
            ("Transfer-Encoding : chunked", 400), ("Transfer-Encoding: chun\r\n ked", 400),
        ])
    func refusesContent(_ line: String, _ status: Int) {
        #expect(refusal("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n") == status)
    }

    @Test("Transfer-Encoding is refused in HTTP/1.0, with and without a length (RFC 9112 §6.1)")
    func codingInHTTP10() {
        #expect(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400)
        #expect(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n") == 400)
    }
}
