import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Media types by name and content")
struct MediaTypeTests {
    private static let table = """
        text/vnd.trolltech.linguist ts
        application/rls-services+xml rs
        application/pgp-keys key
        application/yaml yaml yml
        application/toml toml
        image/svg+xml svg svgz
        application/javascript js mjs cjs
        text/x-csrc c
        """

    private func contentType(
        _ name: String, _ content: [UInt8] = [], chosen: [String: String] = [:], isWhole: Bool = true
    ) -> String {
        let type = MediaTypes(chosen, systemTable: [UInt8](Self.table.utf8)).type(ofFileNamed: [UInt8](name.utf8))
        let facts = type.dependsOnContent ? TextFacts(content.span, isWhole: isWhole) : nil
        return String(decoding: type.contentType(facts), as: UTF8.self)
    }

    @Test(
        "What is to be read is sent as what every browser shows, whatever tables say",
        arguments: [
            "a.rs", "a.yaml", "a.yml", "a.toml", "a.ini", "a.log", "a.conf", "a.jsonl", "a.glsl", "a.ts", "a.mts",
            "a.TS",
            "a.swift", "a.go", "a.cfg", "a.c",
        ])
    func plainText(name: String) {
        #expect(contentType(name, [UInt8]("x = 1".utf8)) == "text/plain; charset=utf-8")
    }

    @Test("Scripts are scripts, and what may be a key is nothing that a browser shows")
    func others() {
        for name in ["a.js", "a.mjs", "a.cjs"] {
            #expect(contentType(name) == "text/javascript; charset=utf-8")
        }
        #expect(contentType("a.key") == "application/octet-stream")
    }

    @Test("A transport stream is known by two packets, and is text otherwise")
    func transportStream() {
        var stream = [UInt8](repeating: 0xFF, count: 376)
        stream[0] = 0x47
        stream[188] = 0x47
        for name in ["v.ts", "v.mts"] {
            #expect(contentType(name, stream) == "video/mp2t")
            #expect(contentType(name, stream, isWhole: false) == "video/mp2t")
            #expect(contentType(name, [UInt8](stream.prefix(188))) == "text/plain")
            #expect(contentType(name, [0] + stream) == "text/plain")
            #expect(contentType(name, [UInt8](repeating: 0x47, count: 188)) == "text/plain; charset=utf-8")
        }
        #expect(contentType("v.txt", stream) == "text/plain")
        #expect(contentType("v.ts", stream, chosen: ["ts": "text/x-qt"]) == "text/x-qt", "the operator knows")
    }

    @Test(
        "No charset is said of what says another itself",
        arguments: [
            ("a.html", "<meta charset=\"iso-8859-1\"><p>cafe", "text/html"),
            (
                "a.html", "<!doctype html><html><META  http-equiv=x content='text/html; Charset = Windows-1252'>",
                "text/html"
            ),
            ("a.html", "<meta charset=utf-8><p>caf\u{E9}", "text/html; charset=utf-8"),
            ("a.html", "<meta charset='UTF8'/>", "text/html; charset=utf-8"),
            ("a.html", "<!-- <meta charset=latin1> --><p>", "text/html; charset=utf-8"),
            ("a.html", "<p>charset=latin1", "text/html; charset=utf-8"),
            ("a.html", "<meta name=charset><meta charset=koi8-r>", "text/html"),
            ("a.html", "<?xml version='1.0' encoding='iso-8859-1'?><html>", "text/html"),
            ("a.css", "@charset \"iso-8859-15\"; a {}", "text/css"),
            ("a.css", "@charset \"utf-8\"; a {}", "text/css; charset=utf-8"),
            ("a.css", "a {} @charset \"iso-8859-15\";", "text/css; charset=utf-8"),
            ("a.txt", "<meta charset=latin1>", "text/plain; charset=utf-8"),
        ])
    func declared(name: String, content: String, expected: String) {
        #expect(contentType(name, [UInt8](content.utf8)) == expected)
    }

    @Test(
        "No charset is said of what is not UTF-8; a beginning may end within a character",
        arguments: [
            ([0x63, 0xE9], true, false), ([0x63, 0xC3, 0xA9], true, true), ([0x63, 0xC3], true, false),
            ([0x63, 0xC3], false, true), ([0x63, 0xF0, 0x9F, 0x98], false, true),
            ([0xF0, 0x9F, 0x98, 0x80], false, true),
            ([0xFF, 0xFE, 0x63, 0x00], true, false), ([0xEF, 0xBB, 0xBF, 0x63], true, true), ([], true, true),
            ([], false, true), ([0x80, 0x80, 0x80, 0x80, 0x80], false, false), ([0xE9], false, true),
            ([0xE9, 0x63, 0x63], false, false),
        ] as [([UInt8], Bool, Bool)])
    func notUTF8(content: [UInt8], isWhole: Bool, isUTF8: Bool) {
        #expect(
            contentType("a.txt", content, isWhole: isWhole) == (isUTF8 ? "text/plain; charset=utf-8" : "text/plain"))
    }

    @Test("The operator's types go before all others, with or without their charset")
    func chosen() {
        let chosen = ["MD": "text/plain", "html": "text/html; charset=iso-8859-1", "js": "application/ecmascript"]
        #expect(contentType("a.md", chosen: chosen) == "text/plain; charset=utf-8")
        #expect(contentType("a.html", [0xE9], chosen: chosen) == "text/html; charset=iso-8859-1")
        #expect(contentType("a.js", chosen: chosen) == "application/ecmascript")
    }

    @Test(
        "What is coded under its own name says so, and is not coded again",
        arguments: [
            ("a.svgz", "image/svg+xml", "gzip"), ("a.js.br", "text/javascript; charset=utf-8", "br"),
            ("a.wasm.br", "application/wasm", "br"), ("a.data.br", "application/octet-stream", "br"),
            ("a.br", "application/octet-stream", nil), ("a.js.gz", "application/gzip", nil),
            ("a.tar.gz", "application/gzip", nil),
        ] as [(String, String, String?)])
    func coded(name: String, type: String, coding: String?) throws {
        let site = try Site()
        let content = [UInt8](repeating: 0x80, count: 1000)
        try site.folder.makeFile(name, content)
        try site.folder.makeFile("\(name).br", "neighbour")
        for accepted in ["", "gzip", "gzip, br"] where coding != nil || !accepted.contains("br") {
            let answer = try site.get("/\(name)", [("Accept-Encoding", accepted)])
            #expect(answer["Content-Type"] == type && answer["Content-Encoding"] == coding)
            let isSame = answer.bytes == content
            #expect(isSame && answer["Vary"] == (coding == nil ? "Accept-Encoding" : nil))
        }
        let part = try site.get("/\(name)", [("Range", "bytes=0-9")])
        #expect(part.status == .partialContent && part["Content-Encoding"] == coding)
    }

    @Test("A file's content decides for each of its states, small or large", arguments: [1000, 300_000])
    func served(byteCount: Int) throws {
        let site = try Site()
        try site.folder.makeFile("a.html", [0xE9] + [UInt8](repeating: 0x63, count: byteCount))
        for _ in 1...2 { #expect(try site.get("/a.html", at: 0)["Content-Type"] == "text/html") }
        try site.folder.makeFile("a.html", [UInt8](repeating: 0x63, count: byteCount))
        for _ in 1...2 { #expect(try site.get("/a.html", at: 0)["Content-Type"] == "text/html; charset=utf-8") }
        #expect(site.responder.page(at: [UInt8]("a.html".utf8)).map { $0.contentType.count } ?? 24 == 24)
    }
}
