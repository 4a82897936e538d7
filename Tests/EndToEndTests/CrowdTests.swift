import Foundation
import MartinetTestSupport
import Testing

@Suite("Many connections at a time", .serialized)
struct CrowdTests {
    @Test(
        "2000 idle connections, and a fresh request is still answered at once",
        .enabled(if: Kernel.seesDescriptors, "root sees what a server has open"))
    func idle() throws {
        try check(
            count: 2000,
            opener: """
                def open_one():
                    client = Client()
                    client.get(method="HEAD")
                    return client
                trust.check_hostname = False
                trust.verify_mode = ssl.CERT_NONE
                """,
            after: """
                for client in crowd[::100]:
                    assert client.get()[0] == 200
                """)
    }

    @Test(
        "500 handshakes that were begun, and a fresh request is still answered at once",
        .enabled(if: Kernel.seesDescriptors, "root sees what a server has open"))
    func halfOpen() throws {
        try check(
            count: 500,
            opener: """
                def open_one():
                    peer = plain()
                    peer.sendall(b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc")
                    return peer
                """,
            after: "")
    }

    @Test("With more connections than descriptors, the one that has been idle the longest makes room")
    func fullOfIdle() throws {
        // Some are in use and 32 are kept back, so there are not as many connections as clients.
        try Server.run(["--workers", "1"], descriptorLimit: 160) { server in
            try server.python(
                """
                crowd = [Client() for _ in range(100)]
                used = Client()
                for number in range(100):
                    crowd.append(Client())
                    assert crowd[-1].get()[0] == 200
                    # A connection that is in use stays.
                    assert used.get()[0] == 200
                """)
            #expect(server.workers.count == 1)
            #expect(try server.curl("-f").status == 0)
        }
    }

    @Test("Scripts have the descriptors that idle connections had")
    func scripts() throws {
        let scripts = try TemporaryDirectory()
        try scripts.makeFile("cat", "#!/bin/sh\necho Content-Type: text/plain\necho\nexec cat\n")
        try scripts.setMode("cat", to: 0o755)
        try Server.run(
            ["--workers", "1", "--cgi", "/cgi-bin/=\(scripts.path)"], descriptorLimit: 160
        ) { server in
            try server.python(
                """
                idle = [Client() for _ in range(110)]
                for client in idle:
                    client.get(method="HEAD")
                busy = []
                for _ in range(16):
                    busy.append(Client())
                    # More than is kept before a script starts, but not all of it.
                    busy[-1].send(request("/cgi-bin/cat", "Content-Length: 70005", method="POST") + b"x" * 70000)
                    status, _ = busy[-1].head()
                    assert status == 200, status
                for client in busy:
                    client.send(b"hello")
                    while b"hello" not in client.buffer:
                        client.fill()
                # Those who were idle the longest have gone, and the others stayed.
                assert idle[0].is_over()
                assert idle[-1].get(method="HEAD")[0] == 200
                """)
            #expect(!server.log.text.contains("Too many open files"))
            #expect(!server.log.text.contains("accepting pauses"))
        }
    }

    @Test("With every connection busy, a client waits until one is free")
    func fullOfBusy() throws {
        try Server.run(["--workers", "1"], descriptorLimit: 160) { server in
            let crowd = try server.startPython(
                """
                crowd = [plain() for _ in range(100)]
                for peer in crowd:
                    peer.sendall(b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc")
                say("open")
                hear()
                """)
            defer { crowd.stop() }
            try crowd.waitForLine("open")
            // Each could be about to ask for a file.
            let line = try server.log.waitForLine("accepting pauses with")
            #expect(line.contains("every connection is busy"))
            let worker = try #require(server.workers.first)
            #expect(Kernel.descriptorCount(of: worker) < 100)
            let fresh = try Client(["curl", "-sS", "-f", "--cacert", server.authority, server.url])
            defer { fresh.stop() }
            try crowd.tell("leave")
            let outcome = try fresh.outcome()
            #expect(outcome.status == 0, "\(outcome.err)")
        }
    }

    @Test("What a client that reads nothing costs has a bound, in the worker and in the kernel")
    func slowReaders() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 1 << 30)
        let count = 200
        try Server.run(["--workers", "1", "--access-log", "none"], folder: folder) { server in
            for _ in 0..<8 { #expect(try server.curl("-f", "-r", "0-100000", path: "large").status == 0) }
            let worker = try #require(server.workers.first)
            let before = Kernel.privateMemory(of: worker)
            let crowd = try server.startPython(
                """
                raise_limit()
                trust.check_hostname = False
                trust.verify_mode = ssl.CERT_NONE
                crowd = [Client() for _ in range(\(count))]
                for client in crowd:
                    client.send(request("/large"))
                say("asked")
                hear()
                """)
            defer { crowd.stop() }
            try crowd.waitForLine("asked", within: .seconds(60))
            // It waits for them alone when the kernel takes nothing more of any.
            let isHeldUp = try server.requests { Kernel.sendQueues(from: server.port).count { $0 > 50_000 } == count }
            let queues = Kernel.sendQueues(from: server.port)
            #expect(isHeldUp, "\(queues.sorted())")
            #expect(queues.allSatisfy { $0 <= 400 * 1024 }, "\(queues.max() ?? 0)")
            if Kernel.isMemoryExact, let before, let after = Kernel.privateMemory(of: worker) {
                #expect(after - before <= count * 150 * 1024, "\((after - before) / count) bytes each")
            }
            try crowd.tell("leave")
            #expect(try crowd.outcome().status == 0)
            if Kernel.isMemoryExact, let before {
                #expect(becomesTrue { Kernel.privateMemory(of: worker).map { $0 - before < 10 * 1024 * 1024 } ?? true })
            }
        }
    }

    private func check(count: Int, opener: String, after: String) throws {
        try Server.run(["--access-log", "none"]) { server in
            for _ in 0..<8 { #expect(try server.curl("-f").status == 0) }
            let before = server.descriptorCount
            let memory = server.memory
            let crowd = try server.startPython(
                """
                raise_limit()
                \(opener)
                crowd = [open_one() for _ in range(\(count))]
                say("open")
                hear()
                \(after)
                """)
            defer { crowd.stop() }
            try crowd.waitForLine("open", within: .seconds(60))
            // All of them have been accepted when the descriptors say so.
            #expect(try server.requests { server.descriptorCount >= before + count })
            let fresh = try server.curl("-f", "-o", "/dev/null", "-w", "%{time_total}")
            #expect(fresh.status == 0, "\(fresh.err)")
            let seconds = try #require(Double(fresh.out))
            #expect(seconds < 1)

            try crowd.tell("leave")
            let outcome = try crowd.outcome()
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(try server.requests { server.descriptorCount <= before })
            // Unless it is given back, this many connections' memory is several times as much.
            if Kernel.isMemoryExact { #expect(becomesTrue { server.memory - memory < 24 * 1024 * 1024 }) }
        }
    }
}
