import Testing

@testable import MartinetConfiguration

@Suite("Which site a Host names, and which route a path")
struct SelectionTests {
    private let index = SiteIndex(
        [["a.org", "www.a.org"], ["*.a.org"], ["*.b.a.org", "c.org"], ["127.0.0.1", "::1"], ["localhost"]], fallback: 0)

    @Test(
        "Exact names go before wildcards, and long suffixes before short ones",
        arguments: [
            ("a.org", 0), ("A.ORG", 0), ("a.org.", 0), ("www.a.org", 0), ("x.a.org", 1), ("x.y.a.org", 1),
            ("x.b.a.org", 2),
            ("b.a.org", 1), ("c.org", 2), ("C.org.", 2), ("127.0.0.1", 3), ("[::1]", 3), ("::1", 3), ("localhost", 4),
            ("LOCALHOST.", 4), ("nobody.org", nil), ("xa.org", nil), (".a.org", nil), ("a.org..", nil), ("", nil),
            (".", nil),
            ("[", nil), ("[]", nil), ("[a.org]", 0), ("a.or", nil), ("a.orgx", nil), ("*.a.org", 1),
        ] as [(String, Int?)])
    func hosts(host: String, site: Int?) {
        let bytes = [UInt8](host.utf8)
        #expect(index.site(for: bytes.span) == site ?? 0)
        let strict = SiteIndex(
            [["a.org", "www.a.org"], ["*.a.org"], ["*.b.a.org", "c.org"], ["127.0.0.1", "::1"], ["localhost"]],
            fallback: nil)
        #expect(strict.site(for: bytes.span) == site)
    }

    @Test("A thousand names are told apart, and any bytes are a Host")
    func many() {
        let names = (0..<500).map { ["site\($0).example.org", "www.site\($0).example.org"] } + [["*.apps.example.net"]]
        let index = SiteIndex(names, fallback: nil)
        for site in 0..<500 {
            #expect(index.site(for: [UInt8]("SITE\(site).example.ORG".utf8).span) == site)
            #expect(index.site(for: [UInt8]("www.site\(site).example.org.".utf8).span) == site)
            #expect(index.site(for: [UInt8]("site\(site).example.net".utf8).span) == nil)
        }
        for byte in UInt8.min ... .max {
            for count in 0..<4 { #expect(index.site(for: [UInt8](repeating: byte, count: count).span) == nil) }
        }
        #expect(SiteIndex([], fallback: nil).site(for: [UInt8]("a".utf8).span) == nil)
    }

    @Test("A site answers where it says, and there the marked one or the first is for others")
    func listeners() {
        func site(_ name: String, _ port: UInt16?, isDefault: Bool = false) -> Site {
            var site = Site()
            site.names = [name]
            site.listeners = port.map { [ListeningAddress(host: "", port: $0)] } ?? []
            site.isDefault = isDefault
            return site
        }
        var whole = Configuration()
        whole.sites = [site("a.org", 1), site("b.org", 2), site("a.org", 2), site("c.org", nil, isDefault: true)]
        func answer(_ host: String, _ port: UInt16) -> Int? {
            whole.siteIndex(at: ListeningAddress(host: "", port: port)).site(for: [UInt8](host.utf8).span)
        }
        #expect(answer("a.org", 1) == 0 && answer("a.org", 2) == 2 && answer("b.org", 2) == 1)
        #expect(answer("b.org", 1) == 3 && answer("c.org", 1) == 3 && answer("x", 1) == 3)
        whole.sites[3].isDefault = false
        #expect(answer("x", 1) == 0 && answer("x", 2) == 1)
        whole.unknownHost = .reject
        #expect(answer("x", 1) == nil && answer("c.org", 2) == 3)
    }

    /// Enough further routes for the hashed table, or none.
    private static let companies = [0, 16, 300]

    @Test(
        "The longest path answers, segment by segment, however many there are",
        arguments: [
            ("/", 0), ("/a", 1), ("/a/", 1), ("/a/x", 1), ("/ab", 0), ("/a/b", 2), ("/a/b/c/d", 2), ("/a/bc", 1),
            ("/A", 0),
            ("/c d/é", 3), ("/c", 0), ("/a/b/deep/est/x", 4), ("/a/b/deep", 2), ("", nil), ("a", nil), ("*", nil),
        ] as [(String, Int?)])
    func routes(path: String, route: Int?) {
        for count in Self.companies {
            let others = (0..<count).map { "/other\($0)/part/" }
            let table = RouteTable(["/", "/a/", "/a/b", "/c d/é/", "//a/b/deep//est"] + others)
            #expect(table.route(for: [UInt8](path.utf8).span) == route, "\(count)")
            let rootless = RouteTable(["/a/", "/a/b", "/c d/é/", "/a/b/deep/est"] + others)
            let expected = route.flatMap { $0 == 0 ? nil : $0 - 1 }
            #expect(rootless.route(for: [UInt8](path.utf8).span) == expected, "\(count)")
        }
        #expect(RouteTable([]).route(for: [UInt8](path.utf8).span) == nil)
    }

    @Test("Both tables agree on every path made of a few letters")
    func agreement() {
        let paths = ["/", "/a", "/a/b", "/b", "/a/b/a", "/ab", "/b/a"]
        let few = RouteTable(paths)
        let many = RouteTable(paths + (0..<20).map { "/none\($0)" })
        func check(_ path: [UInt8], _ depth: Int) {
            #expect(few.route(for: path.span) == many.route(for: path.span))
            guard depth < 7 else { return }
            for byte in [UInt8]("/ab".utf8) { check(path + [byte], depth + 1) }
        }
        check([], 0)
    }
}
