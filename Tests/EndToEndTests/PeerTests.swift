import Foundation
import MartinetTestSupport
import Testing

@Suite("Peers that are slow, precise or hostile")
struct PeerTests {
    @Test("close_notify ends a connection that asked for it, and an idle one when the server leaves")
    func closeNotify() throws {
        try Server.run { server in
            try server.python(
                """
                for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    trust.minimum_version = trust.maximum_version = version
                    client = Client()
                    status, fields, _ = client.get("/", "Connection: close")
                    assert status == 200 and fields["connection"] == "close", fields
                    assert client.is_over()
                    client.stream.unwrap()

                    client = Client()
                    client.send(b"GET / HTTP/1.1\\r\\n\\r\\n")
                    assert client.answer()[0] == 400
                    assert client.is_over()
                """)
            let idle = try server.startIdle(4, answeredCount: 2)
            defer { idle.stop() }
            try idle.waitForLine("idle")
            server.process.send(SIGTERM)
            let outcome = try idle.outcome()
            #expect(outcome.status == 0, "\(outcome.err)")
        }
    }

    @Test("Garbage in a TLS record gets an alert, and leaves one log line")
    func garbageRecord() throws {
        try Server.run { server in
            try server.python(
                """
                peer = plain()
                peer.sendall(b"\\x16\\x03\\x01\\x00\\x20" + bytes(range(200, 232)))
                answer = peer.recv(64)
                # An alert record: type 21, a version, two bytes, level fatal.
                assert answer[0] == 21 and answer[3:6] == b"\\x00\\x02\\x02", answer
                assert peer.recv(1) == b""
                """)
            try server.log.waitForLine("handshake failed")
            #expect(server.log.lines.count { $0.contains("handshake failed") } == 1)
        }
    }

    @Test("Bytes that are no TLS at all end the connection, and leave one log line that says so")
    func garbage() throws {
        try Server.run { server in
            try server.python(
                """
                peer = plain()
                peer.sendall(bytes(range(128, 256)) * 100)
                try:
                    while peer.recv(4096): pass
                except ConnectionResetError:
                    pass
                """)
            let line = try server.log.waitForLine("handshake failed")
            #expect(line.contains("the client does not speak TLS"))
            #expect(server.log.lines.count { $0.contains("handshake failed") } == 1)
        }
    }

    @Test("Plain HTTP to the TLS port is told the way to HTTPS, and leaves a log line that says so")
    func plainHTTP() throws {
        try Server.run { server in
            let port = server.port
            let told = try Client.run(["curl", "-sS", "-i", "http://localhost:\(port)/a%20b?c=d"])
            #expect(told.out.hasPrefix("HTTP/1.1 308 "), "\(told.err)")
            #expect(told.out.contains("\r\nLocation: https://localhost:\(port)/a%20b?c=d\r\n"), "\(told.out)")
            try server.log.waitForLine("plain HTTP on a TLS port")

            let sent = try Client.run(["curl", "-sS", "-i", "--data", "secret", "http://localhost:\(port)/"])
            #expect(sent.out.hasPrefix("HTTP/1.1 400 "), "\(sent.err)")
            let followed = try Client.run([
                "curl", "-sS", "-f", "-L", "--cacert", server.authority, "-o", "/dev/null", "http://localhost:\(port)/",
            ])
            #expect(followed.status == 0, "\(followed.err)")
        }
    }

    @Test("A client that stalls in its handshake disturbs nobody, and may still go on")
    func stalledHandshake() throws {
        try Server.run(["--workers", "1"]) { server in
            let stalled = try server.startPython(
                """
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                session = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
                try:
                    session.do_handshake()
                except ssl.SSLWantReadError:
                    hello = outgoing.read()
                peer = plain()
                peer.sendall(hello[:20])
                say("stalled")
                hear()
                peer.sendall(hello[20:])
                while True:
                    try:
                        session.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        incoming.write(peer.recv(65536))
                print(session.version())
                """)
            defer { stalled.stop() }
            try stalled.waitForLine("stalled")
            for _ in 0..<3 {
                let outcome = try server.curl("-o", "/dev/null", "-w", "%{http_code} %{time_total}")
                #expect(outcome.out.hasPrefix("200 "), "\(outcome.err)")
            }
            try stalled.tell("go on")
            #expect(try stalled.outcome().out.contains("TLSv1.3"))
            #expect(stalled.err.text == "")
        }
    }

    @Test("A handshake and a request that arrive byte by byte are understood")
    func singleBytes() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file", "hello")
        try Server.run(folder: folder) { server in
            try server.python(
                """
                # TLS records of one byte each.
                client = Client()
                client.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in request("/file"):
                    client.send(bytes([byte]))
                assert client.answer()[2] == b"hello"

                # Every byte of the handshake and of the request's records in a segment of its own.
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                session = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
                peer = plain()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                def step(action):
                    while True:
                        try:
                            return action()
                        except ssl.SSLWantReadError:
                            drip()
                            incoming.write(peer.recv(65536))
                def drip():
                    for byte in outgoing.read():
                        peer.sendall(bytes([byte]))
                step(session.do_handshake)
                step(lambda: session.write(request("/file")))
                drip()
                answer = b""
                while not answer.endswith(b"hello"):
                    answer += step(lambda: session.read(65536))
                """)
        }
    }

    @Test("A part of a record costs nothing until the rest of it comes", arguments: ["TLSv1_2", "TLSv1_3"], [3, 20])
    func partialRecord(version: String, byteCount: Int) throws {
        try Server.run(["--workers", "1"]) { server in
            let client = try server.startPython(
                """
                trust.minimum_version = trust.maximum_version = ssl.TLSVersion.\(version)
                client = ByHand()
                # Once, so that nothing else is on its way.
                client.socket.sendall(client.seal(request(method="HEAD")))
                assert client.read().startswith(b"HTTP/1.1 200 ")
                record = client.seal(request(method="HEAD"))
                client.socket.sendall(record[:\(byteCount)])
                say("begun")
                hear()
                client.socket.sendall(record[\(byteCount):])
                assert client.read().startswith(b"HTTP/1.1 200 ")
                """)
            defer { client.stop() }
            try client.waitForLine("begun")
            // Another client's request has had its turn behind it.
            #expect(try server.curl("-f").status == 0)
            let worker = try #require(server.workers.first)
            #expect(becomesTrue(within: .seconds(5)) { Kernel.isAsleep(worker) })
            try client.tell("go on")
            let outcome = try client.outcome()
            #expect(outcome.status == 0, "\(outcome.err)")
        }
    }

    @Test("A client that closes its side of the connection still gets its answer whole")
    func halfClosed() throws {
        let folder = try TemporaryDirectory()
        try folder.makeRandomFile("large", byteCount: 8 * 1024 * 1024)
        try Server.run(folder: folder) { server in
            try server.python(
                """
                size = 8 * 1024 * 1024

                # The TCP connection is half closed.
                client = Client()
                client.send(request("/large"))
                socket.socket.shutdown(client.stream, socket.SHUT_WR)
                status, _, content = client.answer()
                assert status == 200 and len(content) == size
                assert client.is_over()

                # So is the TLS stream (close_notify), with or without the TCP connection.
                for is_shut in False, True:
                    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                    session = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
                    peer = plain()
                    def step(action):
                        while True:
                            try:
                                return action()
                            except ssl.SSLWantReadError:
                                peer.sendall(outgoing.read())
                                data = peer.recv(65536)
                                assert data, "the server left"
                                incoming.write(data)
                    step(session.do_handshake)
                    session.write(request("/large"))
                    try:
                        session.unwrap()
                    except ssl.SSLWantReadError:
                        pass
                    peer.sendall(outgoing.read())
                    if is_shut:
                        peer.shutdown(socket.SHUT_WR)
                    count = 0
                    while data := peer.recv(1024 * 1024):
                        count += len(data)
                    assert count > size, count
                """)
        }
    }

    @Test("A client that resets its connection in the middle of a download leaves nothing behind")
    func reset() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 1 << 30)
        try Server.run(folder: folder) { server in
            let before = server.descriptorCount
            try server.python(
                """
                import struct
                for _ in range(20):
                    client = Client()
                    client.send(request("/large"))
                    client.head()
                    client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.stream.close()
                """)
            #expect(try server.requests { server.descriptorCount <= before })
        }
    }
}
