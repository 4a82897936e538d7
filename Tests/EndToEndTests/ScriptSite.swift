import Foundation
import MartinetTestSupport

/// A folder to serve with scripts in it: Scripts/cgi-bin, compiled where it is C, and what no repository can hold.
final class ScriptSite {
    /// Holds the served folder and what lies beside it.
    let folder: TemporaryDirectory
    let site: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        site = try TemporaryDirectory(in: folder)
        try FileManager.default.copyItem(
            atPath: Self.source.appending(path: "cgi-bin").path(percentEncoded: false), toPath: scripts)
        try site.makeFile("cgi-bin/show", Self.compiled.get())
        try makeExecutable("show")
        try makeFiles()
        try makeScripts()
        try makeLinks()
    }

    var scripts: String { site.path("cgi-bin") }

    /// The path of a script, or of something else in their directory.
    func path(_ script: String) -> String { "\(scripts)/\(script)" }

    /// The options that have it served.
    var options: [String] { ["--cgi", "/cgi-bin/=\(scripts)"] }

    private static let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")

    /// The program of show.c.
    private static let compiled = Result {
        let folder = try TemporaryDirectory()
        let code = source.appending(path: "cgi-bin/show.c").path(percentEncoded: false)
        let outcome = try Client.run(["cc", "-O1", "-Wall", "-Werror", "-o", folder.path("show"), code])
        guard outcome.status == 0 else { throw Missing(description: "cc failed:\n\(outcome.err)") }
        return try folder.bytes("show")
    }

    private func makeFiles() throws {
        try site.makeFile("probe", "probe")
        try site.makeFile("a.txt", "file")
        try site.makeFile("sorry.html", "sorry")
        try folder.makeDirectory("outside")
        for name in ["folder", "cgi-bin/folder", "cgi-bin/folder/deeper", "cgi-bin/folder/.hidden"] {
            try site.makeDirectory(name)
        }
        try site.makeFIFO("cgi-bin/fifo")
    }

    private func makeScripts() throws {
        for name in ["folder/show", "folder/deeper/show", "folder/.hidden/show", ".hidden"] {
            try FileManager.default.copyItem(atPath: path("show"), toPath: path(name))
        }
        // A name that is no UTF-8, beside what it looks like to those who take it for that.
        let name = [UInt8](path("").utf8).map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xE9), 0]
        guard unsafe link(path("show"), name) == 0 else { throw Missing(description: "no file could be linked") }
        try FileManager.default.copyItem(atPath: path("say"), toPath: path("\u{FFFD}"))
        try FileManager.default.copyItem(atPath: path("say"), toPath: path("nph-say"))
        let texts = [
            "plain": "#!/bin/sh\necho secret\n",
            "page.phpx": "<?php secret",
            "page.name": "printf 'Content-Type: text/plain\n\n'; tr '\\0' ' ' </proc/$$/cmdline",
            "no-interpreter": "#!/nowhere/sh\n",
            "dos": "#!/bin/sh\r\necho\r\n",
            "closed-interpreter": "#!\(path("plain"))\n",
            "no-program": "secret words\n",
            "empty": "",
            "again": "#!/bin/sh\nprintf 'Location: /cgi-bin/again\\n\\n'\n",
        ]
        for (name, text) in texts {
            try site.makeFile("cgi-bin/\(name)", text)
            if !["plain", "page.phpx", "page.name"].contains(name) { try makeExecutable(name) }
        }
        try folder.makeFile("outside/escape", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nescaped'\n")
        try folder.setMode("outside/escape", to: 0o755)
    }

    private func makeLinks() throws {
        try folder.makeLink("shell", to: "/bin/sh")
        let links = [
            "cgi-bin/linked": "show", "cgi-bin/escape": "../../outside/escape", "cgi-bin/outside": "../../outside",
            "cgi-bin/loop": "loop", "cgi-bin/dangling": "nowhere", "other-way": "cgi-bin", "say-link": "cgi-bin/say",
            "link-to-link": "say-link",
        ]
        for (name, target) in links { try site.makeLink(name, to: target) }
    }

    func makeExecutable(_ script: String) throws {
        try site.setMode("cgi-bin/\(script)", to: 0o755)
    }
}
