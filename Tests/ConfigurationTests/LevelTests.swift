import Testing

@testable import MartinetConfiguration

@Suite("A policy on three levels")
struct LevelTests {
    /// The policy of a route whose site and top level say these lines, each between braces.
    private func policy(top: String = "", site: String = "", route: String = "") -> Policy {
        let text = """
            \(top)
            sites:
              - routes:
                  - { path: /, files: { root: /srv }\(route.isEmpty ? "" : ", " + route) }
                \(site)
            """
        let file = FileReader([UInt8](text.utf8), name: "f", directory: "/")
        #expect(file.messages == [])
        let again = FileReader([UInt8](file.configuration.file.utf8), name: "g", directory: "/")
        #expect(again.messages == [])
        #expect(again.configuration == file.configuration, "\(file.configuration.file)")
        return file.configuration.sites.first?.routes.first?.policy ?? Policy()
    }

    @Test("A value of an inner level takes the place of the outer one's, wherever it stands in the file")
    func values() {
        #expect(policy(top: "cache: 1h").cache == .seconds(3600))
        #expect(policy(top: "cache: 1h", site: "cache: 2s").cache == .seconds(2))
        #expect(policy(top: "cache: 1h", site: "cache: 2s", route: "cache: 3s").cache == .seconds(3))
        #expect(policy(top: "cache: 1h", site: "cache: false").cache == nil)
        #expect(policy(top: "cors: true", site: "cors: https://a.test", route: "cors: false").corsOrigin == nil)
        #expect(policy(top: "auth-file: /a", route: "auth-file: false").passwordFile == nil)
        #expect(policy(top: "compress: false", site: "compress: true", route: "compress: false").compresses == false)
        #expect(policy(top: "realm: A", route: "realm: Martinet").realm == "Martinet")
        #expect(policy(site: "max-content: 1K", route: "max-content: 1G").contentLimit == ByteCount(1 << 30))
    }

    @Test("So does a list")
    func lists() {
        #expect(policy(top: "allow: [10.0.0.0/8]", site: "allow: [\"::1\"]").allowed.map(\.text) == ["::1"])
        #expect(policy(top: "deny: [10.0.0.0/8]", route: "deny: []").denied == [])
        #expect(policy(top: "allow: 10.0.0.0/8").allowed.map(\.text) == ["10.0.0.0/8"])
    }

    @Test("Keys with values are added to the outer ones, and take the place of those with the same name")
    func mappings() {
        let headers = policy(top: "header: { A: 1, B: 2 }", site: "header: { b: 3 }", route: "header: { C: 4, A: 1 }")
            .headers
        #expect(headers == [FieldLine("A", "1"), FieldLine("b", "3"), FieldLine("C", "4")])
        let pages = policy(top: "error-page: { 404: a }", route: "error-page: { 404: b, 500: c }").errorPages
        #expect(pages == [ErrorPage(404, "b"), ErrorPage(500, "c")])
        #expect(policy(top: "header: { A: 1 }", site: "header: {}").headers == [FieldLine("A", "1")])
    }

    @Test("Added fields and removed ones come together")
    func additions() {
        let added = policy(
            top: "add-header: { A: 1 }", site: "add-header: { A: [1, 2] }", route: "add-header: { B: 3 }")
        #expect(added.addedHeaders.map(\.value) == ["1", "1", "2", "3"])
        let removed = policy(
            top: "remove-header: [Server]", site: "remove-header: [X-A, server]", route: "remove-header: X-B")
        #expect(removed.removedHeaders == ["server", "x-a", "x-b"])
    }

    @Test("HSTS is a time, keys, or taken away")
    func hsts() {
        #expect(policy(top: "hsts: 2d").hsts?.age == .seconds(2 * 86_400))
        #expect(policy(top: "hsts: true").hsts == StrictTransport())
        #expect(policy(top: "hsts: {}").hsts == StrictTransport())
        #expect(policy(top: "hsts: 1y", site: "hsts: false").hsts == nil)
        let inner = policy(top: "hsts: { age: 2y, subdomains: true }", route: "hsts: { preload: true }").hsts
        #expect(inner?.age == .seconds(2 * 365 * 86_400) && inner?.coversSubdomains == true && inner?.preloads == true)
        #expect(
            policy(top: "hsts: { subdomains: true }", site: "hsts: { subdomains: false }").hsts?.coversSubdomains
                == false)
    }

    @Test("What sites begin with may stand behind them")
    func order() {
        let text = """
            sites:
              - routes: [{ path: /, files: { root: /srv } }]
                hsts: { subdomains: true }
                realm: Mine
            cache: 1h
            hsts: 2d
            """
        let file = FileReader([UInt8](text.utf8), name: "f", directory: "/")
        #expect(file.messages == [])
        let policy = file.configuration.sites[0].routes[0].policy
        #expect(policy.cache == .seconds(3600) && policy.realm == "Mine")
        #expect(policy.hsts?.age == .seconds(2 * 86_400) && policy.hsts?.coversSubdomains == true)
    }

    @Test("What stands for a route has the site's policy, wherever that stands")
    func shorthands() {
        let text = "sites: [{ root: /srv, cgi: { /c/: /c }, cache: 1h, hsts: 1d }]"
        let file = FileReader([UInt8](text.utf8), name: "f", directory: "/")
        #expect(file.messages == [])
        #expect(file.configuration.sites[0].routes.map(\.policy.cache) == [.seconds(3600), .seconds(3600)])
    }
}
