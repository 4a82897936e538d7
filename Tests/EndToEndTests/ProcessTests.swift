import Foundation
import MartinetTestSupport
import Testing

@Suite("Supervisor and workers")
struct ProcessTests {
    @Test(
        "A worker that is killed under load is replaced, and the other worker's clients never notice",
        .enabled(if: Kernel.seesDescriptors, "root sees what a server has open"))
    func killedWorker() throws {
        try Server.run(["--workers", "2", "--access-log", "none"]) { server in
            let workers = server.workers
            try #require(workers.count == 2)
            let before = workers.map(Kernel.descriptorCount)

            let held = try server.startPython(
                """
                clients = []
                while hear() == "more":
                    for _ in range(8):
                        clients.append(Client())
                        assert clients[-1].get()[0] == 200
                    say(f"{len(clients)} open")
                kept = 0
                for client in clients:
                    try:
                        kept += client.get()[0] == 200
                    except (OSError, EOFError):
                        pass
                say(f"{kept} kept")
                """)
            defer { held.stop() }
            // The kernel chooses a worker for each connection: go on until both have some.
            var counts = [0, 0]
            for round in 1...20 where counts.contains(0) {
                try held.tell("more")
                try held.waitForLine("\(round * 8) open")
                counts = zip(workers, before).map { Kernel.descriptorCount(of: $0) - $1 }
            }
            try #require(!counts.contains(0))

            let load = try server.startPython(
                """
                import threading
                threading.Thread(target=lambda: (hear(), ending.append(1)), daemon=True).start()
                ending, failures, count = [], 0, 0
                while not ending or count < 50:
                    try:
                        assert Client().get()[0] == 200
                    except (OSError, EOFError):
                        failures += 1
                    count += 1
                    say(f"{count} made")
                say(f"{failures} failed")
                """)
            defer { load.stop() }
            try load.out.waitForLineCount(5)

            kill(workers[0], SIGKILL)
            let line = try server.log.waitForLine("replacing it")
            #expect(line.contains("\(workers[0])"))
            #expect(line.contains("signal 9"))
            let loadCount = load.out.lines.count
            try load.out.waitForLineCount(loadCount + 20)
            try load.tell("stop")
            try load.waitForEnd()
            #expect(load.err.text == "")
            // Only what the dead worker had in hand can be lost, and this client has one connection at a time.
            #expect(load.out.text.contains("\n0 failed\n") || load.out.text.contains("\n1 failed\n"))

            try held.tell("ask")
            let kept = try held.waitForLine("kept")
            #expect(kept == "\(counts[1]) kept", "\(counts[1]) connections were with the other worker")

            for _ in 0..<10 { #expect(try server.curl("-f").status == 0) }
            #expect(server.workers.count == 2)
            #expect(server.workers.contains(workers[1]))
        }
    }

    @Test("SIGTERM lets a request in progress end, and then ends the server with status 0")
    func terminate() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 64 * 1024 * 1024)
        try Server.run(folder: folder) { server in
            let slow = try server.startPython(
                """
                client = Client()
                client.send(request("/large"))
                status, fields = client.head()
                say("begun")
                hear()
                count = len(client.buffer)
                while count < int(fields["content-length"]):
                    data = client.stream.recv(1024 * 1024)
                    assert data, "cut short"
                    count += len(data)
                assert client.is_over()
                say(f"{count} bytes")
                """)
            defer { slow.stop() }
            let idle = try server.startPython(
                """
                client = Client()
                client.get()
                say("idle")
                assert client.is_over()
                """)
            defer { idle.stop() }
            try slow.waitForLine("begun")
            try idle.waitForLine("idle")
            server.process.send(SIGTERM)
            // The idle connection's end shows that the workers have heard.
            #expect(try idle.outcome().status == 0, "\(idle.err.text)")
            #expect(Kernel.isAlive(server.process.identifier))
            try slow.tell("go on")
            #expect(try slow.outcome().out.contains("\(64 * 1024 * 1024) bytes"), "\(slow.err.text)")
            #expect(try server.process.outcome().status == 0)
        }
    }

    @Test("SIGTERM ends the server though clients are there that have not asked for anything")
    func silentClients() throws {
        try Server.run(["--workers", "1"]) { server in
            let clients = try server.startPython(
                """
                silent, begun, idle = Client(), plain(), Client()
                begun.sendall(bytes([22, 3, 1, 2]))
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                shaking, late = plain(), trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
                try:
                    late.do_handshake()
                except ssl.SSLWantReadError:
                    shaking.sendall(outgoing.read())
                incoming.write(shaking.recv(65536))
                assert idle.get()[0] == 200
                say("ready")
                assert idle.is_over()
                late.do_handshake()
                shaking.sendall(outgoing.read())
                assert silent.is_over()
                assert begun.recv(1) == b""
                while shaking.recv(65536):
                    pass
                """)
            defer { clients.stop() }
            try clients.waitForLine("ready")
            server.process.send(SIGTERM)
            // Nobody is cut after half a minute.
            #expect(try clients.outcome(within: .seconds(20)).status == 0, "\(clients.err.text)")
            #expect(try server.process.outcome().status == 0)
        }
    }

    @Test("When SIGTERM comes, who waits to be accepted is answered, and who comes later is refused")
    func lastClients() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 64 * 1024 * 1024)
        try Server.run(["--workers", "1", "--verbose"], folder: folder) { server in
            let clients = try server.startPython(
                """
                busy, idle = Client(), Client()
                busy.send(request("/large"))
                busy.head()
                idle.get()
                say("ready")
                hear()
                waiting = plain()
                waiting.sendall(request("/"))
                say("waiting")
                assert idle.is_over()
                try:
                    plain()
                    say("accepted")
                except ConnectionRefusedError:
                    say("refused")
                say(waiting.recv(12).decode())
                """)
            defer { clients.stop() }
            try clients.waitForLine("ready")
            let worker = try #require(server.workers.first)
            kill(worker, SIGSTOP)
            try clients.tell("go on")
            try clients.waitForLine("waiting")
            server.process.send(SIGTERM)
            try server.log.waitForLine("stopping: waiting")
            kill(worker, SIGCONT)
            // Plain HTTP on a TLS port is told where to go.
            try clients.waitForLine("HTTP/1.1 308")
            #expect(clients.out.text.contains("refused\n"))
        }
    }

    @Test("A second SIGINT ends the server at once")
    func twice() throws {
        let folder = try TemporaryDirectory()
        try folder.makeSparseFile("large", byteCount: 64 * 1024 * 1024)
        try Server.run(folder: folder) { server in
            let slow = try server.startPython(
                """
                client = Client()
                client.send(request("/large"))
                client.head()
                idle = Client()
                idle.get()
                say("begun")
                assert idle.is_over()
                say("told")
                hear()
                """)
            defer { slow.stop() }
            try slow.waitForLine("begun")
            server.process.send(SIGINT)
            try slow.waitForLine("told")
            server.process.send(SIGINT)
            try server.process.waitForEnd(within: .seconds(5))
        }
    }

    @Test("Workers whose supervisor is killed end what is in progress, leave and free the port")
    func killedSupervisor() throws {
        try Server.run(["--workers", "2"]) { server in
            let workers = server.workers
            try #require(workers.count == 2)
            let idle = try server.startIdle(8, answeredCount: 8)
            defer { idle.stop() }
            try idle.waitForLine("idle")
            server.process.send(SIGKILL)
            try server.process.waitForEnd()
            #expect(try idle.outcome().status == 0, "\(idle.err.text)")
            // The log ends when nobody has it open any more.
            try server.log.waitForEnd()
            #expect(server.log.text.contains("the supervisor is gone"))
            for worker in workers { #expect(!Kernel.isAlive(worker)) }
            try Server.run(["--port", "\(server.port)"]) { next in
                let outcome = try next.curl("-f")
                #expect(outcome.status == 0, "\(outcome.err)")
            }
        }
    }
}
