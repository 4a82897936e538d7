import Foundation
import MartinetTestSupport
import Testing

@Suite("HTTP/1.1 messages over TLS")
struct MessageTests {
    @Test("One connection serves many requests")
    func keepAlive() throws {
        let folder = try TemporaryDirectory()
        for number in 1...200 { try folder.makeFile("\(number)", "\(number)") }
        try Server.run(folder: folder) { server in
            let received = try TemporaryDirectory()
            let outcome = try server.curl(
                "-o", received.path("#1"), "-w", "%{http_code} %{num_connects}\n", path: "[1-200]")
            #expect(outcome.status == 0, "\(outcome.err)")
            let lines = outcome.out.split(separator: "\n")
            #expect(lines.count == 200)
            #expect(lines.count { $0 == "200 1" } == 1)
            #expect(lines.count { $0 == "200 0" } == 199)
            for number in 1...200 { #expect(try received.text("\(number)") == "\(number)") }
        }
    }

    @Test("A refusal reaches a client that sends its content behind the head, and reads then")
    func refusedContent() throws {
        try Server.run { server in
            try server.python(
                """
                import urllib.error
                import urllib.request
                for size in [1, 100_000, 250_000] * 10:
                    # It asks for the end of the connection, and sends head and content one after the other.
                    try:
                        urllib.request.urlopen(f"https://localhost:{port}/", bytes(size), patience, context=trust)
                        assert False, "it was not refused"
                    except urllib.error.HTTPError as error:
                        assert error.code == 405, error.code
                """)
        }
    }

    @Test("Pipelined requests are answered in their order")
    func pipelining() throws {
        let folder = try TemporaryDirectory()
        for number in 0..<50 { try folder.makeFile("\(number)", String(repeating: "\(number),", count: 200)) }
        try folder.makeRandomFile("large", byteCount: 300_000)
        try Server.run(folder: folder) { server in
            try server.python(
                """
                client = Client()
                client.send(b"".join(request(f"/{number}") for number in range(50)))
                for number in range(50):
                    status, _, content = client.answer()
                    assert status == 200 and content == f"{number},".encode() * 200, (number, status, content)

                # More than any buffer holds, of files that are streamed.
                client.send(b"".join(request("/large") for _ in range(30)) + request("/49", "Connection: close"))
                for _ in range(30):
                    assert len(client.answer()[2]) == 300_000
                assert client.answer()[2].startswith(b"49,")
                assert client.is_over()
                """)
        }
    }

    @Test("Content that nobody asked for is passed over, and what follows it is still understood")
    func content() throws {
        try Server.run { server in
            try server.python(
                """
                client = Client()
                client.send(request("/", "Content-Length: 5", method="POST") + b"hello")
                assert client.answer()[0] == 405
                client.send(request("/", "Transfer-Encoding: chunked", method="POST") + b"5\\r\\nhello\\r\\n0\\r\\n\\r\\n")
                assert client.answer()[0] == 405
                assert client.get()[0] == 200
                """)
            let outcome = try server.curl(
                "--data-binary", "@/bin/sh", "-H", "Expect: 100-continue", "-o", "/dev/null", "-w", "%{http_code}")
            #expect(outcome.out == "405", "\(outcome.err)")
        }
    }

    @Test(
        "What curl asks for and cannot have gets the status that says why",
        arguments: [
            ("404", ["--request", "GET"], "missing"),
            ("405", ["--request", "DELETE"], ""),
            ("501", ["--request", "BREW"], ""),
            ("501", ["--header", "Transfer-Encoding: gzip, chunked"], ""),
            ("417", ["--header", "Expect: miracles"], ""),
            ("414", ["--request", "GET"], "9000 times a"),
            ("431", ["--header", "X-Long: 40000 times a"], ""),
            ("400", ["--header", "Host;"], ""),
        ])
    func refusals(status: String, options: [String], path: String) throws {
        try Server.run { server in
            // Spelt out here, so that reports of this test stay readable.
            let words = (options + [server.url + path]).map { word in
                word.replacing(/(\d+) times a/) { String(repeating: "a", count: Int($0.output.1) ?? 0) }
            }
            let outcome = try Client.run(["curl", "-sS", "-i", "--cacert", server.authority] + words)
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.hasPrefix("HTTP/1.1 \(status) "), "\(outcome.out)")
            if status == "405" { #expect(outcome.out.contains("\r\nAllow: GET, HEAD")) }
        }
    }

    @Test("A message that can be read in two ways is refused with 400, and the connection ends in order")
    func ambiguity() throws {
        try Server.run { server in
            try server.python(
                """
                host = b"Host: localhost\\r\\n"
                for message in [
                    b"GET / HTTP/1.1\\r\\n\\r\\n",
                    b"GET / HTTP/1.1\\r\\n" + host + host + b"\\r\\n",
                    b"GET / HTTP/1.1\\r\\nHost : localhost\\r\\n\\r\\n",
                    b"GET  / HTTP/1.1\\r\\n" + host + b"\\r\\n",
                    b"GET / HTTP/1.1\\r\\n" + host + b"A: b\\r\\n c\\r\\n\\r\\n",
                    b"GET / HTTP/1.1\\r\\n" + host + b"A: b\\0c\\r\\n\\r\\n",
                    b"GET / HTTP/1.1\\r\\n" + host + b"A: b\\rc\\r\\n\\r\\n",
                    b"GET / HTTP/1.1\\n" + host + b"\\r\\n",
                    b"POST / HTTP/1.1\\r\\n" + host + b"Content-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
                    b"POST / HTTP/1.1\\r\\n" + host + b"Content-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\n",
                    b"POST / HTTP/1.1\\r\\n" + host + b"Content-Length: +1\\r\\n\\r\\n",
                    b"GET /%2 HTTP/1.1\\r\\n" + host + b"\\r\\n",
                ]:
                    client = Client()
                    # What follows must not be taken for a request of its own.
                    client.send(message + request("/"))
                    status, fields, _ = client.answer()
                    assert status == 400, (message, status)
                    if b"%2" in message: continue
                    assert fields["connection"] == "close", message
                    assert client.is_over(), message
                """)
        }
    }

    @Test("HTTP/1.0 clients get an answer that ends with the connection, unless they ask to keep it")
    func http10() throws {
        try Server.run { server in
            try server.python(
                """
                client = Client()
                client.send(b"GET / HTTP/1.0\\r\\nConnection: keep-alive\\r\\n\\r\\n")
                assert client.answer()[1]["connection"] == "keep-alive"
                client.send(b"GET / HTTP/1.0\\r\\n\\r\\n")
                assert client.answer()[0] == 200
                assert client.is_over()
                """)
        }
    }
}
