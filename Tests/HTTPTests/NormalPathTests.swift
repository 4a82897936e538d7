import MartinetHTTP
import MartinetTestSupport
import Testing

@Suite("What a target's path means (RFC 3986 §5.2.4, §6.2.2)")
struct NormalPathTests {
    /// A path as it is written, and what it means with its runs of slashes; without them where that is another.
    static let readings: [(encoded: String, unmerged: String, merged: String?)] = [
        ("", "/", nil), ("/", "/", nil), ("/a", "/a", nil), ("/a/", "/a/", nil), ("/a/b.txt", "/a/b.txt", nil),
        ("/.a", "/.a", nil), ("/a.", "/a.", nil), ("/a..b", "/a..b", nil), ("/...", "/...", nil),
        ("/.../a", "/.../a", nil),
        ("/a./b.", "/a./b.", nil), ("/..a", "/..a", nil), ("/.a./", "/.a./", nil), ("/~user", "/~user", nil),
        // Escapes, once.
        ("/%61", "/a", nil), ("/a%20b", "/a b", nil), ("/%C3%A9", "/é", nil), ("/%c3%a9", "/é", nil),
        ("/%25", "/%", nil),
        ("/a%0Ab", "/a\nb", nil), ("/a%5Cb", "/a\\b", nil), ("/a+b", "/a+b", nil), ("/%3F%23", "/?#", nil),
        ("/%2541", "/%41", nil), ("/%252e%252e/x", "/%2e%2e/x", nil), ("/%252F", "/%2F", nil),
        ("/%252e%252e%252fx", "/%2e%2e%2fx", nil), ("/%2500", "/%00", nil), ("/%25%32%66", "/%2f", nil),
        // Encoded slashes are slashes.
        ("/@scope%2fname", "/@scope/name", nil), ("/@scope%2Fname", "/@scope/name", nil), ("/a%2F", "/a/", nil),
        ("%2fa", "/a", nil), ("/%2fa", "//a", "/a"), ("/a%2f/b", "/a//b", "/a/b"), ("/a%2f%2Fb", "/a//b", "/a/b"),
        ("/%2f/evil.test", "///evil.test", "/evil.test"), ("/https:%2f%2fa", "/https://a", "/https:/a"),
        // Runs of slashes.
        ("//", "//", "/"), ("///", "///", "/"), ("//a//b", "//a//b", "/a/b"), ("/a//", "/a//", "/a/"),
        ("/a///b/", "/a///b/", "/a/b/"),
        // Dot segments.
        ("/.", "/", nil), ("/./", "/", nil), ("/./a", "/a", nil), ("/a/.", "/a/", nil), ("/a/./b", "/a/b", nil),
        ("/a/././b/.", "/a/b/", nil), ("/..", "/", nil), ("/../", "/", nil), ("/../a", "/a", nil), ("/a/..", "/", nil),
        ("/a/../b", "/b", nil), ("/a/b/..", "/a/", nil), ("/a/b/../", "/a/", nil), ("/a/b/../../../../c", "/c", nil),
        ("/../../etc/passwd", "/etc/passwd", nil), ("/.git/../a", "/a", nil),
        // Encoded dots are dots.
        ("/%2e", "/", nil), ("/%2e%2e/a", "/a", nil), ("/a/%2E%2e/b", "/b", nil), ("/a/.%2e/b", "/b", nil),
        ("/a/%2e./b", "/b", nil), ("/a/%2e%2e", "/", nil), ("/a/%2e/b", "/a/b", nil), ("/%2e%2e%2e/a", "/.../a", nil),
        // Both.
        ("/%2e%2e%2f", "/", nil), ("/%2e%2e%2fetc%2fpasswd", "/etc/passwd", nil),
        ("/..%2f..%2fetc/passwd", "/etc/passwd", nil),
        ("/a%2f..%2fb", "/b", nil), ("/a%2f%2e%2e%2f%2e%2e%2fb", "/b", nil), ("/a%2f.%2fb", "/a/b", nil),
        ("/gate/..%2fb", "/b", nil), ("/b/%2e%2e%2fgate%2fx", "/gate/x", nil), ("/a%2f..", "/", nil),
        // Runs and dot segments: what is taken away is a directory, with the slashes behind it.
        ("/a//../b", "/b", nil), ("//a//../b", "//b", "/b"), ("/a/..//b", "//b", "/b"), ("/a//./b", "/a//b", "/a/b"),
        ("/a/.//b", "/a//b", "/a/b"), ("/a/b//..//c", "/a//c", "/a/c"), ("/..//a", "//a", "/a"), ("//..", "//", "/"),
        ("/a//b/../../c", "/c", nil), ("/a//..", "/", nil), ("//./a", "//a", "/a"), ("/a/.//../b", "/b", nil),
    ]

    @Test("It is decoded once, and its dot segments are resolved after that", arguments: readings)
    func reading(encoded: String, unmerged: String, merged: String?) {
        let request = Request(encoded)
        #expect(request.text(request.path) == encoded)
        #expect(request.pathFlaw == nil)
        #expect(request.text(request.unmergedPath) == unmerged)
        #expect(request.text(request.normalPath) == merged ?? unmerged)
    }

    @Test(
        "What is no path is told apart, wherever it stands",
        arguments: [
            ("/%", .incompleteEscape), ("/%2", .incompleteEscape), ("/a%", .incompleteEscape),
            ("/%zz", .incompleteEscape),
            ("/%2g", .incompleteEscape), ("/%g2", .incompleteEscape), ("/% 20", .incompleteEscape),
            ("/%-1", .incompleteEscape),
            ("/%u0041", .incompleteEscape), ("/%%61", .incompleteEscape), ("/..%2f%", .incompleteEscape),
            ("/%00", .encodedNUL), ("/a.txt%00.png", .encodedNUL), ("/a%2f%00", .encodedNUL), ("/..%00/a", .encodedNUL),
            ("/\\", .backslash), ("/a\\..\\b", .backslash), ("/..\\..\\x", .backslash), ("/%2e%2e\\x", .backslash),
        ] as [(String, PathFlaw)])
    func flaws(encoded: String, flaw: PathFlaw) {
        let request = Request(encoded)
        #expect(request.pathFlaw == flaw)
        #expect(request.normalPath.isEmpty && request.unmergedPath.isEmpty)
        #expect(request.text(request.path) == encoded)
    }

    @Test("Both forms have the same segments, none of them a dot segment, however a path is put together")
    func forms() {
        let pieces = ["/", "a", "..", ".", "%2f", "%2e", "%2e%2E", "%252e", "%41", ".b", "%c3"]
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let encoded =
                "/"
                + (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                .joined()
            let request = Request(encoded)
            let (unmerged, merged) = (request.bytes[request.unmergedPath], request.bytes[request.normalPath])
            let slash = UInt8(ascii: "/")
            let segments = merged.dropFirst().split(separator: slash)
            #expect(unmerged.split(separator: slash).elementsEqual(segments, by: ==), "\(encoded)")
            #expect(
                !segments.contains {
                    $0 == [UInt8(ascii: ".")] || $0 == [UInt8](repeating: UInt8(ascii: "."), count: 2)[...]
                }, "\(encoded)")
            #expect(merged.first == slash && (merged.last == slash) == (unmerged.last == slash), "\(encoded)")
            #expect(!zip(merged, merged.dropFirst()).contains { $0 == slash && $1 == slash }, "\(encoded)")
        }
    }

    @Test("A redirection's target is read as a client's is")
    func redirection() {
        let request = Request("/x%00").redirected(to: [UInt8]("/a//b/%2e%2e%2fc?d=//".utf8))
        #expect(request.pathFlaw == nil)
        #expect(request.text(request.normalPath) == "/a/c" && request.text(request.unmergedPath) == "/a//c")
    }

    @Test("Long paths are read in a time that grows with their length", .timeLimit(.minutes(1)))
    func long() {
        let deep = String(repeating: "/a", count: 15_000) + String(repeating: "/%2e%2e", count: 15_000) + "/b"
        let request = Request(deep)
        #expect(request.text(request.normalPath) == "/b")
    }
}
