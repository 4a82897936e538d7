import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Compression beside the loop", .timeLimit(.minutes(1)))
struct FileSenderTests {
    private static let brotli = [("Accept-Encoding", "br, gzip")]
    private static let text = String(repeating: "<p>The quick brown fox jumps over the lazy dog. ", count: 1000)

    /// A site with a text that is compressed whole, changed long ago.
    private func site(_ helpers: HelperThreads?, byteCount: Int = 48_000) throws -> Site {
        let site = try Site(helpers: helpers)
        try site.folder.makeFile("a.html", String(Self.text.prefix(byteCount)))
        try site.folder.setModified("a.html", to: 784_111_777)
        return site
    }

    /// A text that is compressed as it is sent.
    private func makeLargeFile(_ site: Site) throws {
        try site.folder.makeFile("large.html", String(repeating: Self.text, count: 20))
        try site.folder.setModified("large.html", to: 784_111_777)
    }

    @Test("What a helper thread makes is what would be made at once", arguments: ["br", "gzip"], [48_000, 960_000])
    func same(coding: String, byteCount: Int) throws {
        let fields = [("Accept-Encoding", coding)]
        let (here, beside) = (try site(nil), try site(try HelperThreads(threadCount: 2, queueLimit: 8)))
        try makeLargeFile(here)
        try makeLargeFile(beside)
        for path in ["/a.html", "/large.html"] {
            let answer = try beside.get(path, fields)
            let expected = try here.get(path, fields)
            #expect(answer["Content-Encoding"] == coding)
            let isSame = answer.bytes == expected.bytes && answer.names == expected.names
            #expect(isSame && answer.byteCount == expected.byteCount)
        }
    }

    @Test("A form is made once for a file, whatever paths lead to it, and kept")
    func spellings() throws {
        let site = try site(try HelperThreads(threadCount: 1, queueLimit: 8))
        guard let exchange = site.responder.open(Request("/a.html", Self.brotli)).driven,
            case .bytes(let first) = try exchange.awaitedResponse().content
        else {
            Issue.record("it was compressed at once")
            return
        }
        for path in ["/./a.html", "//a.html", "/%61.html"] {
            guard let response = site.responder.open(Request(path, Self.brotli)).response,
                case .bytes(let bytes) = response.content
            else {
                Issue.record("\(path) was compressed again")
                continue
            }
            let isSame = bytes == first
            #expect(isSame)
        }
    }

    @Test("While a form is made, others who ask for it get the file as it is, which says that it varies")
    func oneAtATime() throws {
        let busy = try BusyThread(queueLimit: 8)
        let site = try site(busy.threads)
        guard let first = site.responder.open(Request("/a.html", Self.brotli)).driven else {
            Issue.record("it was compressed at once")
            return
        }
        first.advance(0)
        #expect(first.response == nil)
        let plain = try site.get("/a.html")
        let second = try site.get("/./a.html", Self.brotli)
        #expect(second["Content-Encoding"] == nil && second.content == plain.content)
        #expect(second["ETag"] == plain["ETag"] && second["Vary"] == "Accept-Encoding")
        busy.release()
        #expect(try first.awaitedResponse().status == .ok)
        #expect(try site.get("/./a.html", Self.brotli)["Content-Encoding"] == "br", "it is not for good")
    }

    @Test("Who leaves makes way: the next one has the form made")
    func leaving() throws {
        let busy = try BusyThread(queueLimit: 8)
        let site = try site(busy.threads)
        var first: Answer? = site.responder.open(Request("/a.html", Self.brotli))
        guard case .exchange = first else {
            Issue.record("it was compressed at once")
            return
        }
        first = nil
        guard let second = site.responder.open(Request("/a.html", Self.brotli)).driven else {
            Issue.record("it is still said to be made")
            return
        }
        busy.release()
        #expect(try second.awaitedResponse().fields.contains("Content-Encoding"))
    }

    @Test("Where the helper threads have too much to do, text is sent as it is, small text compressed all the same")
    func tooMuchToDo() throws {
        let (busy, waiting) = try BusyThread.withFullQueue()
        let site = try site(busy.threads)
        try site.folder.makeFile("small.html", String(Self.text.prefix(4000)))
        let answer = try site.get("/a.html", Self.brotli)
        #expect(answer.status == .ok)
        #expect(answer["Content-Encoding"] == nil && answer["Vary"] == "Accept-Encoding")
        #expect(answer.content == (try site.get("/a.html").content))
        #expect(try site.get("/small.html", Self.brotli)["Content-Encoding"] == "br")
        let refused = try site.get("/a.html", [("Accept-Encoding", "br, identity;q=0")])
        #expect(refused.status == .serviceUnavailable && refused["Retry-After"] == "1")
        let ready = try gzipFile(String(Self.text.prefix(48_000)))
        try site.folder.makeFile("a.html.gz", ready)
        #expect(try site.get("/a.html", Self.brotli, at: 2_000_000_000).bytes == ready, "what is ready is sent")
        #expect(waiting.take() == nil)
    }

    @Test("Conditions are those of the coding that was chosen, whether or not it can be made")
    func conditions() throws {
        let tag = try #require(try site(nil).get("/a.html", Self.brotli)["ETag"])
        let plainTag = try #require(try site(nil).get("/a.html")["ETag"])
        let (busy, waiting) = try BusyThread.withFullQueue()
        let site = try site(busy.threads)
        for known in [tag, plainTag] {
            #expect(try site.get("/a.html", Self.brotli + [("If-None-Match", known)]).status == .notModified)
        }
        #expect(try site.get("/a.html", Self.brotli + [("If-Match", tag)]).status == .ok)
        #expect(try site.get("/a.html", Self.brotli + [("If-Match", "\"x\"")]).status == .preconditionFailed)
        #expect(waiting.take() == nil)
    }

    @Test("HEAD has nothing compressed, and says what GET would be sent", arguments: ["/a.html", "/large.html"])
    func head(path: String) throws {
        let (busy, waiting) = try BusyThread.withFullQueue()
        let site = try site(busy.threads)
        try makeLargeFile(site)
        guard case .complete(let response) = site.responder.open(Request(path, method: .head, Self.brotli)),
            case .stream(length: nil) = response.content
        else {
            Issue.record("it says how long the content is")
            return
        }
        #expect(response.fields.contains("Content-Encoding") && response.fields.contains("ETag"))
        #expect(try site.get(path, method: .head).byteCount ?? 0 > 40_000)
        #expect(waiting.take() == nil)
    }

    @Test("A few large files at one time are compressed as they are sent, the others are sent as they are")
    func encoders() throws {
        let site = try site(nil)
        try makeLargeFile(site)
        func open() throws -> DrivenExchange {
            guard let exchange = site.responder.open(Request("/large.html", Self.brotli)).driven else {
                throw SystemError("open", code: 0)
            }
            return exchange
        }
        func isEncoded(_ exchange: DrivenExchange) -> Bool {
            exchange.response?.fields.contains("Content-Encoding") == true
        }
        var exchanges = try (0..<6).map { _ in try open() }
        #expect(exchanges.map(isEncoded) == [true, true, true, true, false, false])
        let whole = try exchanges[5].remainder()
        let isSame = whole == [UInt8](String(repeating: Self.text, count: 20).utf8)
        #expect(isSame)
        exchanges.removeFirst()
        #expect(isEncoded(try open()))
    }

    @Test("A text that changes while a helper thread reads it is sent as it was found, or cut short")
    func changing() throws {
        let busy = try BusyThread(queueLimit: 8)
        let site = try site(busy.threads)
        guard let exchange = site.responder.open(Request("/a.html", Self.brotli)).driven else {
            Issue.record("it was compressed at once")
            return
        }
        try site.folder.makeFile("a.html", "shorter")
        busy.release()
        let response = try exchange.awaitedResponse()
        #expect(!response.fields.contains("Content-Encoding"))
        guard case .stream(length: 48_000) = response.content else {
            Issue.record("it has another length than its validator says")
            return
        }
    }
}
