import Testing

@testable import MartinetTLS

@Suite("What a development authority may sign for")
struct AuthorityScopeTests {
    @Test(
        "Local are domains that no registry gives away, and addresses that are nobody's on the Internet",
        arguments: [
            ("localhost", true), ("LOCALHOST", true), ("app.localhost", true), ("a.b.test", true), ("test", true),
            ("*.test", true), ("printer.local", true), ("db.internal", true), ("nas.home.arpa", true),
            ("localhost.example", false), ("mylocalhost", false), ("home.arpa.com", false), ("arpa", false),
            ("example.org", false), ("*.example.org", false), ("", false),
            ("127.0.0.1", true), ("127.255.255.255", true), ("128.0.0.1", false), ("10.1.2.3", true),
            ("11.0.0.1", false), ("172.16.0.1", true), ("172.31.255.255", true), ("172.32.0.1", false),
            ("172.15.255.255", false), ("192.168.7.7", true), ("192.169.0.1", false), ("169.254.1.1", true),
            ("8.8.8.8", false), ("::1", true), ("::2", false), ("fe80::1", true), ("febf::1", true),
            ("fec0::1", false), ("fd00::1", true), ("fc00::1", true), ("fe00::1", false), ("2001:db8::1", false),
        ])
    func local(name: String, isLocal: Bool) {
        #expect(AuthorityScope.local.contains(name) == isLocal)
        #expect((AuthorityScope(for: name) == .local) == isLocal)
    }

    @Test("Another name has a scope of its own, with what is beneath it")
    func other() {
        let scope = AuthorityScope(for: "*.Example.org")
        #expect(scope == .name("example.org"))
        for name in ["example.org", "www.example.org", "*.example.org", "EXAMPLE.ORG"] { #expect(scope.contains(name)) }
        for name in ["org", "example.com", "badexample.org", "localhost", "127.0.0.1"] {
            #expect(!scope.contains(name))
        }
        // Beneath a name of one label there may be everybody.
        let single = AuthorityScope(for: "nas")
        #expect(
            single == .name("nas") && single.contains("nas") && !single.contains("www.nas") && !single.contains("*.nas")
        )
        let address = AuthorityScope(for: "2001:db8::1")
        #expect(address.contains("2001:db8:0:0::1") && !address.contains("2001:db8::2"))
        #expect(!address.contains("8.8.8.8") && !address.contains("example.org"))
    }

    @Test("Both kinds of subtrees are always there")
    func constraints() {
        for scope in [AuthorityScope.local, .name("example.org"), .name("203.0.113.5"), .name("2001:db8::1")] {
            #expect(scope.constraints.contains("DNS:") && scope.constraints.contains("IP:"))
        }
        #expect(AuthorityScope.local.constraints.contains("permitted;IP:172.16.0.0/255.240.0.0"))
        #expect(AuthorityScope.local.constraints.contains("permitted;IP:fc00::/fe00::"))
    }
}
