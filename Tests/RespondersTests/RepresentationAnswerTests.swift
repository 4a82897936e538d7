import MartinetHTTP
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("Conditional, partial and encoded answers (RFC 9110 §12-15)", .timeLimit(.minutes(1)))
struct RepresentationAnswerTests {
    /// A text that is sent from memory, and one that is sent from its file.
    static let sizes = [1000, 300_000]
    private static let gzip = [("Accept-Encoding", "gzip")]
    private static let brotli = [("Accept-Encoding", "br")]

    private func text(_ byteCount: Int) -> String {
        String(decoding: (0..<byteCount).map { UInt8(97 + $0 * $0 % 23) }, as: UTF8.self)
    }

    /// A site with a text, and files of the names given, all changed long ago at the same time.
    private func site(_ files: [String: String], _ change: (inout FileSite) -> Void = { _ in }) throws -> Site {
        let site = try Site(change)
        for (name, content) in files {
            try site.folder.makeFile(name, content)
            try site.folder.setModified(name, to: 784_111_777)
        }
        return site
    }

    // MARK: Codings (§8.4, §12.5.3)

    @Test("A precompressed neighbour is sent to those who accept it, with its type and coding", arguments: sizes)
    func neighbours(size: Int) throws {
        let site = try site(["a.html": text(size), "a.html.br": text(size) + "br"])
        let zipped = try gzipFile(text(size))
        try makeNeighbour("a.html.gz", zipped, site)
        for (fields, coding, bytes) in [
            (Self.gzip, "gzip", zipped), (Self.brotli, "br", [UInt8]((text(size) + "br").utf8)),
        ] {
            let answer = try site.get("/a.html", fields)
            let isSame = answer.bytes == bytes
            #expect(isSame)
            #expect(answer["Content-Encoding"] == coding)
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
            #expect(answer.byteCount == bytes.count)
            #expect(answer["Vary"] == "Accept-Encoding")
        }
        let plain = try site.get("/a.html")
        let isSame = plain.content == text(size)
        #expect(isSame)
        #expect(plain["Content-Encoding"] == nil)
        #expect(plain["Vary"] == "Accept-Encoding")
        #expect(try site.get("/a.html", [("Accept-Encoding", "gzip, br")])["Content-Encoding"] == "br")
    }

    @Test("A neighbour counts for files of any type and size; as itself it is a file like any other")
    func anyType() throws {
        let site = try site(["a.png": "x", "b.png": text(1000)])
        try makeNeighbour("a.png.gz", gzipFile("x"), site)
        let answer = try site.get("/a.png", Self.gzip)
        #expect(answer.bytes == (try gzipFile("x")))
        #expect(answer["Content-Type"] == "image/png")
        #expect(try site.get("/a.png")["Vary"] == "Accept-Encoding")
        let itself = try site.get("/a.png.gz", Self.gzip)
        #expect(itself["Content-Type"] == "application/gzip")
        #expect(itself["Content-Encoding"] == nil)
        #expect(try site.get("/b.png", Self.gzip)["Vary"] == nil, "where there is no choice nothing varies")
        #expect(try site.get("/b.png", Self.gzip)["Content-Encoding"] == nil)
    }

    private func makeNeighbour(_ name: String, _ content: [UInt8], _ site: Site) throws {
        try site.folder.makeFile(name, content)
        try site.folder.setModified(name, to: 784_111_777)
    }

    @Test("A neighbour that is older than its file by more than two seconds is not sent, which the log says once")
    func stale() throws {
        let site = try site(["a.html": "new", "a.html.br": "fresh"])
        try makeNeighbour("a.html.gz", gzipFile("new"), site)
        try site.folder.setModified("a.html.gz", to: 784_111_774)
        try site.folder.setModified("a.html.br", to: 784_111_775)
        for _ in 1...3 { #expect(try site.get("/a.html", Self.gzip).content == "new") }
        #expect(try site.get("/a.html", Self.gzip)["Content-Encoding"] == nil)
        #expect(try site.get("/a.html", [("Accept-Encoding", "gzip, br;q=0.1")]).content == "fresh")
        #expect(site.log.lines == ["a.html.gz is not sent in place of a.html: it is older"])
        try site.folder.setModified("a.html.br", to: 784_111_774)
        #expect(try site.get("/a.html", Self.brotli).content == "new")
        #expect(site.log.lines.last == "a.html.br is not sent in place of a.html: it is older")
    }

    @Test("A gzip neighbour is sent where it holds what its file does, in one member or in several")
    func members() throws {
        let (one, other) = (text(700), text(300))
        let site = try site(["a.html": one + other])
        let (first, second) = (try gzipFile(one), try gzipFile(other))
        let whole = try gzipFile(one + other)
        let good: [[UInt8]] = [whole, first + second, first + second + [0, 0, 0]]
        let bad: [[UInt8]] = [
            try gzipFile(one + other + "x"), first, second + first + second, second + whole, [],
            [UInt8](repeating: 7, count: 100), whole.dropLast(), whole + [1, 2, 3],
            first.prefix(40) + second.suffix(30), second + first, try gzipFile(String(repeating: "x", count: 1000)),
        ]
        for (content, isSent) in good.map({ ($0, true) }) + bad.map({ ($0, false) }) {
            try makeNeighbour("a.html.gz", content, site)
            let answer = try site.get("/a.html", Self.gzip, at: 0)
            let isSame = answer.bytes == content
            #expect(isSame == isSent && answer["Content-Encoding"] == "gzip")
        }
        #expect(site.log.lines.count == 1, "a line a file: \(site.log.lines)")
    }

    @Test("A large gzip neighbour is known by its first bytes and by the size that it ends with")
    func largeNeighbour() throws {
        let all = text(600_000)
        let site = try site(["a.html": all])
        try makeNeighbour("a.html.gz", gzipFile(all), site)
        #expect(try site.get("/a.html", Self.gzip).byteCount == gzipFile(all).count)
        for content in [try gzipFile(all + "x"), [0] + (try gzipFile(all))] {
            try makeNeighbour("a.html.gz", content, site)
            #expect(try site.get("/a.html", Self.gzip).byteCount == nil, "it is compressed on its way")
        }
    }

    @Test("An empty neighbour, as a full disk leaves one, is not sent")
    func emptyNeighbour() throws {
        let site = try site(["a.html": text(1000)])
        try makeNeighbour("a.html.br", [], site)
        #expect(try site.get("/a.html", Self.brotli).bytes.isEmpty == false)
        #expect(site.log.lines == ["a.html.br is not sent in place of a.html: it is empty"])
    }

    @Test("A site may do without neighbours, and compresses by itself")
    func noNeighbours() throws {
        let site = try site(["a.html": text(1000), "a.html.br": "br"]) { $0.usesPrecompressed = false }
        let answer = try site.get("/a.html", Self.brotli)
        #expect(answer["Content-Encoding"] == "br" && answer.content != "br")
    }

    @Test("A neighbour that is no file, or leads outside, is none")
    func noFile() throws {
        let site = try site(["a.html": "page", "../outside": "secret"])
        try site.folder.makeDirectory("a.html.gz")
        try site.folder.makeLink("a.html.br", to: "../outside")
        let answer = try site.get("/a.html", [("Accept-Encoding", "gzip, br")])
        #expect(answer.content == "page")
        #expect(answer["Content-Encoding"] == nil)
    }

    @Test("Text without a neighbour is compressed on its way", arguments: sizes, ["gzip", "br"])
    func dynamic(size: Int, coding: String) throws {
        let site = try site(["a.html": text(size)])
        let answer = try site.get("/a.html", [("Accept-Encoding", coding)])
        #expect(answer.status == .ok)
        #expect(answer["Content-Encoding"] == coding)
        #expect(answer["Vary"] == "Accept-Encoding")
        #expect(answer["Accept-Ranges"] == nil)
        #expect(answer.bytes.count < size)
        #expect(answer.byteCount == (answer.isStreamed ? nil : answer.bytes.count), "a length is right or absent")
        if coding == "gzip" {
            // Its last four bytes say how long it is decoded (RFC 1952 §2.3.1).
            #expect(answer.bytes.starts(with: [0x1F, 0x8B]))
            #expect(answer.bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) } == size)
        }
        let again = try site.get("/a.html", [("Accept-Encoding", coding)])
        #expect(again.bytes == answer.bytes && again.fields == answer.fields)
        #expect(try site.get("/a.html")["Vary"] == "Accept-Encoding")
        #expect(try site.get("/a.html")["Accept-Ranges"] == "bytes")
    }

    @Test("However small the room, what is compressed on its way is the same")
    func smallRooms() throws {
        let site = try site(["a.html": text(300_000)])
        let request = Request("/a.html", Self.gzip)
        guard let first = site.responder.open(request).driven,
            let second = site.responder.open(request).driven
        else {
            Issue.record("not a stream")
            return
        }
        let isSame = try first.remainder(piece: 1) == second.remainder(piece: 1_000_000)
        #expect(isSame)
    }

    @Test("A file that becomes shorter while it is compressed fails, so that the client notices")
    func shrinking() throws {
        let site = try site(["a.html": text(300_000)])
        guard let exchange = site.responder.open(Request("/a.html", Self.gzip)).driven else {
            Issue.record("not a stream")
            return
        }
        try site.folder.makeFile("a.html", "short")
        var piece = [UInt8](repeating: 0, count: 1000)
        var production = Production.bytes(0)
        while case .bytes = production {
            var room = piece.mutableSpan
            production = exchange.produce(into: &room)
        }
        guard case .failed = production else {
            Issue.record("it ends as if it were whole")
            return
        }
    }

    @Test("Small files and those compressed already are sent as they are")
    func notWorthIt() throws {
        let site = try site(["small.html": text(255), "enough.html": text(256), "a.png": text(1000)])
        for path in ["/small.html", "/a.png"] {
            #expect(try site.get(path, Self.gzip)["Content-Encoding"] == nil)
            #expect(try site.get(path, Self.gzip)["Vary"] == nil)
        }
        #expect(try site.get("/enough.html", Self.gzip)["Content-Encoding"] == "gzip")
    }

    @Test("A site may send nothing compressed, and then nothing varies")
    func uncompressed() throws {
        let site = try site(["a.html": text(1000), "a.html.gz": "gz"]) { $0.compresses = false }
        let answer = try site.get("/a.html", [("Accept-Encoding", "gzip, br")])
        #expect(answer["Content-Encoding"] == nil && answer["Vary"] == nil)
        #expect(answer.byteCount == 1000)
    }

    @Test("Who accepts no coding at hand gets none (§15.5.7)")
    func notAcceptable() throws {
        let site = try site(["a.html": text(1000), "a.png": "x"])
        #expect(try site.get("/a.html", [("Accept-Encoding", "*;q=0")]).status == .notAcceptable)
        #expect(try site.get("/a.png", [("Accept-Encoding", "gzip, identity;q=0")]).status == .notAcceptable)
        #expect(try site.get("/a.html", [("Accept-Encoding", "gzip, identity;q=0")]).status == .ok)
    }

    @Test("What one client accepts is not taken for what the next one does")
    func mixedClients() throws {
        let site = try site(["a.html": text(1000)])
        let clients: [([(String, String)], String?)] = [
            (Self.gzip, "gzip"), ([], nil), (Self.brotli, "br"), ([("Accept-Encoding", "")], nil),
            ([("Accept-Encoding", "gzip"), ("Accept-Encoding", "br")], "br"), ([("Accept-Encoding", "")], nil),
            ([("Accept-Encoding", "gzip"), ("Accept-Encoding", "")], "gzip"), ([], nil),
            ([("Accept-Encoding", "gzip, identity;q=0"), ("Range", "bytes=0-1")], "gzip"),
            ([("Accept-Encoding", "")], nil), ([("Accept-Encoding", "br"), ("Range", "bytes=0-")], nil),
            (Self.brotli, "br"),
        ]
        for _ in 1...2 {
            for (fields, coding) in clients {
                #expect(try site.get("/a.html", fields)["Content-Encoding"] == coding, "\(fields)")
            }
        }
    }

    @Test("A neighbour that comes later is seen, and from then on every variant says that it varies")
    func laterNeighbour() throws {
        let site = try site(["a.png": "x"])
        #expect(try site.get("/a.png", at: 0)["Vary"] == nil)
        try site.folder.makeFile("a.png.gz", gzipFile("x"))
        #expect(try site.get("/a.png", at: 2_000_000_000)["Vary"] == "Accept-Encoding")
        #expect(try site.get("/a.png", Self.gzip, at: 2_000_000_000).bytes == gzipFile("x"))
    }

    // MARK: Validators (§8.8) and 304 (§15.4.5)

    @Test("Every coding has an entity tag of its own, made here or found", arguments: sizes)
    func entityTags(size: Int) throws {
        let site = try site(["a.html": text(size), "b.html": text(size), "b.html.br": text(size)])
        try makeNeighbour("b.html.gz", gzipFile(text(size)), site)
        let codings: [[(String, String)]] = [[], Self.gzip, Self.brotli]
        var tags: [String] = []
        for path in ["/a.html", "/b.html"] {
            for fields in codings { tags.append(try #require(try site.get(path, fields)["ETag"])) }
        }
        let isWhole = size <= 131_072
        #expect((tags[0] == tags[3]) == isWhole, "what is read whole is the same without a coding")
        #expect(Set(tags).count == (isWhole ? 5 : 6))
        #expect(tags.allSatisfy { $0.hasPrefix("\"") }, "strong, all of them")
    }

    @Test("A client's copy that is still good is not sent again, in any coding", arguments: sizes, ["", "gzip", "br"])
    func notModified(size: Int, coding: String) throws {
        let site = try site(["a.html": text(size)])
        let accept = ("Accept-Encoding", coding)
        let full = try site.get("/a.html", [accept])
        let tag = try #require(full["ETag"])
        for condition in [("If-None-Match", tag), ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")] {
            for method in [MartinetHTTP.Method.get, .head] {
                let answer = try site.get("/a.html", method: method, [accept, condition])
                #expect(answer.status == .notModified)
                #expect(answer.bytes.isEmpty)
                #expect(answer.names == ["ETag", "Cache-Control", "Vary"])
                #expect(answer["ETag"] == tag && answer["Vary"] == full["Vary"])
                #expect(answer["Cache-Control"] == full["Cache-Control"])
            }
        }
        let other = try site.get(
            "/a.html", [("Accept-Encoding", coding == "gzip" ? "br" : "gzip"), ("If-None-Match", tag)])
        #expect(other.status == .ok, "another coding is another representation")
    }

    @Test("A condition that fails is told so, and nothing is sent (§15.5.13)", arguments: sizes)
    func failed(size: Int) throws {
        let site = try site(["a.html": text(size)])
        for condition in [("If-Match", "\"x\""), ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")] {
            let answer = try site.get("/a.html", [condition, ("Range", "bytes=0-1")])
            #expect(answer.status == .preconditionFailed)
            #expect(answer["Content-Range"] == nil)
        }
        #expect(try site.get("/none", [("If-Match", "*")]).status == .notFound)
    }

    @Test("A file from the future was last changed now, at the latest (§8.8.2.1)")
    func future() throws {
        let site = try Site()
        try site.folder.makeFile("a.txt", "x")
        try site.folder.setModified("a.txt", to: 100_000_000_000)
        let date = try #require(try site.get("/a.txt")["Last-Modified"])
        #expect(!date.contains("5138"))
    }

    // MARK: Parts (§14, §15.3.7)

    @Test(
        "One range is sent with its place and exact length", arguments: sizes,
        [
            ("bytes=0-0", 0, 1), ("bytes=10-19", 10, 20), ("bytes=990-", 990, nil), ("bytes=-1", -1, nil),
            ("bytes=0-", 0, nil), ("bytes=5-999999999", 5, nil), ("bytes=0-4,5-9", 0, 10), ("bytes=0-0,2000000-", 0, 1),
        ] as [(String, Int, Int?)])
    func oneRange(size: Int, expected: (range: String, start: Int, end: Int?)) throws {
        let site = try site(["a.html": text(size)])
        let range = (expected.start < 0 ? size + expected.start : expected.start)..<(expected.end ?? size)
        let answer = try site.get("/a.html", [("Range", expected.range)])
        #expect(answer.status == .partialContent)
        #expect(answer.values(of: "Content-Range") == ["bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"])
        #expect(answer.byteCount == range.count)
        let isSame = answer.bytes[...] == [UInt8](text(size).utf8)[range]
        #expect(isSame)
        let full = try site.get("/a.html")
        for name in ["ETag", "Last-Modified", "Content-Type", "Cache-Control", "Vary"] {
            #expect(answer[name] == full[name], "\(name) is as in the whole")
        }
    }

    @Test("Several ranges are sent as a multipart of the length announced, in the order asked for", arguments: sizes)
    func multipart(size: Int) throws {
        let site = try site(["a.html": text(size)])
        let answer = try site.get("/a.html", [("Range", "bytes=500-509,0-0,-5")])
        #expect(answer.status == .partialContent)
        #expect(answer["Content-Range"] == nil, "a multipart has none of its own (§15.3.7.2)")
        let type = try #require(answer["Content-Type"])
        #expect(answer.values(of: "Content-Type").count == 1)
        try #require(type.hasPrefix("multipart/byteranges; boundary="))
        let boundary = type.dropFirst("multipart/byteranges; boundary=".count)
        #expect(!boundary.isEmpty && boundary.utf8.count <= 70, "RFC 2046 §5.1.1")
        let all = text(size)
        let bytes = [UInt8](all.utf8)
        var expected = ""
        for range in [500..<510, 0..<1, size - 5..<size] {
            expected += "\r\n--\(boundary)\r\nContent-Type: text/html; charset=utf-8\r\n"
            expected += "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)\r\n\r\n"
            expected += String(decoding: bytes[range], as: UTF8.self)
        }
        expected += "\r\n--\(boundary)--\r\n"
        #expect(answer.content == expected)
        #expect(answer.byteCount == expected.utf8.count)
    }

    @Test("However small the room, a multipart from a file is the same")
    func multipartRooms() throws {
        let site = try site(["a.html": text(300_000)])
        let request = Request("/a.html", [("Range", "bytes=0-9,20-29,-10")])
        guard let exchange = site.responder.open(request).driven,
            case .stream(let length?) = exchange.response?.content
        else {
            Issue.record("not a stream of a known length")
            return
        }
        #expect(try exchange.remainder(piece: 1).count == length)
    }

    @Test(
        "A range outside is refused with the length there is (§15.5.17)",
        arguments: [("bytes=1000-", 1000), ("bytes=-0", 1000), ("bytes=5000-6000,7000-", 1000)])
    func unsatisfiable(range: String, size: Int) throws {
        let site = try site(["a.html": text(size)])
        let answer = try site.get("/a.html", [("Range", range)])
        #expect(answer.status == .rangeNotSatisfiable)
        #expect(answer["Content-Range"] == "bytes */\(size)")
        #expect(answer["ETag"] == nil)
    }

    @Test(
        "A range that is malformed, in another unit or not for this representation is passed over",
        arguments: [
            [("Range", "bytes=2-1")], [("Range", "lines=1-2")], [("Range", "bytes=0-1"), ("Range", "bytes=0-1")],
            [("Range", "bytes=0-1"), ("If-Range", "\"x\"")], [("Range", "bytes=2000-"), ("If-Range", "\"x\"")],
            [("Range", "bytes=0-1"), ("If-Range", "Sun, 06 Nov 1994 08:49:36 GMT")],
        ])
    func ignored(fields: [(String, String)]) throws {
        let site = try site(["a.html": text(1000)])
        let answer = try site.get("/a.html", fields)
        #expect(answer.status == .ok)
        #expect(answer.byteCount == 1000)
    }

    @Test("A range of an empty file is passed over (§14.2)", arguments: ["bytes=0-", "bytes=0-1023", "bytes=-500"])
    func rangeOfNothing(range: String) throws {
        let answer = try site(["a.html": ""]).get("/a.html", [("Range", range)])
        #expect(answer.status == .ok && answer.byteCount == 0 && answer["Content-Range"] == nil)
    }

    @Test("If-Range with the tag or the true date that the client was given lets the range through", arguments: sizes)
    func ifRange(size: Int) throws {
        let site = try site(["a.html": text(size)])
        let full = try site.get("/a.html")
        func status(_ value: String?) throws -> StatusCode {
            let value = try #require(value)
            return try site.get("/a.html", [("Range", "bytes=1-2"), ("If-Range", value)]).status
        }
        #expect(try status(full["ETag"]) == .partialContent)
        #expect(try status(full["Last-Modified"]) == .ok, "somebody has set it")
        try site.folder.makeFile("a.html", text(size))
        #expect(try status(site.get("/a.html", at: 0)["Last-Modified"]) == .partialContent)
        let encoded = try #require(try site.get("/a.html", Self.gzip)["ETag"])
        let answer = try site.get("/a.html", Self.gzip + [("Range", "bytes=1-2"), ("If-Range", encoded)])
        #expect(answer.status == .ok, "the tag of another coding does not")
    }

    @Test("Ranges are never of what is encoded here: who asks for one gets it without a coding", arguments: sizes)
    func rangeOfEncoded(size: Int) throws {
        let site = try site(["a.html": text(size)])
        let answer = try site.get("/a.html", [("Accept-Encoding", "gzip, br"), ("Range", "bytes=0-9")])
        #expect(answer.status == .partialContent)
        #expect(answer["Content-Encoding"] == nil)
        #expect(answer.content == text(10))
        #expect(answer["Vary"] == "Accept-Encoding")
        let forced = try site.get("/a.html", [("Accept-Encoding", "gzip, identity;q=0"), ("Range", "bytes=0-9")])
        #expect(forced.status == .ok)
        #expect(forced["Content-Encoding"] == "gzip" && forced["Content-Range"] == nil)
    }

    @Test("HEAD knows no ranges, and is answered as GET without one is", arguments: sizes)
    func head(size: Int) throws {
        let site = try site(["a.html": text(size)])
        for range in ["bytes=0-9", "bytes=999999-"] {
            let answer = try site.get("/a.html", method: .head, [("Range", range)])
            #expect(answer.status == .ok)
            #expect(answer.byteCount == size)
            #expect(answer.fields == (try site.get("/a.html").fields))
        }
        let encoded = try site.get("/a.html", method: .head, Self.gzip)
        let get = try site.get("/a.html", Self.gzip)
        #expect(encoded.fields == get.fields && encoded.byteCount == get.byteCount)
    }

    // MARK: Listings, applications, hidden names and links

    @Test("A listing is JSON for those who ask for it by name, and says that it varies")
    func listing() throws {
        let site = try site(["a.txt": "x", "b.txt": "xx"])
        let page = try site.get("/", query: "sort=size&order=desc", [("Accept", "text/html, */*")])
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        let names = page.content.split(separator: "href=\"").dropFirst().map { String($0.prefix(5)) }
        #expect(names == ["b.txt", "a.txt"])
        let json = try site.get("/", [("Accept", "application/json")])
        #expect(json["Content-Type"] == "application/json")
        #expect(json.content.hasPrefix("[{\"name\":\"a.txt\""))
        #expect(page["Vary"] == "Accept" && json["Vary"] == "Accept")
    }

    @Test(
        "An application's page is sent where there is none, but not for a missing script",
        arguments: [
            ("/none", "", .ok), ("/users/5", "", .ok), ("/sub/", "", .ok), ("/", "", .ok), ("/a.b/c", "", .ok),
            ("/none.js", "", .notFound), ("/none.js", "*/*", .notFound), ("/v1.2", "text/html,*/*", .ok),
            ("/none.js", "text/html;q=0", .notFound), ("/real.js", "", .ok), ("/none", "*/*", .ok),
            ("/none", "application/json", .notFound), ("/none", "text/html;q=0, */*", .notFound),
            ("/none", "application/json, text/plain, */*", .ok), ("/real.js", "image/png", .ok),
            ("/%", "", .badRequest),
            ("/.git", "", .notFound),
        ] as [(String, String, StatusCode)])
    func fallback(path: String, accept: String, expected: StatusCode) throws {
        let site = try site(["app.html": "app", "real.js": "app"]) {
            $0.fallbackFile = "app.html"
            $0.hasListing = false
        }
        let answer = try site.get(path, [("Accept", accept)])
        #expect(answer.status == expected)
        #expect((answer.content == "app") == (expected == .ok))
        let isChosen = !["/real.js", "/%", "/.git"].contains(path)
        #expect(answer["Vary"]?.hasPrefix("Accept") == (isChosen ? true : nil), "caches know what decided")
    }

    @Test("An application's page that one client is sent is not kept for another")
    func fallbackIsNotKept() throws {
        let site = try site(["app.html": "app"]) { $0.fallbackFile = "app.html" }
        for _ in 1...2 {
            #expect(try site.get("/none.js", [("Accept", "text/html")]).content == "app")
            #expect(try site.get("/none.js", [("Accept", "*/*")]).status == .notFound)
        }
    }

    @Test("An application without its page has nothing to send")
    func noFallback() throws {
        let site = try site([:]) { $0.fallbackFile = "app.html" }
        #expect(try site.get("/none").status == .notFound)
    }

    @Test(
        "A listing is in the form that is liked better",
        arguments: [
            ("text/html, application/json;q=0.1", false), ("application/json, text/html;q=0.9", true),
            ("application/json;q=0.5", true), ("application/json;q=0.5, */*;q=0.8", false),
            ("application/json, */*", true), ("*/*", false), ("application/*", false), ("image/png", false),
            ("text/*;q=0.2, application/json;q=0.3", true),
        ])
    func listingForms(accept: String, isJSON: Bool) throws {
        let answer = try site(["a.txt": "x"]).get("/", [("Accept", accept)])
        #expect(answer["Content-Type"] == (isJSON ? "application/json" : "text/html; charset=utf-8"))
        #expect(answer["Vary"] == "Accept")
    }

    @Test("A listing shows what would be served: no links that lead out, no directories where programs answer")
    func listedAreServed() throws {
        let site = try Site.withOddThings { $0.routedPrefixes = ["/cgi-bin/", "//sub//scripts/", "/file.txt/"] }
        for name in ["cgi-bin", "sub/scripts", "sub/cgi-bin"] { try site.folder.makeDirectory(name) }
        try site.folder.makeLink("sub/up", to: "../file.txt")
        try site.folder.makeLink("sub/outside", to: "../../outside")
        func names(_ path: String) throws -> [String] {
            try site.get(path).content.split(separator: "<a href=\"").dropFirst()
                .map { String($0.prefix { $0 != "\"" }) }
        }
        #expect(try names("/") == ["sub/", "file.txt", "inside", "inside-absolute"])
        #expect(try names("/sub/") == ["../", "cgi-bin/", "up"])
        for name in try names("/") { #expect(try site.get("/\(name)").status == .ok) }
        let followed = try Site.withOddThings { $0.followsLinks = true }
        #expect(try followed.get("/").content.contains("<a href=\"out\">"))
    }

    @Test("A listing has no links but those to its entries and up, so that nobody fetches it once for each order")
    func listingLinks() throws {
        let page = try site(["a film.mkv": "x", "b:c": "x"]).get("/").content
        let links = page.split(separator: "<a href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(links == ["a%20film.mkv", "b%3ac"])
        #expect(page.contains("<button name=\"sort\" value=\"size\">"))
    }

    @Test("Hidden names are served and listed where the site says so")
    func hidden() throws {
        let site = try Site.withOddThings { $0.showsHidden = true }
        #expect(try site.get("/.hidden").content == "secret")
        #expect(try site.get("/.git/config").content == "secret")
        #expect(try site.get("/sub/").content.contains("href=\".hidden\""))
        #expect(try !Site.withOddThings().get("/sub/").content.contains(".hidden"))
    }

    @Test("Links that lead out are followed where the site says so")
    func followed() throws {
        let site = try Site.withOddThings { $0.followsLinks = true }
        #expect(try site.get("/out").content == "secret")
        #expect(try site.get("/out-absolute").content.contains("root:"))
        #expect(try site.get("/inside").content == "content")
        #expect(try site.get("/circle").status == .notFound)
        #expect(try site.get("/dangling").status == .notFound)
    }
}
