import Foundation
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Files from a directory", .timeLimit(.minutes(1)))
struct FileResponderTests {
    @Test("A file is sent with its type, time, validator and content")
    func file() throws {
        let site = try Site()
        try site.folder.makeFile("page.html", "<p>hello")
        try site.folder.setModified("page.html", to: 784_111_777)
        let answer = try site.get("/page.html")
        #expect(answer.status == .ok)
        #expect(answer.content == "<p>hello")
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer["Last-Modified"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(answer["Cache-Control"] == "no-cache")
        let tag = try #require(answer["ETag"])
        #expect(tag.first == "\"" && tag.last == "\"" && tag.count > 2 && !tag.dropFirst().dropLast().contains("\""))
    }

    @Test("The validator of what is read whole changes with the content, and with nothing else")
    func entityTags() throws {
        let site = try Site()
        for (name, content, time) in [("a", "one", 1), ("b", "two", 1), ("c", "three", 1), ("d", "one", 2)] {
            try site.folder.makeFile(name, content)
            try site.folder.setModified(name, to: 1_000_000_000 + time)
        }
        let tags = try ["/a", "/b", "/c", "/d"].map { try #require(try site.get($0)["ETag"]) }
        #expect(tags[0] == tags[3], "several servers with the same files agree")
        #expect(Set(tags).count == 3)
    }

    @Test("No two states of a file have one validator, whatever times are set", arguments: [3, 300_000])
    func constantTimes(byteCount: Int) throws {
        let site = try Site()
        var tags: Set<String> = []
        for (name, time) in [("1", 1), ("2", 1), ("3", 1_000_000_000), ("4", 1_000_000_000)] {
            try site.folder.makeFile("new", String(repeating: name, count: byteCount))
            try site.folder.setModified("new", to: time)
            try site.folder.rename("new", to: "a.js")
            let answer = try site.get("/a.js", at: 0)
            tags.insert(try #require(answer["ETag"]))
            let date = answer["Last-Modified"]
            #expect((date == nil) == (time == 1), "before 1990 nobody looked at a clock")
            let again = try site.get("/a.js", [("If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT")], at: 0)
            #expect(again.status == .ok)
        }
        #expect(tags.count == 4)
    }

    @Test("A large file that may change again without another time has a validator that matches nothing")
    func unsettledTag() throws {
        let site = try Site()
        try site.folder.makeFile("a.bin", String(repeating: "x", count: 300_000))
        let status = try FileDescriptor.open(site.folder.path("a.bin"), for: .reading).status()
        #expect(!status.isChangeVisible(at: status.changeTime))
        let facts = [false, false, true, true].map { FileFacts(prefix: [], of: status, isExact: $0).tag }
        #expect(Set(facts).count == 3 && facts[2] == facts[3])
    }

    @Test("HEAD is answered as GET is, and left to the connection to cut")
    func head() throws {
        let site = try Site()
        try site.folder.makeFile("a.txt", "hello")
        let answer = try site.get("/a.txt", method: .head)
        #expect(answer.status == .ok)
        #expect(answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect(answer.byteCount == 5)
    }

    @Test("An empty file is a file")
    func empty() throws {
        let site = try Site()
        try site.folder.makeFile("empty.txt")
        let answer = try site.get("/empty.txt")
        #expect(answer.status == .ok)
        #expect(answer.content == "")
        #expect(answer.byteCount == 0)
    }

    @Test("A large file comes piece by piece, of exactly the length announced", arguments: [131_072, 131_073, 500_000])
    func large(byteCount: Int) throws {
        let site = try Site()
        let content = String((0..<byteCount).map { Character(Unicode.Scalar(UInt8(97 + $0 % 23))) })
        try site.folder.makeFile("large.bin", content)
        let answer = try site.get("/large.bin")
        #expect(answer.status == .ok)
        #expect(answer.byteCount == byteCount)
        #expect(answer.isStreamed == (byteCount > 131_072))
        let isSame = answer.content == content
        #expect(isSame)
    }

    /// Has the first piece of a file produced that is sent as a stream.
    private func beginLargeFile(_ site: Site, _ piece: inout [UInt8]) throws -> DrivenExchange {
        guard let exchange = site.responder.open(Request("/large.bin")).driven else {
            throw CocoaError(.fileReadUnknown)
        }
        var room = piece.mutableSpan
        #expect(exchange.produce(into: &room) == .bytes(piece.count))
        return exchange
    }

    @Test("A file that becomes shorter while it is sent fails, so that the client notices")
    func shrinking() throws {
        let site = try Site()
        try site.folder.makeFile("large.bin", String(repeating: "x", count: 300_000))
        var piece = [UInt8](repeating: 0, count: 100_000)
        let exchange = try beginLargeFile(site, &piece)
        try site.folder.makeFile("large.bin", "short")
        var room = piece.mutableSpan
        guard case .failed = exchange.produce(into: &room) else {
            Issue.record("it does not fail")
            return
        }
    }

    @Test(
        "A file that is written to in place while it is sent is cut short, one that only grows is not",
        arguments: [false, true])
    func overwriting(grows: Bool) throws {
        let site = try Site()
        try site.folder.makeFile("large.bin", String(repeating: "x", count: 200_000))
        try site.folder.setModified("large.bin", to: 784_111_777)
        var piece = [UInt8](repeating: 0, count: 100_000)
        let exchange = try beginLargeFile(site, &piece)
        let file = try FileHandle(forUpdating: URL(filePath: site.folder.path("large.bin")))
        if grows { try file.seekToEnd() }
        try file.write(contentsOf: Array("written in place".utf8))
        try file.close()
        var room = piece.mutableSpan
        let production = exchange.produce(into: &room)
        if grows {
            #expect(production == .bytes(100_000))
        } else if case .failed = production {
        } else {
            Issue.record("it does not fail")
        }
    }

    // MARK: Directories

    @Test("A directory shows its index, the first of the names that exists")
    func index() throws {
        let site = try Site { $0.indexNames = ["index.html", "index.txt"] }
        try site.folder.makeDirectory("sub")
        try site.folder.makeFile("sub/index.txt", "text")
        #expect(try site.get("/sub/").content == "text")
        #expect(try site.get("/sub/")["Content-Type"] == "text/plain; charset=utf-8")
        try site.folder.makeFile("sub/index.html", "html")
        #expect(try site.get("/sub/").content == "html")
        try site.folder.makeFile("index.html", "root")
        #expect(try site.get("/").content == "root")
        #expect(try site.get("").content == "root")
    }

    @Test("An index that is a directory or leads outside is no index")
    func noIndex() throws {
        let site = try Site()
        try site.folder.makeDirectory("index.html")
        #expect(try site.get("/").content.contains("index.html/</a>"))
        try site.folder.makeDirectory("sub")
        try site.folder.makeLink("sub/index.html", to: "/etc/passwd")
        #expect(try !site.get("/sub/").content.contains("root:"))
    }

    @Test("A directory without an index is listed, unless the site has no listings")
    func listing() throws {
        let site = try Site()
        try site.folder.makeDirectory("sub")
        try site.folder.makeFile("sub/x.txt", "1")
        let answer = try site.get("/sub/")
        #expect(answer.status == .ok)
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.content.contains("<a href=\"x.txt\">x.txt</a>"))
        let closed = try Site { $0.hasListing = false }
        try closed.folder.makeDirectory("sub")
        #expect(try closed.get("/sub/").status == .notFound)
    }

    @Test(
        "A directory without its slash is redirected to it, beneath this server and nowhere else",
        arguments: [
            ("/sub", nil, "/sub/"), ("/a%20b", nil, "/a%20b/"), ("//sub", nil, "/sub/"), ("///sub", nil, "/sub/"),
            ("/%73ub", nil, "/sub/"), ("/sub/../sub", nil, "/sub/"), ("/sub", "x=1&y=%2F", "/sub/?x=1&y=%2F"),
            ("/sub", "", "/sub/?"), ("//evil.example", nil, "/evil.example/"),
            ("/./evil.example", nil, "/evil.example/"),
            ("/sub/deep", nil, "/sub/deep/"),
        ] as [(String, String?, String)])
    func redirect(path: String, query: String?, expected: String) throws {
        let site = try Site()
        for name in ["sub", "a b", "evil.example", "sub/deep"] { try site.folder.makeDirectory(name) }
        let answer = try site.get(path, query: query)
        #expect(answer.status == .movedPermanently)
        #expect(answer["Location"] == expected)
    }

    // MARK: Refusals

    @Test(
        "What is not there, hidden, outside, or no file is not found, all in the same words",
        arguments: [
            "/none", "/sub/none", "/file.txt/", "/file.txt/x", "/.hidden", "/sub/.hidden", "/fifo", "/out",
            "/out-absolute", "/system/passwd", "/dangling", "/circle", "/sub/./../.git/config",
        ])
    func notFound(path: String) throws {
        let site = try Site.withOddThings()
        let answer = try site.get(path)
        #expect(answer.status == .notFound)
        #expect(answer.content == (try site.get("/really-nothing").content))
    }

    @Test("A name longer than any file's is not found")
    func longName() throws {
        let site = try Site()
        #expect(try site.get("/" + String(repeating: "x", count: 300)).status == .notFound)
        #expect(try site.get(String(repeating: "/xxxxxxx", count: 1000)).status == .notFound)
    }

    @Test("Links that stay inside are followed, relative and absolute", arguments: ["/inside", "/inside-absolute"])
    func links(path: String) throws {
        #expect(try Site.withOddThings().get(path).content == "content")
    }

    @Test(
        "A malformed path is a bad request",
        arguments: ["/%", "/%2", "/%zz", "/a%00b", "/a\\b"])
    func malformed(path: String) throws {
        #expect(try Site.withOddThings().get(path).status == .badRequest)
    }

    @Test("One file has one place in memory, however its path is written, and what cannot be read has none")
    func spellings() throws {
        let site = try Site()
        try site.folder.makeDirectory("@scope")
        try site.folder.makeFile("@scope/name", "a package")
        try site.folder.makeFile("a%00", "an odd name")
        for path in ["/@scope/name", "/@scope%2fname", "/@scope%2Fname", "//%40scope/./name", "/x%2f..%2f@scope/name"] {
            for _ in 0..<2 { #expect(try site.get(path).content == "a package", "\(path)") }
        }
        for _ in 0..<2 {
            #expect(try site.get("/a%2500").content == "an odd name")
            #expect(try site.get("/a%00").status == .badRequest)
        }
        for path in ["/@scope%252fname", "/..%2f..%2fetc/passwd", "/%2e%2e%2fetc%2fpasswd"] {
            #expect(try site.get(path).status == .notFound, "\(path)")
        }
    }

    @Test("A file that may not be read is forbidden", .enabled(if: TemporaryDirectory.isUserBoundByModes))
    func forbidden() throws {
        let site = try Site()
        try site.folder.makeFile("secret", "x")
        try site.folder.setMode("secret", to: 0)
        #expect(try site.get("/secret").status == .forbidden)
    }

    @Test(
        "Methods that change things are not allowed here, and those nobody knows are not implemented",
        arguments: [
            (.post, .methodNotAllowed), (.put, .methodNotAllowed), (.delete, .methodNotAllowed),
            (.patch, .methodNotAllowed), (.trace, .methodNotAllowed), (.connect, .methodNotAllowed),
            (.other, .notImplemented),
        ] as [(MartinetHTTP.Method, StatusCode)])
    func methods(method: MartinetHTTP.Method, expected: StatusCode) throws {
        let site = try Site()
        try site.folder.makeFile("a.txt", "x")
        let answer = try site.get("/a.txt", method: method)
        #expect(answer.status == expected)
        #expect(answer["Allow"] == (expected == .methodNotAllowed ? "GET, HEAD, OPTIONS" : nil))
    }

    @Test("OPTIONS names the methods, for any path and for none")
    func options() throws {
        let site = try Site()
        for path in ["/none", ""] {
            let answer = try site.get(path, method: .options)
            #expect(answer.status == .noContent)
            #expect(answer["Allow"] == "GET, HEAD, OPTIONS")
        }
    }

    @Test("A root that was removed has nothing, and one that is made again has what is in it then")
    func rootMadeAgain() throws {
        let folder = try TemporaryDirectory()
        try folder.makeDirectory("root")
        try folder.makeFile("root/a.txt", "one")
        try folder.makeFile("root/large.txt", String(repeating: "1", count: 300_000))
        let responder = FileResponder(FileSite(root: folder.path("root")), mediaTypes: MediaTypes())
        func get(_ path: String) throws -> WholeAnswer { try responder.answer(Request(path, at: 0)) }
        #expect(try get("/a.txt").content == "one")
        #expect(try get("/").content.contains("large.txt"))
        try folder.rename("root", to: "old")
        for path in ["/a.txt", "/large.txt", "/"] { #expect(try get(path).status == .notFound) }
        #expect(responder.page(at: [UInt8]("a.txt".utf8)) == nil)
        try folder.makeDirectory("root")
        #expect(try get("/a.txt").status == .notFound)
        try folder.makeFile("root/a.txt", "two")
        #expect(try get("/a.txt").content == "two")
        #expect(try !get("/").content.contains("large.txt"))
        let late = FileResponder(FileSite(root: folder.path("later")), mediaTypes: MediaTypes())
        #expect(try late.answer(Request("/a.txt")).status == .notFound)
        try folder.makeDirectory("later")
        try folder.makeFile("later/a.txt", "late")
        #expect(try late.answer(Request("/a.txt")).content == "late")
    }

    @Test("A root that is a link is followed to where it leads at the time of each request")
    func rootLink() throws {
        let folder = try TemporaryDirectory()
        for name in ["1", "2"] {
            try folder.makeDirectory(name)
            try folder.makeFile("\(name)/a.txt", name)
            try folder.setModified("\(name)/a.txt", to: 1_000_000_000)
        }
        try folder.makeLink("current", to: "1")
        let responder = FileResponder(FileSite(root: folder.path("current")), mediaTypes: MediaTypes())
        for expected in ["1", "2", "1"] {
            try folder.makeLink("next", to: expected)
            try folder.rename("next", to: "current")
            #expect(try responder.answer(Request("/a.txt", at: 0)).content == expected)
        }
    }

    // MARK: The cache

    @Test("A change is seen at once, unless the file is trusted for a while", arguments: [false, true])
    func change(isTrusted: Bool) throws {
        let site = try Site { $0.trust = isTrusted ? .seconds(1) : .zero }
        try site.folder.makeFile("a.txt", "old")
        try site.folder.setModified("a.txt", to: 1_000_000_000)
        #expect(try site.get("/a.txt", at: 0).content == "old")
        try site.folder.makeFile("a.txt", "new")
        try site.folder.setModified("a.txt", to: 1_000_000_000)
        // Same size, same time: only the time of the change itself, or the kept copy, tells them apart.
        #expect(try site.get("/a.txt", at: 999_999_999).content == (isTrusted ? "old" : "new"))
        #expect(try site.get("/a.txt", at: 1_000_000_000).content == "new")
    }

    @Test("A file that was removed is gone at once, in every coding, and so is one whose directory was")
    func removal() throws {
        let site = try Site()
        try site.folder.makeDirectory("sub")
        for name in ["a.txt", "sub/index.html"] {
            try site.folder.makeFile(name, "old")
            try site.folder.makeFile("\(name).gz", gzipFile("old"))
        }
        let gzip = [("Accept-Encoding", "gzip")]
        func statuses() throws -> Set<Int> {
            let paths = ["/a.txt", "/sub/", "/sub/index.html"]
            return Set(
                try paths.flatMap { [try site.get($0, at: 0), try site.get($0, gzip, at: 0)] }.map(\.status.rawValue))
        }
        #expect(try statuses() == [200])
        #expect(try statuses() == [200])
        try site.folder.remove("a.txt")
        try site.folder.remove("sub")
        #expect(try statuses() == [404])
    }

    @Test("A file that comes before another one is sent in its place at once")
    func preference() throws {
        let site = try Site { $0.indexNames = ["index.html", "index.txt"] }
        try site.folder.makeFile("index.txt", "second")
        for _ in 1...2 { #expect(try site.get("/", at: 0).content == "second") }
        try site.folder.makeFile("index.html", "first")
        #expect(try site.get("/", at: 0).content == "first")
    }

    @Test("A file that changed just now is not kept, since it may change again within the clock's step")
    func unsettled() throws {
        let site = try Site()
        try site.folder.makeFile("a.txt", "old")
        let status = try FileDescriptor.open(site.folder.path("a.txt"), for: .reading).status()
        #expect(!status.isSettled(at: status.changeTime))
        #expect(!status.isSettled(at: WallTime(seconds: status.modificationTime.seconds + 1)))
        #expect(status.isSettled(at: WallTime(seconds: status.modificationTime.seconds + 2, nanoseconds: 999_999_999)))
        // A time that somebody has set does not settle it.
        try site.folder.setModified("a.txt", to: 1_000_000_000)
        let set = try FileDescriptor.open(site.folder.path("a.txt"), for: .reading).status()
        #expect(!set.isSettled(at: set.changeTime) && set.isSettled(at: WallTime(seconds: 4_000_000_000)))
    }

    @Test("An unchanged file stays the same however often it is asked for, whichever the query")
    func unchanged() throws {
        let site = try Site()
        try site.folder.makeFile("a.txt", "same")
        try site.folder.setModified("a.txt", to: 1_000_000_000)
        let first = try site.get("/a.txt", at: 0)
        for (time, query) in [(5, nil), (2_000_000_000, "q"), (2_000_000_001, nil)] as [(MonotonicTime, String?)] {
            let answer = try site.get("/a.txt", query: query, at: time)
            #expect(answer.content == "same")
            #expect(answer.fields == first.fields)
        }
    }

    @Test("Cache-Control is what the site says, or nothing")
    func cacheControl() throws {
        let long = try Site { $0.cacheControl = "max-age=3600" }
        try long.folder.makeFile("a.txt", "x")
        #expect(try long.get("/a.txt")["Cache-Control"] == "max-age=3600")
        let none = try Site { $0.cacheControl = nil }
        try none.folder.makeFile("a.txt", "x")
        #expect(try none.get("/a.txt")["Cache-Control"] == nil)
    }
}
