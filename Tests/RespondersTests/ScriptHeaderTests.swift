import MartinetHTTP
import Testing

@testable import MartinetResponders

@Suite("A script's header (RFC 3875 §6)")
struct ScriptHeaderTests {
    private func parse(_ text: String) throws -> (header: ScriptHeader, byteCount: Int)? {
        var lineStart = 0
        return try ScriptHeader.parse([UInt8](text.utf8).span, from: &lineStart)
    }

    private func mistake(_ text: String) -> String? {
        do {
            _ = try parse(text)
            return nil
        } catch {
            return (error as? ScriptHeader.Mistake)?.text
        }
    }

    @Test(
        "Both line ends are read, mixed too, and the content is left",
        arguments: [
            "Content-Type: a/b\n\nrest", "Content-Type: a/b\r\n\r\nrest", "Content-Type: a/b\r\n\nrest",
            "Content-Type: a/b\n\r\nrest", "X: y\r\nContent-Type:a/b\n\nrest",
        ])
    func lineEnds(text: String) throws {
        let (header, byteCount) = try #require(try parse(text))
        #expect(byteCount == text.utf8.count - 4)
        #expect(header.hasContentType && header.status == nil && header.location == nil)
        #expect(String(decoding: header.fields.bytes, as: UTF8.self).contains("Content-Type: a/b\r\n"))
    }

    @Test("A header is the same however it is cut, and incomplete until its empty line")
    func cuts() throws {
        let text = [UInt8]("Status: 404 Not Found\r\nContent-Type: a/b\nSet-Cookie: a\nSet-Cookie: b\n\ncontent".utf8)
        let whole = try #require(try parse(String(decoding: text, as: UTF8.self)))
        for cut in 0...text.count {
            var lineStart = 0
            if let first = try ScriptHeader.parse(text.span.extracting(0..<cut), from: &lineStart) {
                #expect(first.byteCount <= cut && first.header == whole.header)
                continue
            }
            #expect(cut < whole.byteCount)
            let second = try #require(try ScriptHeader.parse(text.span, from: &lineStart))
            #expect(second == whole)
        }
    }

    @Test("What concerns the connection is the server's, everything else goes on in its order")
    func fields() throws {
        let text = """
            Status: 201
            Connection: close
            Keep-Alive: timeout=5
            Date: yesterday
            Set-Cookie: a=1
            Content-Length: 12
            Set-Cookie: b=2
            Content-Type: text/plain


            """
        let (header, _) = try #require(try parse(text))
        #expect(header.status?.rawValue == 201)
        #expect(header.contentLength == 12)
        #expect(
            String(decoding: header.fields.bytes, as: UTF8.self)
                == "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain\r\n")
    }

    @Test(
        "A mistake is named, with its line",
        arguments: [
            ("\n", "none of Content-Type"), ("X: y\n\n", "none of Content-Type"),
            ("no field\n\n", "no field: \"no field\""), (": x\n\n", "no field: \": x\""),
            ("HTTP/1.1 200 OK\n\n", "nph-"), ("Content-Type : x\n\n", "no proper name: \"Content-Type : x\""),
            (" folded: x\n\n", "no proper name"), ("Content-Type: a\n b\n\n", "no field: \" b\""),
            ("Content-Type: a\0b\n\n", "control character: \"Content-Type: a\\x00b\""),
            ("Content-Type: a\rb\n\n", "control character"), ("Conte\0nt: a\n\n", "no proper name"),
            ("Status: 200\nStatus: 200\n\n", "Status twice"), ("Status: abc\n\n", "three digits"),
            ("Status: 20\n\n", "three digits"), ("Status: 2000\n\n", "three digits"), ("Status:\n\n", "three digits"),
            ("Status: 199\n\n", "between 200 and 599"), ("Status: 600\n\n", "between 200 and 599"),
            ("Status: 101 Switching\n\n", "between 200 and 599"), ("Location:\n\n", "Location is empty"),
            ("Location: /a\nLocation: /b\n\n", "Location twice"), ("Content-Length: x\n\n", "no number"),
            ("Content-Length: -1\n\n", "no number"), ("Content-Length: 9999999999999999999\n\n", "no number"),
            ("Content-Length: 1\nContent-Length: 1\n\n", "Content-Length twice"),
            ("Content-Type: a\nContent-Type: a\n\n", "Content-Type twice"),
            ("Transfer-Encoding: chunked\n\n", "Transfer-Encoding"),
        ])
    func mistakes(text: String, expected: String) {
        #expect(mistake(text)?.contains(expected) == true, "\(mistake(text) ?? "none")")
    }

    @Test("A header without an end is refused at its limit, and a long line is quoted in part")
    func long() throws {
        #expect(try parse(String(repeating: "x", count: ScriptHeader.byteLimit - 1)) == nil)
        #expect(mistake(String(repeating: "x", count: ScriptHeader.byteLimit))?.contains("no end") == true)
        let longer = "Content-Type: a\nX: " + String(repeating: "x", count: ScriptHeader.byteLimit) + "\n\n"
        #expect(mistake(longer)?.contains("longer than") == true)
        let line = mistake(String(repeating: "y", count: 5000) + "\n\n")
        #expect(line?.hasSuffix("…\"") == true && (line?.count ?? 0) < 300)
    }

    @Test(
        "A message of the script's own begins with a status line",
        arguments: [
            ("HTTP/1.1 200 OK\r\n", 200), ("HTTP/1.0 404\n", 404), ("HTTP/1.1 200 O", nil), ("", nil),
        ] as [(String, Int?)])
    func verbatim(text: String, status: Int?) throws {
        #expect(try VerbatimHead.status(of: [UInt8](text.utf8).span)?.rawValue == status)
    }

    @Test(
        "Anything else is no message",
        arguments: [
            "Content-Type: text/plain\n", "HTTP/2 200\n", "HTTP/1.1 20x OK\n", "HTTP/1.1 099 No\n", "\n",
            "HTTP/1.1 600 No\n", String(repeating: "H", count: 8192),
        ])
    func notVerbatim(text: String) {
        #expect(throws: ScriptHeader.Mistake.self) { _ = try VerbatimHead.status(of: [UInt8](text.utf8).span) }
    }
}
