import HTTP
import Responders
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
        for method in [HTTP.Method.get, .head] {
            let request = Request(path, query: query, method: method, authority: authority)
            let answer = try RedirectResponder(port: port).answer(request)
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
        let answer = try RedirectResponder(port: 443).answer(Request(path, authority: "example.org"))
        #expect(answer["Location"] == "https://example.org" + path)
    }

    @Test(
        "A path without its slash would run on from the host, and is refused",
        arguments: ["evil.example", "@evil.example", ".evil.example", ":1@evil.example", "*"])
    func noSlash(path: String) throws {
        let answer = try RedirectResponder(port: 443).answer(Request(path, authority: "example.org"))
        #expect(answer.status == .badRequest)
        #expect(answer["Location"] == nil)
    }

    @Test(
        "What was sent in plain text is not asked for again",
        arguments: [.post, .put, .delete, .patch, .options, .connect, .trace, .other] as [HTTP.Method])
    func methods(method: HTTP.Method) throws {
        let answer = try RedirectResponder(port: 443).answer(Request("/", method: method, authority: "example.org"))
        #expect(answer.status == .badRequest)
        #expect(answer["Location"] == nil)
    }

    @Test("A client that names no host cannot be sent to it")
    func noHost() throws {
        #expect(try RedirectResponder(port: 443).answer(Request("/")).status == .badRequest)
    }

    @Test("The page that goes with it escapes the address, and the connection ends", arguments: ["example.org", ""])
    func page(authority: String) throws {
        let request = Request("/", query: "<script>\"'&", authority: authority)
        let answer = try RedirectResponder(port: 443).answer(request)
        #expect(!answer.content.contains("<script"))
        guard case .complete(let response) = RedirectResponder(port: 443).open(request) else {
            Issue.record("it takes time")
            return
        }
        #expect(response.closesConnection)
    }
}
