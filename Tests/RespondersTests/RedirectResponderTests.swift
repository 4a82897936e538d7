import MartinetHTTP
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("From plain HTTP to HTTPS (RFC 9110 §15.4.9)")
struct RedirectResponderTests {
    @Test(
        "The client is sent to the same host, path and query under https",
        arguments: [
            ("example.org", "/", nil, 443, "https://example.org/"),
            ("example.org", "/a/b.html", nil, 443, "https://example.org/a/b.html"),
            ("example.org", "/a", "x=1&y=%20", 443, "https://example.org/a?x=1&y=%20"),
            ("example.org", "/a", "", 443, "https://example.org/a?"),
            ("example.org", "", nil, 443, "https://example.org/"),
            ("example.org", "", "q", 443, "https://example.org/?q"),
            ("example.org", "/a", nil, 8443, "https://example.org:8443/a"),
            ("example.org:80", "/a", nil, 443, "https://example.org/a"),
            ("example.org:8080", "/a", nil, 8443, "https://example.org:8443/a"),
            ("example.org:8080", "/a", nil, nil, "https://example.org:8080/a"),
            ("example.org", "/a", nil, nil, "https://example.org/a"),
            ("example.org:", "/a", nil, 443, "https://example.org/a"),
            ("192.0.2.1:80", "/", nil, 8443, "https://192.0.2.1:8443/"),
            ("[2001:db8::1]", "/", nil, 443, "https://[2001:db8::1]/"),
            ("[2001:db8::1]:80", "/", nil, 443, "https://[2001:db8::1]/"),
            ("[2001:db8::1]:80", "/", nil, 8443, "https://[2001:db8::1]:8443/"),
            ("[2001:db8::1]", "/", nil, 65535, "https://[2001:db8::1]:65535/"),
            ("[::1]:8080", "/x", nil, nil, "https://[::1]:8080/x"),
        ] as [(String, String, String?, UInt16?, String)])
    func location(authority: String, path: String, query: String?, port: UInt16?, expected: String) throws {
        for method in [MartinetHTTP.Method.get, .head] {
            let request = Request(path, query: query, method: method, authority: authority)
            let answer = try RedirectResponder(port: port, covers: { _ in true }).answer(request)
            #expect(answer.status == .permanentRedirect)
            #expect(answer.values(of: "Location") == [expected])
        }
    }

    @Test(
        "No path leads to another host",
        arguments: [
            "//evil.example", "//evil.example/", "///evil.example", "/\\evil.example", "/%2f/evil.example",
            "/@evil.example", "/.evil.example", "/:1@evil.example",
        ])
    func openRedirect(path: String) throws {
        let answer = try RedirectResponder(port: 443, covers: { _ in true }).answer(
            Request(path, authority: "example.org"))
        #expect(answer["Location"] == "https://example.org" + path)
    }

    @Test(
        "A path without its slash would run on from the host, and is refused",
        arguments: ["evil.example", "@evil.example", ".evil.example", ":1@evil.example", "*"])
    func noSlash(path: String) throws {
        let answer = try RedirectResponder(port: 443, covers: { _ in true }).answer(
            Request(path, authority: "example.org"))
        #expect(answer.status == .badRequest)
        #expect(answer["Location"] == nil)
    }

    @Test(
        "What was sent in plain text is not asked for again",
        arguments: [.post, .put, .delete, .patch, .options, .connect, .trace, .other] as [MartinetHTTP.Method])
    func methods(method: MartinetHTTP.Method) throws {
        let answer = try RedirectResponder(port: 443, covers: { _ in true }).answer(
            Request("/", method: method, authority: "example.org"))
        #expect(answer.status == .badRequest)
        #expect(answer["Location"] == nil)
    }

    @Test("A client that names no host cannot be sent to it")
    func noHost() throws {
        #expect(try RedirectResponder(port: 443, covers: { _ in true }).answer(Request("/")).status == .badRequest)
    }

    @Test("The page that goes with it escapes the address", arguments: ["example.org", ""])
    func page(authority: String) throws {
        let request = Request("/", query: "<script>\"'&", authority: authority)
        let answer = try RedirectResponder(port: 443, covers: { _ in true }).answer(request)
        #expect(!answer.content.contains("<script"))
    }

    @Test(
        "Nobody is sent to a host that no certificate here is for",
        arguments: [
            ("example.org", true), ("example.org:8080", true), ("[2001:db8::1]:80", true), ("evil.example", false),
            ("example.org.evil.example", false), ("[2001:db8::2]", false), ("", false),
        ])
    func covered(authority: String, isCovered: Bool) throws {
        for port in [nil, 443] as [UInt16?] {
            let responder = RedirectResponder(port: port) { host in
                ["example.org", "[2001:db8::1]"].contains(String(decoding: host, as: UTF8.self))
            }
            let answer = try responder.answer(Request("/", authority: authority))
            #expect(answer.status == (isCovered ? .permanentRedirect : .badRequest))
            #expect((answer["Location"] != nil) == isCovered)
            #expect(answer["Cache-Control"] == "no-store")
            #expect(!answer.content.contains("evil"))
        }
    }

    /// A folder with an authority's challenge, and what lies beside it.
    private static func makeSite() throws -> Site {
        let site = try Site()
        for name in [".well-known", ".well-known/acme-challenge", ".well-known/acme-challenge/sub"] {
            try site.folder.makeDirectory(name)
        }
        for name in [".well-known/acme-challenge/token", "page", ".well-known/acme-challenge/sub/index.html"] {
            try site.folder.makeFile(name, "content of \(name)")
        }
        try site.folder.makeFIFO(".well-known/acme-challenge/fifo")
        return site
    }

    @Test("An authority's challenge is answered in plain HTTP, for every host and for none")
    func challenge() throws {
        let site = try Self.makeSite()
        let responder = RedirectResponder(port: 443, challenges: site.responder) { _ in false }
        for authority in ["example.org", "evil.example:80", ""] {
            for path in ["token", "./token", "%74oken", "sub/../token"] {
                let request = Request("/.well-known/acme-challenge/\(path)", authority: authority)
                let answer = try responder.answer(request)
                #expect(answer.status == .ok && answer.content == "content of .well-known/acme-challenge/token")
            }
        }
        let head = Request("/.well-known/acme-challenge/token", method: .head, authority: "example.org")
        #expect(try responder.answer(head).status == .ok)
        let post = Request("/.well-known/acme-challenge/token", method: .post, authority: "example.org")
        #expect(try responder.answer(post).status == .methodNotAllowed)
    }

    @Test(
        "Nothing but regular files there is answered in plain HTTP",
        arguments: [
            ("/.well-known/acme-challenge/none", 404), ("/.well-known/acme-challenge/sub", 404),
            ("/.well-known/acme-challenge/sub/", 404), ("/.well-known/acme-challenge/fifo", 404),
            ("/.well-known/acme-challenge/token/", 404), ("/.well-known/acme-challenge/../../page", 308),
            ("/.well-known/acme-challenge/%2e%2e/%2e%2e/page", 308), ("/.well-known/acme-challenge/", 404),
            ("/.well-known/acme-challenge", 308), ("/.well-known/", 308), ("/page", 308),
            ("/.well-known/acme-challenges/token", 308),
        ])
    func besideChallenges(path: String, status: Int) throws {
        let site = try Self.makeSite()
        var rules = FileSite(root: site.folder.path(""))
        rules.fallbackFile = "page"
        let challenges = FileResponder(rules.filesOnly, mediaTypes: MediaTypes())
        let responder = RedirectResponder(port: 443, challenges: challenges) { _ in true }
        let answer = try responder.answer(Request(path, authority: "example.org", [("Accept", "text/html")]))
        #expect(answer.status.rawValue == status)
        #expect(!answer.content.contains("content of"))
    }
}
