import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Listings of large directories", .timeLimit(.minutes(1)))
struct ListingsTests {
    /// More than are listed as a whole.
    private static let count = 1100
    private static let json = [("Accept", "application/json")]

    private func site(
        _ helpers: HelperThreads?, count: Int = count, trust: Duration = .zero
    ) throws -> Site {
        let site = try Site(helpers: helpers) { $0.trust = trust }
        for number in 0..<count {
            try site.folder.makeFile("file-\(number)", String(repeating: "x", count: number))
        }
        for name in ["sub", "file-sub"] { try site.folder.makeDirectory(name) }
        try site.folder.setModified(".", to: 784_111_777)
        return site
    }

    private func names(_ answer: WholeAnswer) -> [String] {
        answer.content.split(separator: "href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
            .filter { $0 != "../" }
    }

    @Test("It comes in pieces, complete and in the order asked for", arguments: [false, true])
    func complete(hasThreads: Bool) throws {
        let site = try site(hasThreads ? try HelperThreads(threadCount: 2, queueLimit: 8) : nil)
        let all = (0..<Self.count).map { "file-\($0)" }
        for (query, files) in [
            (nil, all.sorted()), ("order=desc", all.sorted().reversed()), ("sort=size", all),
            ("sort=size&order=desc", all.reversed()),
        ] {
            let answer = try site.get("/", query: query)
            #expect(answer.status == .ok && answer.isStreamed && answer.byteCount == nil)
            #expect(answer["Content-Type"] == "text/html; charset=utf-8" && answer["Vary"] == "Accept")
            #expect(Set(names(answer).prefix(2)) == ["sub/", "file-sub/"])
            #expect(Array(names(answer).dropFirst(2)) == files, "\(query ?? "")")
            #expect(answer.content.hasSuffix("</table>\n</html>\n"))
        }
        let json = try site.get("/", Self.json)
        #expect(json.content.split(separator: "\n").count == Self.count + 2)
        #expect(json.content.hasPrefix("[{\"name\":\"file-sub\"") && json.content.hasSuffix("\"}]\n"))
    }

    @Test("A name that comes or goes shows at once, and so does a file that grows")
    func changes() throws {
        let site = try site(try HelperThreads(threadCount: 1, queueLimit: 8))
        #expect(try !site.get("/").content.contains("new"))
        try site.folder.makeFile("new", "")
        try site.folder.makeFile("file-7", String(repeating: "x", count: 5000))
        try site.folder.remove("file-8")
        let answer = try site.get("/")
        #expect(answer.content.contains("\"new\""))
        #expect(!answer.content.contains("\"file-8\""))
        #expect(answer.content.contains("file-7</a><td>4.8 KiB<td>"))
    }

    @Test("An order by size is good for a second")
    func sorting() throws {
        let site = try site(nil)
        #expect(names(try site.get("/", query: "sort=size", at: 0)).last == "file-1099")
        try site.folder.makeFile("file-7", String(repeating: "x", count: 5000))
        let answer = try site.get("/", query: "sort=size", at: 999_999_999)
        #expect(names(answer).last == "file-1099" && answer.content.contains("4.8 KiB"), "sizes are new in any case")
        #expect(names(try site.get("/", query: "sort=size", at: 1_000_000_000)).last == "file-7")
    }

    @Test("An entry that goes while the listing is sent is left out")
    func vanishing() throws {
        let site = try site(nil)
        let answer = site.responder.open(Request("/"))
        guard let exchange = answer.driven else {
            Issue.record("not in pieces")
            return
        }
        for number in 0..<Self.count { try site.folder.remove("file-\(number)") }
        let content = String(decoding: try exchange.remainder(), as: UTF8.self)
        #expect(content.contains("\"sub/\"") && !content.contains("\"file-1\""))
        #expect(content.hasSuffix("</table>\n</html>\n"))
    }

    @Test(
        "One that is not large is written as a whole, and sent again for as long as it is trusted",
        arguments: [false, true])
    func whole(hasThreads: Bool) throws {
        let site = try site(
            hasThreads ? try HelperThreads(threadCount: 1, queueLimit: 8) : nil, count: 300, trust: .seconds(1))
        func isSent(at time: MonotonicTime) -> Bool {
            if case .prepared = site.responder.open(Request("/", at: time)) { true } else { false }
        }
        let first = try site.get("/", at: 0)
        #expect(first.byteCount == first.bytes.count && names(first).count == 302)
        try site.folder.makeFile("file-7", String(repeating: "x", count: 5000))
        let kept = try site.get("/", at: 499_999_999)
        #expect(kept.bytes == first.bytes)
        // From then on one client has it made anew, and the others need not wait for it.
        let renewed = try site.get("/", at: 500_000_000)
        #expect(renewed.content.contains("file-7</a><td>4.8 KiB<td>"))
        #expect(isSent(at: 999_999_999))
        try site.folder.makeFile("new")
        #expect(names(try site.get("/", at: 999_999_999)).contains("new"))
    }

    @Test("A small one that nobody trusts is sent again only while every file in it is as it was")
    func looking() throws {
        let site = try site(nil, count: 20)
        let first = try site.get("/", at: 0)
        func isSent(at time: MonotonicTime) -> Bool {
            guard let response = site.responder.open(Request("/", at: time)).response else { return false }
            guard case .bytes(let bytes) = response.content else { return false }
            return bytes == first.bytes
        }
        #expect(isSent(at: 0))
        try site.folder.makeFile("file-7", String(repeating: "x", count: 5000))
        #expect(try site.get("/", at: 0).content.contains("file-7</a><td>4.8 KiB<td>"))
        try site.folder.remove("file-7")
        #expect(try !site.get("/", at: 0).content.contains("file-7"))
    }

    @Test("One that is not small is written anew each time where nobody trusts it", arguments: [false, true])
    func untrusted(hasThreads: Bool) throws {
        let site = try site(hasThreads ? try HelperThreads(threadCount: 1, queueLimit: 8) : nil, count: 300)
        _ = try site.get("/", at: 0)
        try site.folder.makeFile("file-7", String(repeating: "x", count: 5000))
        #expect(try site.get("/", at: 0).content.contains("file-7</a><td>4.8 KiB<td>"))
    }

    @Test("While a page is made anew, and where nobody has the time to, the others have the one that is trusted still")
    func renewal() throws {
        let busy = try BusyThread(queueLimit: 1)
        let site = try site(busy.threads, count: 300, trust: .seconds(1))
        guard let exchange = site.responder.open(Request("/", at: 0)).driven else {
            Issue.record("it was written at once")
            return
        }
        busy.release()
        let page = try exchange.awaitedResponse()
        let (blocking, waiting) = try BusyThread.fill(busy.threads)
        for time: MonotonicTime in [500_000_000, 500_000_000, 999_999_999] {
            guard let response = site.responder.open(Request("/", at: time)).response,
                case .bytes(let bytes) = response.content, case .bytes(let expected) = page.content
            else {
                Issue.record("there is no page")
                return
            }
            #expect(bytes == expected)
        }
        #expect(try site.get("/", at: 1_000_000_000).status == .serviceUnavailable)
        withExtendedLifetime((blocking, waiting)) {}
    }

    @Test("HEAD has no names read and no rows written")
    func head() throws {
        let (busy, waiting) = try BusyThread.withFullQueue()
        let site = try site(busy.threads)
        guard case .complete(let response) = site.responder.open(Request("/", method: .head)),
            case .stream(length: nil) = response.content
        else {
            Issue.record("it says how long the page is")
            return
        }
        #expect(response.status == .ok && response.fields.contains("Vary"))
        #expect(waiting.take() == nil)
    }

    @Test("Where the helper threads have too much to do, large listings are refused for a while, small ones are not")
    func tooMuchToDo() throws {
        let (busy, waiting) = try BusyThread.withFullQueue()
        let site = try site(busy.threads)
        try site.folder.makeFile("sub/only")
        let answer = try site.get("/")
        #expect(answer.status == .serviceUnavailable && answer["Retry-After"] == "1")
        #expect(names(try site.get("/sub/")) == ["only"])
        #expect(waiting.take() == nil)
    }

    @Test("The number of those that are being sent has a bound")
    func underWay() throws {
        let site = try site(nil)
        var exchanges: [DrivenExchange] = []
        for _ in 0..<1000 {
            guard let exchange = site.responder.open(Request("/")).driven else { break }
            exchanges.append(exchange)
        }
        #expect((64...512).contains(exchanges.count))
        #expect(try site.get("/").status == .serviceUnavailable)
        exchanges.removeLast()
        #expect(try site.get("/").status == .ok)
    }
}

@Suite("Names of directories at hand")
struct DirectoryNamesCacheTests {
    /// Later than every directory here.
    private let later = WallTime(seconds: 4_000_000_000)
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        for number in 0..<50 { try folder.makeFile("file-\(number)") }
        try folder.setModified(".", to: 1)
    }

    private func open() throws -> OpenFile { try OpenFile(FileDescriptor.open(folder.path, for: .directory)) }

    private func prepare(_ cache: DirectoryNamesCache, by key: ListingOrder.Key = .name) throws -> DirectoryNames {
        try cache.prepare(try open(), by: key, now: 0, wallTime: later).0
    }

    @Test("They are read once for one state of a directory, and shared by all who list it")
    func sharing() throws {
        let cache = DirectoryNamesCache(showsHidden: false)
        let directory = try open()
        #expect(cache.names(of: directory, now: 0) == nil)
        let names = try prepare(cache)
        #expect(names.count == 50)
        #expect(cache.names(of: try open(), now: .distantFuture - 1) === names)
        #expect(try prepare(cache, by: .size) === names)
        try folder.makeFile("new")
        #expect(cache.names(of: try open(), now: 0) == nil)
        #expect(try prepare(cache).count == 51)
    }

    @Test("Who asks while they are read waits for these, and has them not read again")
    func together() throws {
        let cache = DirectoryNamesCache(showsHidden: false)
        let directory = try open()
        let threads = try HelperThreads(threadCount: 4, queueLimit: 8)
        let calculations = (0..<8).compactMap { _ in
            threads.calculate { [later] in try? cache.prepare(directory, by: .size, now: 0, wallTime: later) }
        }
        var results: [(DirectoryNames, DirectoryArrangement?)] = []
        for calculation in calculations {
            try calculation.wait()
            if let result = calculation.take() { results.append(try #require(result)) }
        }
        #expect(results.count == 8)
        #expect(results.allSatisfy { $0.0 === results[0].0 && $0.1 === results[0].1 })
    }

    @Test(
        "Those of a directory that changed just now are good for as long as it is trusted: it may change again unseen")
    func unsettled() throws {
        let cache = DirectoryNamesCache(showsHidden: false, trust: .seconds(1))
        let directory = try open()
        let names = try cache.prepare(directory, by: .name, now: 0, wallTime: directory.status.changeTime).0
        #expect(cache.names(of: try open(), now: 999_999_999) === names)
        #expect(cache.names(of: try open(), now: 1_000_000_000) == nil)
    }

    @Test("What they take has a bound, as long as anybody still lists them")
    func memory() throws {
        let cache = DirectoryNamesCache(showsHidden: false, byteLimit: 700)
        func isRefused(by key: ListingOrder.Key) -> Bool {
            do {
                _ = try prepare(cache, by: key)
                return false
            } catch FileRefusal.busy {
                return true
            } catch {
                return false
            }
        }
        var names: DirectoryNames? = try prepare(cache)
        #expect(isRefused(by: .size), "there is no room for their order")
        try folder.makeFile("new")
        #expect(isRefused(by: .name), "there is no room for both states")
        withExtendedLifetime(names) {}
        names = nil
        #expect(!isRefused(by: .name))
    }

    @Test("Names are in the order of their bytes, directories first, whatever they have in common")
    func order() throws {
        let folder = try TemporaryDirectory()
        let files = [
            "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghij", "abcdefgha", "abcdefg\u{1}", "b", "é", "~",
            "abcdefgh-000000001", "abcdefgh-000000002", "abcdefgh-00000001",
        ]
        let directories = ["z", "abcdefghz", "abcdefghy", "0"]
        for name in files { try folder.makeFile(name) }
        for name in directories { try folder.makeDirectory(name) }
        try folder.makeLink("link", to: "z")
        try folder.makeLink("dangling", to: "nothing")
        try folder.makeFIFO("fifo")
        let names = try folder.names()
        let directory = try OpenFile(FileDescriptor.open(folder.path, for: .directory))
        let all = (0..<names.count).compactMap { names.entry($0, of: directory) }
            .map { String(decoding: $0.name, as: UTF8.self) }
        func sorted(_ names: [String]) -> [String] {
            names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        #expect(all == sorted(directories + ["link"]) + sorted(files))
        #expect(names.directoryCount == 5)
    }
}
