import MartinetYAML
import Testing

@testable import MartinetConfiguration

@Suite("What a file refers to")
struct ReadingTests {
    private func read(_ text: String, _ files: [String: [UInt8]] = [:], _ variables: [String: String] = [:])
        -> FileReader
    {
        FileReader(
            [UInt8](text.utf8), name: "f", directory: "/etc/martinet",
            surroundings: Surroundings(files: files, variables: variables))
    }

    @Test(
        "Variables and files stand for their values",
        arguments: [
            ("${HOME}/www", "/home/op/www"), ("${HOME}${HOME}", "/home/op/home/op"), ("/a$b", "/a$b"),
            ("/$${HOME}", "/${HOME}"),
            ("/$$${HOME}", "/$${HOME}"), ("${file:root}", "/srv/from-file"),
            ("${file:/etc/martinet/root}", "/srv/from-file"),
            ("/${EMPTY}x", "/x"), ("${NESTED}", "/${HOME}"), ("$HOME", "/etc/martinet/$HOME"),
        ])
    func substitution(written: String, root: String) {
        let file = read(
            "sites: [{ root: \"\(written)\" }]", ["/etc/martinet/root": [UInt8]("/srv/from-file\r\n".utf8)],
            ["HOME": "/home/op", "EMPTY": "", "NESTED": "/${HOME}"])
        #expect(file.messages == [])
        guard case .files(let files)? = file.configuration.sites.first?.routes.first?.handler else { return }
        #expect(files.root == root)
    }

    @Test("A file that stands for a value has an end")
    func longFile() {
        let limit = 64 << 10
        for (count, isRead) in [(limit, true), (limit + 1, false)] {
            let file = read(
                "sites: [{ routes: [{ path: /, respond: { content: \"${file:a}\" } }] }]",
                ["/etc/martinet/a": [UInt8](repeating: 97, count: count)])
            #expect(file.mistakes.isEmpty == isRead)
        }
    }

    @Test("Included sites come in the order of their files, each with the defaults, and with paths from there")
    func inclusion() {
        let file = read(
            "cache: 1h\nsites: [{ names: [z.org], root: www }]\ninclude: [a, /srv/b]\nrealm: Late",
            [
                "/etc/martinet/a/2.yaml": [UInt8](
                    "- { names: [b.org], root: www }\n- { names: [c.org], root: /c }".utf8),
                "/etc/martinet/a/1.yaml": [UInt8]("names: [a.org]\nroot: www\ncache: 2s".utf8),
                "/etc/martinet/a/3.yml": [255], "/etc/martinet/a/.4.yaml": [255], "/etc/martinet/a/5.yaml~": [255],
                "/srv/b/x.yaml": [UInt8]("[]".utf8), "/srv/b/y.yaml": [UInt8]("- root: www".utf8),
            ])
        #expect(file.messages == [])
        let sites = file.configuration.sites
        #expect(sites.map { $0.names.first ?? "" } == ["z.org", "a.org", "b.org", "c.org", ""])
        #expect(sites.map { $0.policy.cache } == [3600, 2, 3600, 3600, 3600].map { .seconds($0) })
        #expect(sites.allSatisfy { $0.policy.realm == "Late" })
        #expect(
            sites.map { site in if case .files(let files) = site.routes[0].handler { files.root } else { "" } } == [
                "/etc/martinet/www", "/etc/martinet/a/www", "/etc/martinet/a/www", "/c", "/srv/b/www",
            ])
        #expect(sites[2].origin.text == "/etc/martinet/a/2.yaml:1:3")
        #expect(sites[2].routes[0].origin.text != nil)
    }

    @Test("Where it was written is no part of what was asked for")
    func origins() {
        let first = read("sites: [{ root: /srv }]").configuration
        #expect(first == read("\n\nsites:\n  - root: /srv\n").configuration)
        #expect(first.sites[0].origin.text == "f:1:9")
    }

    @Test("No more than fifty mistakes are shown")
    func many() {
        let file = read((0..<80).map { "unknown-key-\($0): 1\n" }.joined())
        #expect(file.mistakes.count == 80)
        #expect(file.messages.count == 51)
        #expect(file.messages.last == "… and 30 more.")
    }

    @Test(
        "What is nearest is near",
        arguments: [
            ("lissten", "listen"), ("redirect_from", "redirect-from"), ("LISTEN", "listen"), ("lsiten", "listen"),
            ("xyz", nil),
            ("", nil), ("redirect", "redirect-from"), (String(repeating: "a", count: 10_000), nil),
        ] as [(String, String?)])
    func nearest(wrong: String, right: String?) {
        #expect(Nearest.word(to: wrong, among: ["listen", "redirect-from", "sites"]) == right)
    }

    @Test("Of a long line a part is shown, with the caret beneath its word")
    func longLine() {
        let shown = Mistake(.file("f", .init(line: 1, column: 501, width: 3)), "x.").shown(in: [
            "f": [String(repeating: "a", count: 500) + "bbb" + String(repeating: "c", count: 500)]
        ])
        let lines = shown.split(separator: "\n").map(String.init)
        #expect(lines[1].count < 120)
        #expect(
            lines[1].firstIndex(of: "b").map { lines[1].distance(from: lines[1].startIndex, to: $0) }
                == lines[2].firstIndex(of: "^").map { lines[2].distance(from: lines[2].startIndex, to: $0) })
        #expect(lines[2].filter { $0 == "^" }.count == 3)
    }
}
