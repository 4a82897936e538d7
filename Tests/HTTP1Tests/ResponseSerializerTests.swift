import MartinetBytes
import MartinetHTTP
import Testing

@testable import MartinetHTTP1

@Suite("Responses as messages (RFC 9112 §4, §6)")
struct ResponseSerializerTests {
    private func head(_ response: Response, isHTTP10: Bool = false, persistence: StaticString? = nil) -> String {
        var output = ByteQueue()
        ResponseSerializer.writeHead(
            response, framing: ResponseSerializer.framing(response, isHTTP10: isHTTP10),
            date: [UInt8]("now".utf8), persistence: persistence, to: &output)
        return String(decoding: output.readable)
    }

    @Test("The head is the status, the date, the fields, the framing and what becomes of the connection")
    func order() {
        var fields = Fields()
        fields.append("ETag", "\"a\"")
        let response = Response(.ok, fields: fields, content: .bytes([1, 2, 3]))
        #expect(
            head(response, persistence: "Connection: close\r\n")
                == "HTTP/1.1 200 OK\r\nDate: now\r\nETag: \"a\"\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
    }

    @Test(
        "Content is framed by what is known of it (RFC 9112 §6.3)",
        arguments: [
            (200, Response.Content.none, false, ResponseSerializer.Framing.length(0)),
            (200, .bytes([]), false, .length(0)), (200, .bytes([1]), true, .length(1)),
            (200, .stream(length: 7), true, .length(7)), (200, .stream(length: 0), false, .length(0)),
            (200, .stream(length: nil), false, .chunked), (200, .stream(length: nil), true, .close),
            (204, .bytes([1]), false, .none), (304, .stream(length: 7), false, .none),
            (204, .stream(length: nil), true, .none), (205, .stream(length: nil), false, .length(0)),
            (205, .bytes([1]), true, .length(0)), (200, .message, false, .close), (204, .message, true, .close),
        ])
    func framing(_ status: Int, _ content: Response.Content, _ isHTTP10: Bool, _ framing: ResponseSerializer.Framing) {
        let response = Response(StatusCode(rawValue: status), content: content)
        #expect(ResponseSerializer.framing(response, isHTTP10: isHTTP10) == framing)
        let text = head(response, isHTTP10: isHTTP10)
        #expect(text.contains("Content-Length") == (framing != .none && framing != .chunked && framing != .close))
        #expect(text.contains("Transfer-Encoding: chunked\r\n") == (framing == .chunked))
    }

    @Test("Every status has three digits and a space, whether its words are known or not (RFC 9112 §4)")
    func statusLine() {
        for number in 100...999 {
            let line = head(Response(StatusCode(rawValue: number))).prefix { $0 != "\r\n" }
            #expect(line.hasPrefix("HTTP/1.1 \(number) "))
        }
        #expect(head(Response(.contentTooLarge)).hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
    }

    @Test("A value made at run time cannot begin a line of its own")
    func injection() {
        var fields = Fields()
        fields.append("Location", [UInt8]("/a\r\nSet-Cookie: b\0\u{7f}".utf8))
        #expect(head(Response(.found, fields: fields)).contains("Location: /a  Set-Cookie: b  \r\n"))
    }

    @Test("Fields are lines in their order; a value may be empty, and hold what lines are made of (RFC 9112 §5)")
    func lines() {
        var fields = Fields()
        fields.append("A", [])
        fields.append(name: [UInt8]("b".utf8), [UInt8]("c: d\t".utf8))
        fields.append("A", 7)
        #expect(head(Response(.noContent, fields: fields)).hasSuffix("now\r\nA: \r\nb: c: d\t\r\nA: 7\r\n\r\n"))
    }

    @Test("A message that was made before has the date of each time, whatever stands before it in the output")
    func prepared() {
        var response = Response(.contentTooLarge, content: .bytes([UInt8]("content".utf8)))
        response.fields.append("ETag", "\"a\"")
        let message = ResponseSerializer.prepare(response, date: [UInt8]("one".utf8))
        #expect(message.status == .contentTooLarge && message.contentByteCount == 7)
        var output = ByteQueue()
        output.append("before")
        message.write(date: [UInt8]("two".utf8), persistence: nil, hasContent: true, to: &output)
        message.write(date: [UInt8]("six".utf8), persistence: "C: d\r\n", hasContent: false, to: &output)
        message.write(date: [UInt8]("ten".utf8), persistence: "C: d\r\n", hasContent: true, to: &output)
        func head(_ date: String, _ more: String = "") -> String {
            "HTTP/1.1 413 Content Too Large\r\nDate: \(date)\r\nETag: \"a\"\r\nContent-Length: 7\r\n\(more)\r\n"
        }
        #expect(
            String(decoding: output.readable)
                == "before" + head("two") + "content" + head("six", "C: d\r\n") + head("ten", "C: d\r\n") + "content")
    }

    @Test("A chunk's size has six digits, so that it can be written after its content")
    func chunkHeader() {
        func text(_ count: Int) -> String {
            let header = ChunkFrame.header(count)
            return String(decoding: header.span)
        }
        #expect(text(1) == "000001\r\n")
        #expect(text(0xABCDEF) == "abcdef\r\n")
        #expect(text(0xFFFFFF) == "ffffff\r\n" && HTTPService.outputByteCount <= 0xFFFFFF)
    }
}
