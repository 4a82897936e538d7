import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("What holds for a whole site")
struct PolicyResponderTests {
    @Test("A site without a policy answers as its files do")
    func none() throws {
        let site = try site()
        #expect(SitePolicy().isEmpty)
        let answer = try responder(site) { _ in }.answer(Request("/a.txt"))
        #expect(answer.fields == (try site.get("/a.txt").fields))
        #expect(answer.content == "hello")
    }

    // MARK: Headers

    @Test(
        "Headers are added to every response, whatever its status",
        arguments: [("/a.txt", .ok), ("/none", .notFound), ("/%", .badRequest), ("/sub", .movedPermanently)]
            as [(String, StatusCode)])
    func headers(path: String, status: StatusCode) throws {
        let answer = try responder(try site()) { $0.headers = [header("X-Frame-Options", "DENY")] }.answer(
            Request(path))
        #expect(answer.status == status)
        #expect(answer.values(of: "X-Frame-Options") == ["DENY"])
    }

    @Test("A header takes the place of the response's own of that name, in any case")
    func replacing() throws {
        let responder = try responder(try site()) {
            $0.headers = [header("cache-control", "no-store"), header("Content-Type", "text/x-mine")]
        }
        let answer = try responder.answer(Request("/a.txt"))
        #expect(answer.values(of: "Cache-Control") == ["no-store"])
        #expect(answer.values(of: "Content-Type") == ["text/x-mine"])
        #expect(answer.values(of: "ETag").count == 1, "the others stay")
    }

    @Test("A header that is given twice is sent twice, in that order (RFC 9110 §5.3)")
    func repeated() throws {
        let responder = try responder(try site()) {
            $0.headers = [header("Link", "</a.css>"), header("X-A", "1"), header("link", "</b.css>")]
        }
        #expect(try responder.answer(Request("/a.txt")).values(of: "Link") == ["</a.css>", "</b.css>"])
    }

    @Test("Responses that come piece by piece get them too, and keep their content")
    func streamed() throws {
        let site = try site()
        try site.folder.makeFile("large.bin", String(repeating: "x", count: 200_000))
        let responder = try responder(site) { $0.headers = [header("X-A", "1")] }
        let answer = try responder.answer(Request("/large.bin"))
        #expect(answer.isStreamed)
        #expect(answer.bytes.count == 200_000 && answer.byteCount == 200_000)
        #expect(answer.values(of: "X-A") == ["1"])
    }

    /// What a responder can answer with.
    enum Kind: CaseIterable {
        case complete, prepared, exchange
    }

    @Test(
        "However a response comes, it is changed once, and what it was made of stays as it is",
        arguments: Kind.allCases)
    func kinds(kind: Kind) throws {
        let program = Fixed(kind)
        let responder = try responder(program) { $0.headers = [header("X-A", "1"), header("X-A", "2")] }
        for _ in 0..<3 {
            let answer = try responder.answer(Request("/x"))
            #expect(answer.status == .ok && answer.content == "x")
            #expect(answer.fields == "X-B: b\r\nX-A: 1\r\nX-A: 2\r\n")
        }
        #expect(program.response.fields.lines == "X-B: b\r\n")
        #expect(program.prepared.response.fields.lines == "X-B: b\r\n")
    }

    @Test("A response that is sent again is changed once, whoever asks for it; another policy's change is another's")
    func changedOnce() throws {
        let program = Fixed(.prepared)
        func prepared(_ responder: PolicyResponder, _ request: Request) throws -> (PreparedResponse, user: [UInt8]?) {
            guard case .prepared(let prepared, let user) = responder.open(request) else { throw Missing() }
            return (prepared, user)
        }
        let responder = try responder(program) { $0.headers = [header("X-A", "1")] }
        let first = try prepared(responder, Request("/x")).0
        #expect(try prepared(responder, Request("/y")).0 === first)
        let other = try self.responder(program) { $0.headers = [header("X-A", "2")] }
        #expect(try prepared(other, Request("/x")).0.response.fields.lines == "X-B: b\r\nX-A: 2\r\n")
        #expect(try prepared(responder, Request("/x")).0.response.fields.lines == "X-B: b\r\nX-A: 1\r\n")
    }

    @Test("Who a response is for holds for one request, although its response is sent to all", arguments: Kind.allCases)
    func users(kind: Kind) throws {
        let program = Fixed(kind)
        let responder = try responder(program) {
            $0.passwordHashes = ["alice": "open sesame", "bob": "x"]
            $0.headers = [header("X-A", "1")]
        }
        // alice:open sesame and bob:x, each time and by turns.
        for _ in 0..<2 {
            for (credentials, user) in [("YWxpY2U6b3BlbiBzZXNhbWU=", "alice"), ("Ym9iOng=", "bob")] {
                let answer = try responder.answer(Request("/x", [("Authorization", "Basic \(credentials)")]))
                #expect(answer.user == user)
                #expect(answer.fields == "X-B: b\r\nX-A: 1\r\n")
            }
            #expect(try responder.answer(Request("/x")).user == nil, "and who has not logged in is nobody")
        }
        #expect(program.prepared.response.user == nil)
    }

    @Test("The file that stands for an error is looked at each time, also where the error is sent again")
    func preparedErrorPage() throws {
        let site = try site()
        let program = Fixed(.prepared, .error(.notFound, "none"))
        let responder = try responder(program, site) { $0.errorPages = [404: "404.html"] }
        #expect(try responder.answer(Request("/x")).content.contains("404 Not Found"))
        for page in ["first", "second"] {
            try site.folder.makeFile("404.html", page)
            #expect(try responder.answer(Request("/x")).content == page)
        }
    }

    private struct Missing: Error {}

    /// Answers with the same response, in the way that it is told.
    private final class Fixed: Responder {
        let kind: Kind
        let response: Response
        let prepared: PreparedResponse

        init(_ kind: Kind, _ response: Response? = nil) {
            var fields = Fields()
            fields.append("X-B", "b")
            self.kind = kind
            self.response = response ?? Response(.ok, fields: fields, content: .bytes([120]))
            prepared = PreparedResponse(self.response)
        }

        func open(_ request: borrowing Request) -> Answer {
            switch kind {
            case .complete: .complete(response)
            case .prepared: .prepared(prepared)
            case .exchange: .exchange(Ready(response))
            }
        }
    }

    private final class Ready: Exchange {
        private let response: Response
        let contentNeed = ContentNeed.never

        init(_ response: Response) { self.response = response }

        func begin(_ host: consuming ExchangeHost) {}
        func receive(_ content: Span<UInt8>) -> Int { content.count }
        func handle(_ event: ExchangeEvent) {}
        func head() -> HeadStep { .final(response) }
        func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
    }

    // MARK: Cross-origin requests (the Fetch standard)

    @Test("Every response names the origin that may read it", arguments: ["/a.txt", "/none"])
    func cors(path: String) throws {
        let any = try responder(try site()) { $0.corsOrigin = "*" }.answer(Request(path))
        #expect(any.values(of: "Access-Control-Allow-Origin") == ["*"])
        #expect(!any.values(of: "Vary").contains("Origin"))
        let one = try responder(try site()) { $0.corsOrigin = "https://app.example" }.answer(Request(path))
        #expect(one.values(of: "Access-Control-Allow-Origin") == ["https://app.example"])
        let exposed = "Content-Range, ETag, Accept-Ranges, Content-Length"
        for answer in [any, one] { #expect(answer.values(of: "Access-Control-Expose-Headers") == [exposed]) }
        #expect(one.values(of: "Vary").contains("Origin"))
        #expect(try responder(try site()) { _ in }.answer(Request(path))["Access-Control-Allow-Origin"] == nil)
    }

    @Test("A program that says itself who may read its answer has the last word")
    func programOrigin() throws {
        final class Program: Responder {
            func open(_ request: borrowing Request) -> Answer {
                var response = Response(.ok, content: .bytes([UInt8]("mine".utf8)))
                response.fields.append("access-control-allow-origin", "https://friend.example")
                return .complete(response)
            }
        }
        var policy = SitePolicy()
        policy.corsOrigin = "*"
        let responder = PolicyResponder(
            Program(), policy: policy, pages: try site().responder, passwords: try passwords { _, _ in false },
            logger: quiet)
        #expect(
            try responder.answer(Request("/x")).values(of: "Access-Control-Allow-Origin") == ["https://friend.example"])
    }

    @Test("A preflight is answered, with the fields it asks for and what it depends on")
    func preflight() throws {
        let responder = try responder(try site()) { $0.corsOrigin = "https://app.example" }
        let answer = try responder.answer(preflight([("Access-Control-Request-Headers", "x-a, x-b")]))
        #expect(answer.status == .noContent)
        #expect(answer.bytes.isEmpty)
        #expect(answer["Access-Control-Allow-Origin"] == "https://app.example")
        #expect(answer["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS")
        #expect(answer["Access-Control-Allow-Headers"] == "x-a, x-b")
        #expect(answer["Access-Control-Max-Age"] == "86400")
        #expect(
            answer["Vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        #expect(try responder.answer(preflight([]))["Access-Control-Allow-Headers"] == nil)
        let dynamic = try self.responder(try site()) {
            $0.corsOrigin = "*"
            $0.hasPrograms = true
        }
        let methods = try dynamic.answer(preflight([]))["Access-Control-Allow-Methods"]
        #expect(methods == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    }

    @Test("A preflight bears no credentials, and is answered without them")
    func preflightAtTheGate() throws {
        let responder = try responder(try site()) {
            $0.corsOrigin = "*"
            $0.passwordHashes = ["alice": "x"]
        }
        #expect(try responder.answer(preflight([])).status == .noContent)
        #expect(try responder.answer(Request("/a.txt")).status == .unauthorized)
        #expect(try responder.answer(Request("/a.txt", method: .options)).status == .unauthorized)
    }

    @Test("Without an origin to allow there are no preflights, and an OPTIONS of another kind is none")
    func noPreflight() throws {
        #expect(try responder(try site()) { _ in }.answer(preflight([]))["Allow"] == "GET, HEAD, OPTIONS")
        let responder = try responder(try site()) { $0.corsOrigin = "*" }
        for fields in [[("Origin", "https://app.example")], [("Access-Control-Request-Method", "GET")], []] {
            let answer = try responder.answer(Request("/a.txt", method: .options, fields))
            #expect(answer["Allow"] == "GET, HEAD, OPTIONS")
            #expect(answer["Access-Control-Max-Age"] == nil)
        }
        let get = Request("/a.txt", [("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")])
        #expect(try responder.answer(get).content == "hello")
    }

    // MARK: Error pages

    @Test("An error has the page that the site gives it, and keeps its status")
    func errorPage() throws {
        let site = try site()
        try site.folder.makeFile("404.html", "<p>nothing here")
        try site.folder.makeFile("405.txt", "no")
        let responder = try responder(site) { $0.errorPages = [404: "404.html", 405: "405.txt"] }
        let missing = try responder.answer(Request("/none"))
        #expect(missing.status == .notFound)
        #expect(missing.content == "<p>nothing here")
        #expect(missing.values(of: "Content-Type") == ["text/html; charset=utf-8"])
        let refused = try responder.answer(Request("/a.txt", method: .post))
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.content == "no")
        #expect(refused.values(of: "Content-Type") == ["text/plain; charset=utf-8"])
        #expect(refused["Allow"] == "GET, HEAD, OPTIONS")
        #expect(try responder.answer(Request("/%")).content.contains("400 Bad Request"), "others stay as they are")
        #expect(try responder.answer(Request("/404.html")).status == .ok, "a page of its own, too")
    }

    @Test("A page that a program sends with an error is its own")
    func programPage() throws {
        final class Program: Responder {
            func open(_ request: borrowing Request) -> Answer {
                .complete(Response(.notFound, content: .bytes([UInt8]("no such article".utf8))))
            }
        }
        let site = try site()
        try site.folder.makeFile("404.html", "<p>nothing here")
        var policy = SitePolicy()
        policy.errorPages = [404: "404.html"]
        let pages = site.responder
        let responder = PolicyResponder(
            Program(), policy: policy, pages: pages, passwords: try passwords { _, _ in false }, logger: quiet)
        #expect(try responder.answer(Request("/x")).content == "no such article")
    }

    @Test(
        "An error page that is missing, no file, outside or too large leaves the built-in one",
        arguments: ["none.html", "sub", "out", "large.html", "fifo"])
    func noErrorPage(name: String) throws {
        let site = try site()
        try site.folder.makeFile("../outside", "secret")
        try site.folder.makeLink("out", to: "../outside")
        try site.folder.makeFIFO("fifo")
        try site.folder.makeFile("large.html", String(repeating: "x", count: 200_000))
        let answer = try responder(site) { $0.errorPages = [404: name] }.answer(Request("/none"))
        #expect(answer.status == .notFound)
        #expect(answer.content.contains("404 Not Found"))
        #expect(answer.values(of: "Content-Type") == ["text/html; charset=utf-8"])
    }

    @Test("An unsatisfiable range may have a page, and still says how long the file is")
    func rangePage() throws {
        let site = try site()
        try site.folder.makeFile("416.html", "too far")
        let responder = try responder(site) { $0.errorPages = [416: "416.html"] }
        let answer = try responder.answer(Request("/a.txt", [("Range", "bytes=100-")]))
        #expect(answer.status == .rangeNotSatisfiable)
        #expect(answer.content == "too far")
        #expect(answer["Content-Range"] == "bytes */5")
    }

    // MARK: Passwords

    @Test("Nothing of the site is seen without a password, not even what there is not")
    func gate() throws {
        let site = try site()
        try site.folder.makeFile("401.html", "who are you?")
        let responder = try responder(site) {
            $0.passwordHashes = ["alice": "open sesame"]
            $0.errorPages = [401: "401.html"]
            $0.headers = [header("X-A", "1")]
        }
        let denied = try responder.answer(Request("/a.txt"))
        for path in ["/none", "/%", "/sub", "/", "/.git"] {
            let answer = try responder.answer(Request(path))
            #expect(answer.status == .unauthorized)
            #expect(answer.fields == denied.fields && answer.content == denied.content)
        }
        #expect(denied["WWW-Authenticate"]?.hasPrefix("Basic realm=") == true)
        #expect(denied.content == "who are you?")
        #expect(denied["X-A"] == "1")
        // mallory:x and alice:x: the same words for both.
        for credentials in ["Basic bWFsbG9yeTp4", "Basic YWxpY2U6eA==", "Bearer x", ""] {
            let answer = try responder.answer(Request("/a.txt", [("Authorization", credentials)]))
            #expect(answer.status == .unauthorized)
            #expect(answer.fields == denied.fields && answer.content == denied.content)
        }
        let right = Request("/a.txt", [("Authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=")])
        #expect(try responder.answer(right).content == "hello")
        #expect(try responder.answer(right)["WWW-Authenticate"] == nil)
    }

    @Test("A response to a user whose password was found right names the user, at once and later; others do not")
    func authenticated() throws {
        let responder = try responder(try site()) { $0.passwordHashes = ["alice": "open sesame"] }
        let right = Request("/a.txt", [("Authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=")])
        for _ in 0..<2 { #expect(try responder.answer(right).user == "alice") }
        let wrong = Request("/a.txt", [("Authorization", "Basic YWxpY2U6eA==")])
        #expect(try responder.answer(wrong).user == nil)
        let open = try self.responder(try site()) { $0.headers = [header("X-A", "1")] }
        #expect(try open.answer(right).user == nil)
    }

    @Test("Who has failed too often is told when to come again, with the fields and the page of the site")
    func tooMany() throws {
        let site = try site()
        try site.folder.makeFile("429.html", "slowly")
        let responder = try responder(site) {
            $0.passwordHashes = ["alice": "open sesame"]
            $0.errorPages = [429: "429.html"]
            $0.headers = [header("X-A", "1")]
        }
        let peer = Peer(address: "192.0.2.1", port: 1, addressBlock: AddressBlock(v4: 0xC000_0201))
        func log(in credentials: String, at time: MonotonicTime) throws -> WholeAnswer {
            var request = Request("/a.txt", [("Authorization", credentials)], at: time)
            request.peer = peer
            // Whoever has to wait is asked again when the time has come.
            return try responder.responder.answer(request, until: time + 1_000_000_000)
        }
        for _ in 0..<20 { #expect(try log(in: "Basic YWxpY2U6eA==", at: 0).status == .unauthorized) }
        let refused = try log(in: "Basic YWxpY2U6b3BlbiBzZXNhbWU=", at: 10_000_000_000)
        #expect(refused.status == .tooManyRequests)
        #expect(refused["Retry-After"] == "50")
        #expect(refused["X-A"] == "1")
        #expect(refused["WWW-Authenticate"] == nil)
        #expect(refused.content == "slowly")
    }

    @Test("Content is neither taken nor asked for before the password was found right")
    func contentAtTheGate() throws {
        final class Upload: Responder, Exchange {
            private(set) var received = 0
            private(set) var isComplete = false
            func head() -> HeadStep { isComplete ? .final(Response(.noContent)) : .notYet }
            let contentNeed = ContentNeed.now
            func begin(_ host: consuming ExchangeHost) {}
            func open(_ request: borrowing Request) -> Answer { .exchange(self) }
            func handle(_ event: ExchangeEvent) { if case .contentEnded = event { isComplete = true } }
            func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
            func receive(_ content: Span<UInt8>) -> Int {
                received += content.count
                return content.count
            }
        }
        let upload = Upload()
        var policy = SitePolicy()
        policy.passwordHashes = ["alice": "open sesame"]
        let content = [UInt8]("content".utf8)
        for (credentials, isRight) in [("Basic YWxpY2U6eA==", false), ("Basic YWxpY2U6b3BlbiBzZXNhbWU=", true)] {
            let busy = try BusyThread(queueLimit: 4)
            let passwords = PasswordVerification(
                helpers: busy.threads, verify: { $0 == [UInt8]($1.utf8) }, code: { $0 })
            let responder = PolicyResponder(
                upload, policy: policy, pages: try site().responder, passwords: passwords, logger: quiet)
            guard let exchange = responder.open(Request("/", [("Authorization", credentials)])).driven else {
                Issue.record("no exchange")
                return
            }
            #expect(exchange.contentNeed == .later)
            #expect(exchange.receive(content.span) == 0)
            busy.release()
            try exchange.wait(at: 0)
            #expect(exchange.contentNeed == (isRight ? .now : .never))
            #expect(exchange.receive(content.span) == content.count)
            #expect(upload.received == (isRight ? content.count : 0))
            exchange.endContent()
            #expect(exchange.response?.status == (isRight ? .noContent : .unauthorized))
        }
    }

    private func site() throws -> Site {
        let site = try Site()
        try site.folder.makeFile("a.txt", "hello")
        try site.folder.setModified("a.txt", to: 1_000_000_000)
        try site.folder.makeDirectory("sub")
        return site
    }

    /// A site behind a policy, in which passwords are their own hashes.
    private struct Policed {
        let site: Site
        let responder: PolicyResponder

        func answer(_ request: Request) throws -> WholeAnswer { try responder.answer(request) }
    }

    private func responder(_ site: Site, _ change: (inout SitePolicy) -> Void) throws -> Policed {
        var policy = SitePolicy()
        change(&policy)
        let responder = PolicyResponder(
            site.responder, policy: policy, pages: site.responder,
            passwords: try passwords { $0 == [UInt8]($1.utf8) }, logger: quiet)
        return Policed(site: site, responder: responder)
    }

    /// A program behind a policy, in which passwords are their own hashes.
    private func responder(
        _ program: any Responder, _ site: Site? = nil, _ change: (inout SitePolicy) -> Void
    ) throws -> PolicyResponder {
        var policy = SitePolicy()
        change(&policy)
        return PolicyResponder(
            program, policy: policy, pages: try (site ?? self.site()).responder,
            passwords: try passwords { $0 == [UInt8]($1.utf8) }, logger: quiet)
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func passwords(
        _ verify: @escaping @Sendable ([UInt8], String) -> Bool
    ) throws -> PasswordVerification {
        PasswordVerification(helpers: try HelperThreads(threadCount: 0, queueLimit: 1), verify: verify) { $0 }
    }

    private func header(_ name: String, _ value: String) -> SitePolicy.Header {
        SitePolicy.Header(name: name, value: value)
    }

    private func preflight(_ fields: [(String, String)]) -> Request {
        let always = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET")]
        return Request("/a.txt", method: .options, always + fields)
    }
}
