import MartinetHTTP
import MartinetTestSupport
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
        #expect(header.contentType == [UInt8]("a/b".utf8) && header.status == nil && header.location == nil)
        #expect(header.fields.lines.contains("Content-Type: a/b\r\n"))
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
            header.fields.lines
                == "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain\r\n")
    }

    @Test(
        "A mistake is named, with its line",
        arguments: [
            ("\n", "none of Content-Type"), ("X: y\n\n", "none of Content-Type"),
            ("no field\n\n", "no field: \"no field\""), (": x\n\n", "no field: \": x\""),
            ("Content-Type : x\n\n", "no proper name: \"Content-Type : x\""),
            (" folded: x\n\n", "no proper name"), (" \n a\n\n", "no field"),
            ("Content-Type: a\0b\n\n", "control character: \"Content-Type: a\\x00b\""),
            ("Content-Type: a\rb\n\n", "control character"), ("Conte\0nt: a\n\n", "no proper name"),
            ("Status: 200\nStatus: 201\n\n", "Status twice"), ("Status: abc\n\n", "three digits"),
            ("Status: 20\n\n", "three digits"), ("Status: 2000\n\n", "three digits"), ("Status:\n\n", "three digits"),
            ("Status: 199\n\n", "between 200 and 599"), ("Status: 600\n\n", "between 200 and 599"),
            ("Status: 101 Switching\n\n", "between 200 and 599"), ("Location:\n\n", "Location is empty"),
            ("HTTP/1.1 101 Switching\n\n", "between 200 and 599"), ("HTTP/1.1 20\n\n", "no field: \"HTTP/1.1 20\""),
            ("HTTP/x 200\n\n", "no field"), ("HTTP/ 200\n\n", "no field"), ("HTTP/1.1\n\n", "no field"),
            ("Location: /a\nLocation: /b\n\n", "Location twice"), ("Content-Length: x\n\n", "no number"),
            ("Content-Length: -1\n\n", "no number"), ("Content-Length: 9999999999999999999\n\n", "no number"),
            ("Content-Length: 1\nContent-Length: 2\n\n", "Content-Length twice"),
            ("Transfer-Encoding: chunked\n\n", "Transfer-Encoding"),
            ("Content-Type: a\nTransfer-\n Encoding: chunked\nTransfer-Encoding: chunked\n\n", "Transfer-Encoding"),
        ])
    func mistakes(text: String, expected: String) {
        #expect(mistake(text)?.contains(expected) == true, "\(mistake(text) ?? "none")")
    }

    @Test(
        "A line that is no field is left out and told of, and the answer is not lost",
        arguments: [
            ("<!--: spam\nContent-Type: a\n\n", "no proper name: \"<!--: spam\""),
            ("Content-Type: a\nhello\n\n", "no field: \"hello\""),
            ("Content-Type: a\nX y: 1\n folded\n\n", "\"X y: 1 folded\""), (" x: y\nContent-Type: a\n\n", "\" x: y\""),
            ("Content-Type: a\nX: 1\u{1B}[1m\n\n", "control character: \"X: 1\\x1b[1m\""),
            ("Content-Type: a\nX: 1\rSet-Cookie: x\n\n", "\\x0dSet-Cookie"),
            ("Content-Type: a\nHTTP/1.1 404 No\n\n", "no field: \"HTTP/1.1 404 No\""),
            ("Content-Type: a\n1\n2\n3\n4\n5\n\n", "no field: \"3\"; and 2 more"),
        ])
    func omissions(text: String, expected: String) throws {
        let header = try #require(try parse(text)).header
        #expect(header.omission?.contains(expected) == true, "\(header.omission ?? "nothing")")
        #expect(header.fields.lines == "Content-Type: a\r\n" && header.status == nil)
    }

    @Test("A header as it should be has nothing left out")
    func complete() throws {
        #expect(try parse("Status: 200\nContent-Type: a\n\n")?.header.omission == nil)
    }

    @Test(
        "A status line as the first line is the status, unless there is Status",
        arguments: [
            ("HTTP/1.1 200 OK\n\n", 200), ("HTTP/1.0 404 Not Found\r\nX: y\n\n", 404), ("HTTP/2 418\n\n", 418),
            ("HTTP/1.1 404 Not Found\nStatus: 410 Gone\n\n", 410), ("HTTP/1.1 200 OK\nContent-Type: a\n\n", 200),
        ])
    func statusLine(text: String, status: Int) throws {
        let header = try #require(try parse(text)).header
        #expect(header.status?.rawValue == status && header.omission == nil)
    }

    @Test(
        "A field that goes on in the next line is one (RFC 9112 §5.2)",
        arguments: [
            ("X: a\n b\n\n", "X: a b"), ("X: a\r\n\t b \r\n  c\n\n", "X: a b c"), ("X:\n a\n\n", "X: a"),
            ("X: a\n \n b\n\n", "X: a b"), ("X: a\n Y: b\n\n", "X: a Y: b"), ("X: a\n \t\n\n", "X: a"),
        ])
    func folded(text: String, expected: String) throws {
        let header = try #require(try parse("Status: 200\n" + text)).header
        #expect(header.fields.lines == expected + "\r\n" && header.omission == nil)
    }

    @Test("Of several types the last one counts, and what is said twice in one way is said")
    func doubled() throws {
        let text = "Content-Type: a\ncontent-type: b\nStatus: 201\nContent-Length: 3\n"
        let header = try #require(try parse(text + "Status: 201\nContent-Length: 3\n\n")).header
        #expect(header.fields.lines == "Content-Type: b\r\n")
        #expect(header.status?.rawValue == 201 && header.contentLength == 3 && header.omission == nil)
    }

    @Test(
        "A place is percent-encoded where it has to be",
        arguments: [
            ("/a b", "/a%20b"),
            ("https://example.org/\u{E9}?q=\u{20AC} x#y", "https://example.org/%C3%A9?q=%E2%82%AC%20x#y"),
            ("/a%20b", "/a%20b"), ("/a\tb", "/a%09b"), ("x:<y>", "x:<y>"), ("/a%zz", "/a%zz"),
        ])
    func location(place: String, expected: String) throws {
        let header = try #require(try parse("Location: \(place)\n\n")).header
        #expect(header.location.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test("A header without an end is refused at its limit, and a long line is quoted in part")
    func long() throws {
        #expect(try parse(String(repeating: "x", count: ScriptHeader.byteLimit - 1)) == nil)
        #expect(mistake(String(repeating: "x", count: ScriptHeader.byteLimit))?.contains("no end") == true)
        let longer = "Content-Type: a\nX: " + String(repeating: "x", count: ScriptHeader.byteLimit) + "\n\n"
        #expect(mistake(longer)?.contains("longer than") == true)
        let line = mistake(String(repeating: "y", count: 5000) + "\n\n")
        #expect(line?.hasSuffix("…\"") == true && (line?.count ?? 0) < 400)
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
