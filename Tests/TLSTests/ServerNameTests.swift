import Testing

@testable import MartinetTLS

@Suite("Names in certificates (RFC 6125 §6.4)")
struct ServerNameTests {
    @Test(
        "A name covers itself, and a star one label",
        arguments: [
            ("example.org", "example.org", true), ("Example.ORG", "eXAMPLE.org", true),
            ("example.org", "example.org.", true), ("example.org", "www.example.org", false),
            ("example.org", "example.com", false), ("example.org", "xexample.org", false), ("example.org", "", false),
            ("*.example.org", "www.example.org", true), ("*.Example.org", "WWW.example.ORG", true),
            ("*.example.org", "www.example.org.", true), ("*.example.org", "example.org", false),
            ("*.example.org", ".example.org", false), ("*.example.org", "a.b.example.org", false),
            ("*.example.org", "wwwexample.org", false), ("*.example.org", "www.example.org.evil", false),
            ("*.example.org", "*.example.org", true), ("w*.example.org", "www.example.org", false),
            ("*", "localhost", false), ("*.example.org", "", false), ("*.example.org", ".", false),
            ("192.0.2.1", "192.0.2.1", true), ("::1", "::1", true),
        ])
    func covers(pattern: String, name: String, expected: Bool) {
        #expect(ServerName(pattern: pattern).covers(name) == expected)
    }
}
