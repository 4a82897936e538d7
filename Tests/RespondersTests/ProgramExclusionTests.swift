import MartinetHTTP
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("Files beside programs")
struct ProgramExclusionTests {
    @Test(
        "No program is sent, nor a copy of one",
        arguments: [
            ("style.css", true), ("style.css.gz", true), ("jquery-3.7.1", true), ("notes~", true), ("tool.txt", true),
            ("page.phpx", true), ("sub/plain", true), ("tool", false), ("tool~", false), ("tool.bak", false),
            ("tool.1.gz", false), ("tool-20260101", false), ("page.php", false), ("page.php~", false),
            ("old.php.bak", false), ("#page.php#", false), ("sub/tool.cgi", false), ("link", false),
        ])
    func sent(name: String, isSent: Bool) throws {
        let site = try Site {
            $0.programs = ProgramExclusion(endings: [".php"])
            $0.prefix = "/app/"
        }
        try site.folder.makeDirectory("sub")
        for name in ["tool", "sub/tool.cgi"] {
            try site.folder.makeFile(name, "secret")
            try site.folder.setMode(name, to: 0o751)
        }
        try site.folder.makeLink("link", to: "tool")
        if !["tool", "sub/tool.cgi", "link"].contains(name) { try site.folder.makeFile(name, "text") }
        let path = "/app/" + name.replacing("#", with: "%23")
        #expect(try site.get(path).status == (isSent ? .ok : .notFound))
    }

    @Test("A folder beneath a prefix has its redirections, listings and hidden names there")
    func prefix() throws {
        let site = try Site { $0.prefix = "/.app/a b" }
        try site.folder.makeDirectory("sub")
        try site.folder.makeFile("sub/file.txt", "text")
        try site.folder.makeFile(".hidden", "secret")
        #expect(try site.get("/.app/a%20b/sub/file.txt").content == "text")
        #expect(try site.get("/.app/a%20b/sub", query: "x=y")["Location"] == "/.app/a%20b/sub/?x=y")
        #expect(try site.get("/.app/a%20b")["Location"] == "/.app/a%20b/")
        #expect(try site.get("/.app/a%20b/sub/").content.contains("/.app/a b/sub/"))
        #expect(try site.get("/.app/a%20b/").content.contains("/.app/a b/"))
        #expect(try site.get("/.app/a%20b/.hidden").status == .notFound)
    }
}
