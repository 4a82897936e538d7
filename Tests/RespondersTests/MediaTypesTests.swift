import Testing

@testable import MartinetResponders

@Suite("Media types by extension (RFC 9110 §8.3)")
struct MediaTypesTests {
    @Test(
        "The last extension decides, in any case; text is UTF-8",
        arguments: [
            ("index.html", "text/html; charset=utf-8"), ("INDEX.HTML", "text/html; charset=utf-8"),
            ("a/b/c.css", "text/css; charset=utf-8"), ("a.js", "text/javascript; charset=utf-8"),
            ("a.png", "image/png"), ("a.tar.gz", "application/gzip"), ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"), ("a.b.txt", "text/plain; charset=utf-8"), ("a.wasm", "application/wasm"),
            ("noextension", "application/octet-stream"), ("a.unknown", "application/octet-stream"),
            ("a.", "application/octet-stream"), ("", "application/octet-stream"),
            ("dir.html/file", "application/octet-stream"), (".html", "application/octet-stream"),
            ("dir/.html", "application/octet-stream"), ("dir/x.html", "text/html; charset=utf-8"),
        ])
    func builtIn(name: String, expected: String) {
        #expect(MediaTypes().contentType(ofFileNamed: [UInt8](name.utf8)) == [UInt8](expected.utf8))
    }

    @Test("Names that are not UTF-8 have no known type, and do no harm")
    func notUTF8() {
        let type = MediaTypes().contentType(ofFileNamed: [0x61, 0x2E, 0xFF])
        #expect(type == [UInt8]("application/octet-stream".utf8))
    }

    private static let table = """
        # a comment.html
        application/x-thing\t\tthing thing2
        application/x-none
        text/x-new new
        image/x-other png
        application/javascript js mjs
        """

    @Test(
        "The system's table comes over the built-in one, except for scripts (RFC 9239)",
        arguments: [
            ("a.thing", "application/x-thing"), ("a.thing2", "application/x-thing"),
            ("a.new", "text/x-new; charset=utf-8"), ("a.png", "image/x-other"), ("a.gif", "image/gif"),
            ("a.js", "text/javascript; charset=utf-8"), ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.html", "text/html; charset=utf-8"),
        ], [table, table.replacing("\n", with: "\r\n")])
    func system(expected: (name: String, type: String), table: String) {
        let types = MediaTypes(systemTable: [UInt8](table.utf8))
        for _ in 1...2 {
            #expect(types.contentType(ofFileNamed: [UInt8](expected.name.utf8)) == [UInt8](expected.type.utf8))
        }
    }

    @Test("A table without a last line's end is read to its last byte, and an odd one does no harm")
    func oddTables() {
        #expect(
            MediaTypes(systemTable: [UInt8]("x/y z".utf8)).contentType(ofFileNamed: [UInt8]("a.z".utf8))
                == [UInt8]("x/y".utf8))
        for table in ["\n", "#", "z", "x/y", " x/y \t z\n\n", "\r\n z"] {
            _ = MediaTypes(systemTable: [UInt8](table.utf8)).contentType(ofFileNamed: [UInt8]("a.z".utf8))
        }
    }

    @Test(
        "Text in any form is worth compressing, what is compressed already is not",
        arguments: [
            ("text/html; charset=utf-8", true), ("text/x-new", true), ("image/svg+xml", true),
            ("application/manifest+json", true), ("application/json", true), ("application/wasm", true),
            ("font/ttf", true), ("image/png", false), ("application/gzip", false), ("font/woff2", false),
            ("application/octet-stream", false), ("video/mp4", false), ("", false), ("application/jsonx", false),
        ])
    func compressible(type: String, expected: Bool) {
        #expect(MediaTypes.isCompressible([UInt8](type.utf8)) == expected)
    }
}

extension MediaTypes {
    /// The type of a file of whose content nothing is known.
    fileprivate func contentType(ofFileNamed name: [UInt8]) -> [UInt8] { type(ofFileNamed: name).contentType(nil) }
}
