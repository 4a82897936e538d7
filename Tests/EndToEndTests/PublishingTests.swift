import Foundation
import MartinetTestSupport
import Testing

@Suite("Files that change while they are served")
struct PublishingTests {
    @Test("A folder that is removed and made again, or whose link moves, is followed at the next request")
    func rebuild() throws {
        let parent = try TemporaryDirectory()
        let folder = try TemporaryDirectory(in: parent)
        let name = String(folder.path.dropFirst(parent.path.utf8.count + 1))
        try folder.makeFile("a.txt", "one")
        try Server.run(folder: folder) { server in
            #expect(try server.curl(path: "a.txt").out == "one")
            try parent.remove(name)
            #expect(try server.curl("-o", "/dev/null", "-w", "%{http_code}", path: "a.txt").out == "404")
            try parent.makeDirectory(name)
            try folder.makeFile("a.txt", "two")
            #expect(try server.curl(path: "a.txt").out == "two")
            for number in ["1", "2"] {
                try parent.makeDirectory(number)
                try parent.makeFile("\(number)/a.txt", "release \(number)")
            }
            try parent.remove(name)
            try parent.makeLink(name, to: "1")
            #expect(try server.curl(path: "a.txt").out == "release 1")
            try parent.makeLink("next", to: "2")
            try parent.rename("next", to: name)
            #expect(try server.curl(path: "a.txt").out == "release 2")
        }
    }

    @Test("A file is sent as it is, with a validator that no other state of it has, whatever its times say")
    func change() throws {
        let folder = try TemporaryDirectory()
        func publish(_ content: String) throws {
            try folder.makeFile("next", content)
            try folder.setModified("next", to: 1)
            try folder.rename("next", to: "app.js")
        }
        try publish("var v=1;")
        try Server.run(folder: folder) { server in
            let first = try server.curl("-w", "\n%header{etag}", path: "app.js").out.split(separator: "\n")
            #expect(first[0] == "var v=1;")
            try publish("var v=2;")
            let second = try server.curl("-H", "If-None-Match: \(first[1])", path: "app.js")
            #expect(second.out == "var v=2;")
            try folder.remove("app.js")
            #expect(try server.curl("-o", "/dev/null", "-w", "%{http_code}", path: "app.js").out == "404")
        }
    }

    @Test("--type says what an extension is, --no-precompressed leaves neighbours alone, and a stale one is in the log")
    func options() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("a.md", "# Title")
        try folder.makeFile("a.txt", "new")
        try folder.makeFile("a.txt.br", "old")
        try folder.setModified("a.txt.br", to: 1_000_000_000)
        let brotli = ["-H", "Accept-Encoding: br", "-w", " %header{content-encoding} %header{content-type}"]
        try Server.run(["--type", "md=text/plain", "--type", ".TXT=text/x-note"], folder: folder) { server in
            #expect(try server.curl("-w", " %{content_type}", path: "a.md").out == "# Title text/plain; charset=utf-8")
            let text = try server.curl(brotli[0], brotli[1], brotli[2], brotli[3], path: "a.txt")
            #expect(text.out == "new  text/x-note; charset=utf-8")
            _ = try server.log.waitForLine("a.txt.br is not sent in place of a.txt: it is older")
        }
        try folder.setModified("a.txt", to: 1_000_000_000)
        func expectText(_ expected: String, _ options: [String]) throws {
            try Server.run(options, folder: folder) { server in
                let outcome = try server.curl(brotli[0], brotli[1], brotli[2], brotli[3], path: "a.txt")
                #expect(outcome.out == "\(expected) text/plain; charset=utf-8")
            }
        }
        try expectText("old br", [])
        try expectText("new ", ["--no-precompressed"])
        for wrong in ["md", "md=", "=text/plain", "md=text", "md=text/plain\u{1}", "a/b=text/plain", "md=te xt/plain"] {
            let outcome = try Server.command("serve", "--type", wrong)
            #expect(outcome.status == 2 && outcome.err.contains("is not an extension and a media type"))
        }
    }
}
