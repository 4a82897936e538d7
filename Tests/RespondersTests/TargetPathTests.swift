import Testing

@testable import MartinetResponders

@Suite("Where a target's path leads (RFC 3986 §5.2.4, §6.2.2)")
struct TargetPathTests {
    @Test(
        "Paths are decoded once, and dot segments are resolved after that",
        arguments: [
            ("", "", true), ("/", "", true), ("/a", "a", false), ("/a/", "a/", true), ("/a/b.txt", "a/b.txt", false),
            ("//a//b", "a/b", false), ("///", "", true), ("/a%20b", "a b", false), ("/%61", "a", false),
            ("/%C3%A9", "é", false), ("/%c3%a9", "é", false), ("/a+b", "a+b", false), ("/%25", "%", false),
            ("/%2541", "%41", false), ("/%252e%252e/x", "%2e%2e/x", false), ("/%252F", "%2F", false),
            ("/.", "", true), ("/./a", "a", false), ("/a/.", "a/", true), ("/a/./b", "a/b", false),
            ("/..", "", true), ("/../a", "a", false), ("/a/..", "", true), ("/a/../b", "b", false),
            ("/a/b/..", "a/", true), ("/a/b/../", "a/", true), ("/a/b/../../../../c", "c", false),
            ("/%2e%2e/a", "a", false), ("/a/%2E%2e/b", "b", false), ("/a/.%2e/b", "b", false), ("/%2e", "", true),
            ("/a/%2e%2e", "", true), ("/.well-known/x", ".well-known/x", false), ("/a..b", "a..b", false),
            ("/a.", "a.", false), ("/~user", "~user", false), ("/?", "?", false), ("/a%0Ab", "a\nb", false),
        ] as [(String, String, Bool)])
    func reading(encoded: String, expected: String, endsWithSlash: Bool) throws {
        let bytes = [UInt8](encoded.utf8)
        let path = try TargetPath(bytes.span)
        let isDirectory = expected.hasSuffix("/")
        #expect(
            String(decoding: path.relative, as: UTF8.self) == (isDirectory ? String(expected.dropLast()) : expected))
        #expect(path.endsWithSlash == endsWithSlash)
    }

    @Test(
        "Encoded slashes and NULs, half escapes and backslashes are malformed",
        arguments: [
            "/%2F", "/%2f", "/a%2Fb", "/..%2F..%2Fetc/passwd", "/%00", "/a.txt%00.png", "/%", "/%2", "/a%", "/%zz",
            "/%2g", "/%g2", "/% 20", "/%-1", "/\\", "/a\\..\\b", "/..\\..\\x", "/%u0041",
        ])
    func malformed(encoded: String) {
        let bytes = [UInt8](encoded.utf8)
        let error = #expect(throws: TargetPath.Refusal.self) { try TargetPath(bytes.span) }
        guard case .malformed = error else {
            Issue.record("\(encoded) is not malformed")
            return
        }
    }

    @Test(
        "What is wrong with a path is told apart",
        arguments: [
            ("/a%2", .incompleteEscape), ("/%zz", .incompleteEscape), ("/a%2Fb", .encodedSlashOrNUL),
            ("/%00", .encodedSlashOrNUL), ("/a\\b", .backslash),
        ] as [(String, TargetPath.Flaw)])
    func flaws(encoded: String, flaw: TargetPath.Flaw) {
        let bytes = [UInt8](encoded.utf8)
        #expect(throws: TargetPath.Refusal.malformed(flaw)) { try TargetPath(bytes.span) }
    }

    @Test(
        "Names that begin with a dot are hidden, however they are spelt",
        arguments: [
            "/.git/config", "/.htaccess", "/a/.ssh/id", "/%2egit", "/...", "/.../a", "/..a", "/.well-known-not",
            "/.well-know", "/.well-known/.x", "/.Well-known/",
        ])
    func hidden(encoded: String) {
        let bytes = [UInt8](encoded.utf8)
        #expect(throws: TargetPath.Refusal.hidden) { try TargetPath(bytes.span) }
    }

    @Test("A hidden name that dot segments take away again does no harm")
    func hiddenAndLeft() throws {
        let bytes = [UInt8]("/.git/../a".utf8)
        #expect(try TargetPath(bytes.span).relative == [UInt8]("a".utf8))
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
            #expect(try TargetPath(encoded.span).relative == name)
        }
    }
}
