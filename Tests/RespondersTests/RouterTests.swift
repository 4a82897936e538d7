import MartinetHTTP
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("Routes")
struct RouterTests {
    /// Answers with its name.
    private final class Named: Responder {
        let name: String

        init(_ name: String) { self.name = name }

        func open(_ request: borrowing Request) -> Answer {
            .complete(Response(.ok, content: .bytes([UInt8](name.utf8))))
        }
    }

    @Test(
        "A path goes where the longest prefix says, as what it means and not as it is written",
        arguments: [
            ("/", "files"), ("/cgi-bin", "files"), ("/cgi-bin/", "cgi"), ("/cgi-bin/x", "cgi"),
            ("/cgi-bins/x", "files"),
            ("/cgi-bin/deep/x", "deep"), ("/cgi-bin/deep", "cgi"), ("/cgi-bin/deeper", "cgi"), ("/%63gi-bin/x", "cgi"),
            ("//cgi-bin/x", "cgi"), ("/./cgi-bin/x", "cgi"), ("/a/../cgi-bin/x", "cgi"), ("/cgi-bin/../x", "files"),
            ("/cgi-bin/%2e%2e/x", "files"), ("/CGI-BIN/x", "files"), ("/a/cgi-bin/x", "files"),
            ("/cgi-bin%2fx", "cgi"), ("/cgi-bin%2f%2e%2e%2fx", "files"), ("/x%2f..%2fcgi-bin/x", "cgi"),
            ("/cgi-bin%252fx", "files"),
            ("/..%2fcgi-bin//x", "cgi"), ("/cgi-bin/deep%2fx", "deep"), ("/cgi-bin/x%00", "files"),
            ("/cgi-bin/%", "files"),
            ("", "files"), ("/cgi-bin/.", "cgi"), ("/cgi-bin/deep/..", "cgi"),
        ])
    func routes(path: String, expected: String) throws {
        let router = Router(
            [
                .init(prefix: "/cgi-bin/", responder: Named("cgi")),
                .init(prefix: "cgi-bin/deep", responder: Named("deep")),
            ], fallback: Named("files"))
        #expect(try router.answer(Request(path)).content == expected)
    }

    @Test(
        "A route may hold its prefix without the slash, too",
        arguments: [
            ("/git", "git"), ("/git/", "git"), ("/%67it", "git"), ("//git", "git"), ("/gits", "files"),
            ("/gi", "files"),
        ])
    func itself(path: String, expected: String) throws {
        let router = Router(
            [.init(prefix: "/git/", responder: Named("git"), includesItself: true)], fallback: Named("files"))
        #expect(try router.answer(Request(path)).content == expected)
    }

    @Test("The empty prefix holds everything")
    func everything() throws {
        let router = Router([.init(prefix: "/", responder: Named("all"))], fallback: Named("files"))
        for path in ["/", "/x", "/%2e", ""] { #expect(try router.answer(Request(path)).content == "all") }
    }
}
