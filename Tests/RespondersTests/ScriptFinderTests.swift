import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("What answers beneath a prefix of scripts")
struct ScriptFinderTests {
    private func finding(
        _ path: String, _ method: Method = .get, _ change: (inout CGISite) -> Void
    ) throws -> ScriptFinder.Finding {
        let place = try TemporaryDirectory()
        try place.makeDirectory("d")
        try place.makeDirectory("e")
        for name in ["run", "index.cgi", "d/index.cgi"] {
            try place.makeFile(name)
            try place.setMode(name, to: 0o755)
        }
        for name in ["style.css", "page.php", "e/index.cgi"] { try place.makeFile(name) }
        try place.makeLink("out", to: "/bin/sh")
        var site = CGISite(prefix: "/a/b/", directory: place.path, documentRoot: "/")
        change(&site)
        return try ScriptFinder(site).find(TargetPath(Request(path), allowsHidden: true), method)
    }

    private func named(_ finding: ScriptFinder.Finding) -> [String]? {
        guard case .script(let location) = finding else { return nil }
        return [location.script, location.name, location.pathInfo].map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "PATH_INFO has its runs of slashes, and no dot segment, wherever the script is",
        arguments: [
            ("/a/b/run//x///y/", ["run", "/a/b/run", "//x///y/"]), ("//a///b//run/x", ["run", "/a/b/run", "/x"]),
            ("/a/b/run/http:%2f%2fx", ["run", "/a/b/run", "/http://x"]), ("/a/b/run//", ["run", "/a/b/run", "//"]),
            ("/a/b/run/x/%2e%2e//y", ["run", "/a/b/run", "//y"]), ("/a/b/d%2f..%2frun/.", ["run", "/a/b/run", "/"]),
            ("/a/b/d//index.cgi//x", ["d/index.cgi", "/a/b/d/index.cgi", "//x"]),
            ("/a/b/run", ["run", "/a/b/run", ""]),
            ("/a/b/d//", ["d/index.cgi", "/a/b/d/index.cgi", ""]),
        ])
    func pathInfo(path: String, expected: [String]) throws {
        #expect(try named(finding(path) { $0.indexNames = ["index.cgi"] }) == expected)
    }

    @Test(
        "One program answers for all of a prefix: with a slash at its end, that address is the program's own",
        arguments: [
            ("/a/b/", "/a/b/", ["run", "/a/b/", ""]), ("/a/b/", "/a/b/x/.y/", ["run", "/a/b", "/x/.y/"]),
            ("/a/b", "/a/b", ["run", "/a/b", ""]), ("/a/b", "/a/b/", ["run", "/a/b", "/"]),
            ("/a/b", "/a/b/x", ["run", "/a/b", "/x"]), ("/", "/", ["run", "/", ""]), ("/", "/x", ["run", "", "/x"]),
            ("/a/b", "/a/b//x//", ["run", "/a/b", "//x//"]), ("/", "//x", ["run", "", "//x"]),
            ("/a/b/", "/a/b/%2e%2e/b//x/%2e", ["run", "/a/b", "//x/"]),
        ])
    func program(prefix: String, path: String, expected: [String]) throws {
        let finding = try finding(path) {
            $0.prefix = prefix
            $0.program = "run"
        }
        #expect(named(finding) == expected)
    }

    @Test("The address without the slash leads to the one with it, and takes other methods itself")
    func slashMissing() throws {
        #expect(try finding("/a/b") { $0.program = "run" } == .slashMissing)
        #expect(named(try finding("/a/b", .post) { $0.program = "run" }) == ["run", "/a/b", ""])
    }

    @Test("The operator's one program may be a link to anywhere, and is looked for each time")
    func programLinks() throws {
        #expect(named(try finding("/a/b/x") { $0.program = "out" })?.first == "out")
        #expect(throws: ScriptLocation.Failure.notFound) { try finding("/a/b/x") { $0.program = "gone" } }
        #expect(throws: ScriptLocation.Failure.isDirectory) { try finding("/a/b/x") { $0.program = "d" } }
    }

    @Test(
        "A directory runs its index, whose address ends with a slash",
        arguments: [
            ("/a/b/", ["index.cgi", "/a/b/index.cgi", ""]), ("/a/b/d/", ["d/index.cgi", "/a/b/d/index.cgi", ""]),
            ("/a/b/run/x", ["run", "/a/b/run", "/x"]),
        ])
    func index(path: String, expected: [String]) throws {
        #expect(named(try finding(path) { $0.indexNames = ["none", "index.cgi"] }) == expected)
    }

    @Test("Without the slash a directory with an index leads to itself with it; one without is none")
    func indexSlash() throws {
        #expect(try finding("/a/b/d") { $0.indexNames = ["index.cgi"] } == .slashMissing)
        #expect(try finding("/a/b") { $0.indexNames = ["index.cgi"] } == .slashMissing)
        #expect(throws: ScriptLocation.Failure.isDirectory) { try finding("/a/b/d/") { $0.indexNames = ["x"] } }
        #expect(throws: ScriptLocation.Failure.isDirectory) { try finding("/a/b/d/") { _ in } }
    }

    @Test(
        "Files beside scripts are those that nobody may execute and that are for no interpreter",
        arguments: [
            ("/a/b/style.css", true), ("/a/b/run", false), ("/a/b/page.php", false), ("/a/b/page.php/style.css", false),
            ("/a/b/e/", true), ("/a/b/d/", false), ("/a/b/style.css/x", true),
        ])
    func files(path: String, isFile: Bool) throws {
        let finding = try finding(path) {
            $0.files = FileSite(root: $0.directory)
            $0.interpreters = [".php": "/bin/sh"]
            $0.indexNames = ["index.cgi"]
        }
        #expect((finding == .file) == isFile)
        #expect(named(try self.finding("/a/b/style.css") { _ in })?.first == "style.css", "which is refused")
    }
}
