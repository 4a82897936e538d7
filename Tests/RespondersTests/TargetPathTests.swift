import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Where a target's path leads beneath a root")
struct TargetPathTests {
    @Test(
        "Its segments are joined with slashes, without one at either end",
        arguments: [
            ("", "", true), ("/", "", true), ("/a", "a", false), ("/a/", "a", true), ("//a//b", "a/b", false),
            ("/a/..", "", true), ("/a/b/..", "a", true), ("/a/.", "a", true), ("/@scope%2fname", "@scope/name", false),
            ("/.well-known/x", ".well-known/x", false), ("/%2e%2e%2fa", "a", false), ("/a%2f", "a", true),
        ] as [(String, String, Bool)])
    func reading(encoded: String, expected: String, endsWithSlash: Bool) throws {
        let path = try TargetPath(Request(encoded))
        #expect(String(decoding: path.relative, as: UTF8.self) == expected)
        #expect(path.endsWithSlash == endsWithSlash)
    }

    @Test(
        "A prefix that it begins with is left out",
        arguments: [
            ("/p/a", "p", "a"), ("/p/", "p", ""), ("/p", "p", ""), ("/p/q/a/b/", "p/q", "a/b"),
            ("//p/./q//a", "p/q", "a"),
        ])
    func prefix(encoded: String, prefix: String, expected: String) throws {
        let path = try TargetPath(Request(encoded), beneath: [UInt8](prefix.utf8))
        #expect(String(decoding: path.relative, as: UTF8.self) == expected)
    }

    @Test(
        "What stands behind some segments keeps its runs of slashes",
        arguments: [
            ("/p/s/a/b", 2, "/a/b"), ("/p/s", 2, ""), ("/p/s/", 2, "/"), ("/p/s//a///b//", 2, "//a///b//"),
            ("//p///s//a", 2, "//a"), ("/p/s/https:%2f%2fa", 2, "/https://a"), ("/p/s/x/..//a", 2, "//a"),
            ("/a/b", 0, "/a/b"),
            ("//a", 0, "//a"), ("/", 0, "/"), ("/p/s//", 2, "//"), ("/a", 5, ""),
        ])
    func rest(encoded: String, count: Int, expected: String) throws {
        let path = try TargetPath(Request(encoded), allowsHidden: true)
        #expect(String(decoding: path.rest(behind: count), as: UTF8.self) == expected)
    }

    @Test("A path that cannot be read leads nowhere")
    func malformed() {
        for (encoded, flaw) in [("/%", .incompleteEscape), ("/a%00", .encodedNUL), ("/\\", .backslash)]
            as [(String, PathFlaw)]
        {
            #expect(throws: TargetPath.Refusal.malformed(flaw)) { try TargetPath(Request(encoded)) }
        }
    }

    @Test(
        "Names that begin with a dot are hidden, however they are spelt",
        arguments: [
            "/.git/config", "/.htaccess", "/a/.ssh/id", "/%2egit", "/...", "/.../a", "/..a", "/.well-known-not",
            "/.well-know", "/.well-known/.x", "/.Well-known/", "/a%2f.git", "/a%2f%2egit/config",
        ])
    func hidden(encoded: String) {
        #expect(throws: TargetPath.Refusal.hidden) { try TargetPath(Request(encoded)) }
    }

    @Test("A hidden name that dot segments take away again does no harm")
    func hiddenAndLeft() throws {
        #expect(try TargetPath(Request("/.git/../a")).relative == [UInt8]("a".utf8))
    }

    @Test(
        "Encoding leaves what is plain and escapes what means something, with one slash before",
        arguments: [
            ("", "/"), ("a/b.txt", "/a/b.txt"), ("a b", "/a%20b"), ("100%", "/100%25"), ("é", "/%c3%a9"),
            ("a?b#c", "/a%3fb%23c"), ("\"<>'&;:", "/%22%3c%3e%27%26%3b%3a"), ("\r\n", "/%0d%0a"), ("\\", "/%5c"),
            ("A-Z_~@+,09", "/A-Z_~@+,09"),
        ])
    func encoding(decoded: String, expected: String) {
        #expect(String(decoding: TargetPath.encode([UInt8](decoded.utf8)), as: UTF8.self) == expected)
    }

    @Test("Every name that a file can have is read as it was encoded")
    func roundTrip() throws {
        for byte in UInt8(1)...255 where byte != UInt8(ascii: "/") {
            let name = [UInt8(ascii: "x"), byte]
            let encoded = TargetPath.encode(name)
            #expect(try TargetPath(Request(String(decoding: encoded, as: UTF8.self))).relative == name)
        }
    }
}
