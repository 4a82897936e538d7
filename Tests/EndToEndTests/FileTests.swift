import Foundation
import MartinetTestSupport
import Testing

@Suite("A folder over HTTPS")
struct FileTests {
    @Test("Files around the size of a TLS record come byte for byte, each as long as announced")
    func sizes() throws {
        let folder = try TemporaryDirectory()
        let sizes = [0, 1, 16_383, 16_384, 16_385, 1024 * 1024]
        for size in sizes { try folder.makeRandomFile("\(size).bin", byteCount: size) }
        try Server.run(folder: folder) { server in
            let received = try TemporaryDirectory()
            for size in sizes {
                let outcome = try server.curl(
                    "-o", received.path("file"), "-w", "%{http_code} %header{content-length}", path: "\(size).bin")
                #expect(outcome.status == 0, "\(outcome.err)")
                #expect(outcome.out == "200 \(size)")
                // curl makes no file of nothing.
                let content = size == 0 ? [] : try received.bytes("file")
                #expect(try content == folder.bytes("\(size).bin"), "\(size) bytes")
            }
        }
    }

    @Test("A gibibyte is sent whole by a worker that does not grow")
    func gibibyte() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 1 << 30)
        try folder.makeFile("small", "small")
        try Server.run(folder: folder) { server in
            // What a first connection costs is not what a large file costs.
            for _ in 0..<8 { _ = try server.curl(path: "small") }
            let before = server.workers.map { ($0, Kernel.memory(of: $0)) }
            for worker in server.workers { try Kernel.forgetPeak(of: worker) }
            let outcome = try server.curl("-o", "/dev/null", "-w", "%{size_download}", path: "large")
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out == "\(1 << 30)")
            #expect(before.count >= 1)
            for (worker, memory) in before {
                #expect(memory > 0)
                let growth = Kernel.peakMemory(of: worker) - memory
                if Kernel.isMemoryExact {
                    #expect(growth < 8 * 1024 * 1024, "worker \(worker) grew by \(growth) bytes")
                }
            }
        }
    }

    @Test("What helper threads make comes whole: a large folder's listing, and texts compressed on their way")
    func helperThreads() throws {
        let folder = try TemporaryDirectory()
        for number in 0..<1200 { try folder.makeFile("file-\(number).txt") }
        let text = String(repeating: "<p>The quick brown fox jumps over the lazy dog. ", count: 2000)
        try folder.makeFile("page.html", text)
        try folder.makeFile("large.html", String(repeating: text, count: 20))
        try Server.run(folder: folder) { server in
            let listing = try server.curl()
            #expect(listing.out.components(separatedBy: "<tr><td><a href=\"").count == 1203)
            #expect(listing.out.hasSuffix("</html>\n"))
            for (path, content) in [("page.html", text), ("large.html", String(repeating: text, count: 20))] {
                let outcome = try server.curl("--compressed", "-H", "Accept-Encoding: gzip", path: path)
                let isSame = outcome.out == content
                #expect(isSame)
                let head = try server.curl("-I", "-H", "Accept-Encoding: gzip", path: path)
                #expect(head.out.contains("\r\nContent-Encoding: gzip\r\n"))
            }
        }
    }

    @Test("A page, its head and the listing of a folder are what a browser needs")
    func pages() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("hello & goodbye.html", "<h1>Hello</h1>")
        try Server.run(folder: folder) { server in
            let page = try server.curl("-i", path: "hello%20&%20goodbye.html")
            #expect(page.out.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(page.out.contains("\r\nContent-Type: text/html"))
            #expect(page.out.contains("\r\nETag: \""))
            #expect(page.out.contains("\r\nLast-Modified: "))
            #expect(page.out.contains("\r\nDate: "))
            #expect(page.out.hasSuffix("\r\n\r\n<h1>Hello</h1>"))

            let head = try server.curl("--head", path: "hello%20&%20goodbye.html")
            #expect(head.out.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.out.contains("\r\nContent-Length: 14\r\n"))
            #expect(head.out.hasSuffix("\r\n\r\n"))

            let listing = try server.curl("-f")
            #expect(listing.status == 0, "\(listing.err)")
            #expect(listing.out.contains("hello &amp; goodbye.html"))

            try folder.makeFile("index.html", "<h1>Index</h1>")
            #expect(try server.curl().out == "<h1>Index</h1>")
        }
    }

    @Test("Nothing outside the folder can be reached")
    func outside() throws {
        let parent = try TemporaryDirectory()
        let folder = try TemporaryDirectory(in: parent)
        try parent.makeFile("secret", "private")
        try folder.makeLink("link", to: parent.path("secret"))
        try Server.run(folder: folder) { server in
            for path in ["../secret", "%2e%2e/secret", "..%2fsecret", "link", "x/../../secret", ".%00./secret"] {
                let outcome = try server.curl("--path-as-is", "-w", "%{http_code}", path: path)
                #expect(!outcome.out.contains("private"), "\(path)")
                #expect(outcome.out.hasSuffix("404") || outcome.out.hasSuffix("400"), "\(path): \(outcome.out)")
            }
        }
    }
}
