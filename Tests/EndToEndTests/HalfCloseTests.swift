import Foundation
import MartinetTestSupport
import Testing

@Suite("Clients that end their own side (RFC 9112 §9.6, RFC 8446 §6.1)", .serialized)
struct HalfCloseTests {
    /// What such a client sends behind its request.
    enum End: String, CaseIterable {
        case closeNotify = "client.socket.sendall(client.seal_end())"
        case fin = "client.socket.shutdown(socket.SHUT_WR)"
        case both = """
            client.socket.sendall(client.seal_end())
            client.socket.shutdown(socket.SHUT_WR)
            """
    }

    @Test("They get a script's answer, and cost nothing until it comes", arguments: End.allCases, [false, true])
    func script(end: End, isLater: Bool) throws {
        try ScriptServer.run { server, site in
            let client = try server.startPython(
                """
                client = ByHand(ssl.TLSVersion.TLSv1_3)
                client.socket.sendall(client.seal(request("/cgi-bin/gate", "Connection: close")))
                if \(isLater ? "True" : "False"):
                    say("asked")
                    hear()
                \(end.rawValue)
                say("ended")
                answer = client.read_all()
                assert answer.startswith(b"HTTP/1.1 200 ") and b"through" in answer, answer
                assert client.socket.recv(1) == b""
                """)
            defer { client.stop() }
            if isLater {
                try client.waitForLine("asked")
                #expect(becomesTrue { !server.scripts.isEmpty })
                try client.tell("end")
            }
            try client.waitForLine("ended")
            try finish(client, server, site)
        }
    }

    @Test("In TLS 1.2 the end of the socket's stream is none of the client's, but its close_notify is")
    func script12() throws {
        try ScriptServer.run { server, site in
            let leaving = try server.startPython(
                """
                client = ByHand(ssl.TLSVersion.TLSv1_2)
                client.socket.sendall(client.seal(request("/cgi-bin/mute")))
                hear()
                # It stands behind another request.
                client.socket.sendall(client.seal(request("/a.txt")))
                \(End.both.rawValue)
                say("ended")
                hear()
                """)
            defer { leaving.stop() }
            try goOn(leaving, server, until: "ended")
            #expect(becomesTrue { server.scripts.isEmpty })
            let client = try server.startPython(
                """
                client = ByHand(ssl.TLSVersion.TLSv1_2)
                client.socket.sendall(client.seal(request("/cgi-bin/gate", "Connection: close")))
                \(End.fin.rawValue)
                assert b"through" in client.read_all()
                """)
            defer { client.stop() }
            try finish(client, server, site)
        }
    }

    @Test("One that has gone is noticed within a second in TLS 1.3, however it went")
    func gone() throws {
        try ScriptServer.run { server, _ in
            for leaving in ["client.socket.close()", "\(End.both.rawValue)\nclient.socket.close()"] {
                let client = try server.startPython(
                    """
                    client = ByHand(ssl.TLSVersion.TLSv1_3)
                    # With an answer come the tickets: nothing is unread that would have the kernel reset the connection.
                    client.socket.sendall(client.seal(request("/a.txt")))
                    assert client.read()
                    client.socket.sendall(client.seal(request("/cgi-bin/mute")))
                    hear()
                    \(leaving)
                    say("gone")
                    hear()
                    """)
                defer { client.stop() }
                try goOn(client, server, until: "gone")
                #expect(becomesTrue(within: .seconds(1)) { server.scripts.isEmpty })
                try server.process.waitForLine("GET /cgi-bin/mute HTTP/1.1\" 499")
            }
        }
    }

    @Test("Of one that has gone, no further request is begun")
    func nothingMore() throws {
        try ScriptServer.run { server, _ in
            let client = try server.startPython(
                """
                client = ByHand(ssl.TLSVersion.TLSv1_3)
                asked = [request("/cgi-bin/mute")] + [request("/cgi-bin/echo")] * 20
                client.socket.sendall(client.seal(b"".join(asked)))
                hear()
                client.socket.close()
                say("gone")
                hear()
                """)
            defer { client.stop() }
            try goOn(client, server, until: "gone")
            try server.process.waitForLine("GET /cgi-bin/mute HTTP/1.1\" 499")
            #expect(try server.curl("-f", path: "a.txt").status == 0)
            #expect(!server.process.out.text.contains("/cgi-bin/echo"))
        }
    }

    /// Has the client go on once its script runs, and waits for what it says then.
    private func goOn(_ client: Client, _ server: Server, until line: String) throws {
        #expect(becomesTrue { !server.scripts.isEmpty })
        try client.tell("go on")
        try client.waitForLine(line)
    }

    /// Lets the script go on that the client waits for, and expects that the client ends well; until then others are
    /// served, and the worker has nothing to do.
    private func finish(_ client: Client, _ server: Server, _ site: ScriptSite) throws {
        #expect(becomesTrue { !server.scripts.isEmpty })
        // Requests of others have their turn behind it.
        for _ in 0..<2 { #expect(try server.curl("-f", path: "a.txt").status == 0) }
        let worker = try #require(server.workers.first)
        #expect(becomesTrue(within: .seconds(5)) { Kernel.isAsleep(worker) })
        #expect(!server.scripts.isEmpty)
        try site.site.makeFile("cgi-bin/open")
        let outcome = try client.outcome()
        #expect(outcome.status == 0, "\(outcome.err)")
    }
}
