import Foundation
import MartinetTestSupport
import Testing

@Suite("Signals, logs and the terminal")
struct SignalTests {
    @Test("A signal that is ignored at the start stays ignored", arguments: [SIGHUP, SIGINT, SIGUSR1])
    func ignored(signal: Int32) throws {
        try Server.run(["--workers", "1"], wrapper: ["env", "--ignore-signal=\(signal)"]) { server in
            server.process.send(signal)
            // The next one is heard, so that one would have been.
            server.process.send(SIGUSR2)
            try server.log.waitForLine("SIGUSR2 changes nothing")
            #expect(!server.log.text.contains("SIGHUP") && !server.log.text.contains("SIGUSR1"))
            #expect(try server.curl("-f").status == 0)
        }
    }

    @Test("Signals that mean nothing say so in one line, and change nothing")
    func nothing() throws {
        try Server.run(["--workers", "1"]) { server in
            for (signal, words) in [(SIGHUP, "SIGHUP"), (SIGUSR1, "SIGUSR1"), (SIGUSR2, "SIGUSR2")] {
                server.process.send(signal)
                try server.log.waitForLine("notice martinet: \(words) changes nothing here")
            }
            let worker = try #require(server.workers.first)
            for signal in [SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM] { kill(worker, signal) }
            #expect(try server.curl("-f").status == 0)
            #expect(server.workers == [worker])
        }
    }

    @Test("SIGUSR1 opens the logs anew, and no line is lost or torn")
    func reopening() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("a.txt", "found")
        let logs = try TemporaryDirectory()
        let (log, errors) = (logs.path("access.log"), logs.path("error.log"))
        try Server.run(
            ["--workers", "2", "--access-log", log], folder: folder,
            wrapper: ["sh", "-c", "exec \"$@\" 2>'\(errors)'", "sh"]
        ) { server in
            let load = try server.startPython(
                """
                import threading
                ending, count = [], 0
                threading.Thread(target=lambda: (hear(), ending.append(1)), daemon=True).start()
                client = Client()
                while not ending:
                    assert client.get("/a.txt", f"User-Agent: number {count}.")[0] == 200
                    count += 1
                    say(f"{count}")
                """)
            defer { load.stop() }
            try load.out.waitForLineCount(20)
            for round in 1...3 {
                for path in [log, errors] { try #require(unsafe rename(path, "\(path).\(round)") == 0) }
                server.process.send(SIGUSR1)
                #expect(becomesTrue { (try? logs.text("error.log"))?.contains("SIGUSR1: opened anew") ?? false })
                #expect(becomesTrue { (try? logs.text("access.log"))?.isEmpty == false })
                try load.out.waitForLineCount(load.out.lines.count + 20)
            }
            // Who is replaced writes to the new file as well.
            let worker = try #require(server.workers.first)
            kill(worker, SIGKILL)
            #expect(becomesTrue { (try? logs.text("error.log"))?.contains("replacing it") ?? false })
            try load.tell("stop")
            _ = try? load.outcome()
            server.process.send(SIGTERM)
            #expect(try server.process.outcome().status == 0)
            let text = try ["access.log.1", "access.log.2", "access.log.3", "access.log"].map(logs.text).joined()
            let numbers = text.split(separator: "\n").compactMap { line in
                line.hasPrefix("127.0.0.1 - - [") ? line.split(separator: "number ").last?.prefix { $0 != "." } : nil
            }.compactMap { Int($0) }
            #expect(numbers.count == text.split(separator: "\n").count, "each is a whole line")
            // The worker that was killed may have had some to write.
            #expect(numbers.sorted() == Array(0..<numbers.count) || load.err.text != "")
            #expect(numbers.count >= 60)
        }
    }

    @Test("When its terminal has gone the server drains and ends; a SIGHUP before that changes nothing")
    func terminal() throws {
        let terminal = """
            import os, pty, signal, sys
            signals = {signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD}
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            streams = os.dup(1), os.dup(2)
            child, master = pty.fork()
            if child == 0:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
                os.dup2(streams[0], 1)
                os.dup2(streams[1], 2)
                os.execv(sys.argv[1], sys.argv[1:])
            while True:
                match signal.sigwait(signals):
                    case signal.SIGUSR1:
                        os.close(master)
                    case signal.SIGTERM:
                        os.kill(child, signal.SIGTERM)
                    case _:
                        ended, status = os.waitpid(child, os.WNOHANG)
                        if ended:
                            sys.exit(os.waitstatus_to_exitcode(status))
            """
        try Server.run(["--workers", "1"], wrapper: ["python3", "-c", terminal]) { server in
            let supervisor = try #require(Kernel.children(of: server.process.identifier).first)
            kill(supervisor, SIGHUP)
            try server.log.waitForLine("SIGHUP changes nothing here")
            #expect(try server.curl("-f").status == 0)
            server.process.send(SIGUSR1)
            try server.log.waitForLine("the terminal has gone")
            #expect(try server.process.outcome().status == 0)
        }
    }

    @Test("What the access log did not take in time is written before the server ends")
    func slowLog() throws {
        let logs = try TemporaryDirectory()
        try #require(unsafe mkfifo(logs.path("log"), 0o600) == 0)
        let reader = try Client(
            [
                "python3", "-c",
                """
                import fcntl, os, sys
                log = os.open(sys.argv[1], os.O_RDONLY | os.O_NONBLOCK)
                fcntl.fcntl(log, 1031, 4096)
                os.set_blocking(log, True)
                print("open", flush=True)
                sys.stdin.readline()
                text = b""
                while data := os.read(log, 65536):
                    text += data
                lines = text.split(b"\\n")
                assert lines.pop() == b""
                assert all(line.startswith(b"127.0.0.1 - - [") for line in lines), text
                print(f"{len(lines)} lines", flush=True)
                """, logs.path("log"),
            ], isInteractive: true)
        defer { reader.stop() }
        try reader.waitForLine("open")
        try Server.run(["--workers", "1", "--access-log", logs.path("log")]) { server in
            let clients = try server.startPython(
                """
                client = Client()
                for _ in range(100):
                    assert client.get(method="HEAD")[0] == 200
                say("asked")
                assert client.is_over()
                client.stream.close()
                say("over")
                """)
            defer { clients.stop() }
            try clients.waitForLine("asked")
            // The log is full, and nobody looks at it again and again for that.
            let worker = try #require(server.workers.first)
            #expect(becomesTrue { Kernel.isAsleep(worker) })
            server.process.send(SIGTERM)
            try clients.waitForLine("over")
            #expect(Kernel.isAlive(worker))
            try reader.tell("go on")
            try reader.waitForLine("100 lines")
            #expect(try server.process.outcome().status == 0)
        }
    }

    @Test("Where the kernel lets nobody in, the server pauses instead of asking again and again")
    func forbiddenAccept() throws {
        // A filter that answers accept4(2) with EPERM (seccomp(2)).
        let filter = """
            import ctypes, os, platform, struct, sys
            number = {"x86_64": 288, "aarch64": 242}[platform.machine()]
            lines = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | 1), (0x06, 0, 0, 0x7FFF0000)]
            code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
            program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code)))
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.prctl(38, 1, 0, 0, 0) == 0
            assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
            os.execvp(sys.argv[1], sys.argv[1:])
            """
        try Server.run(["--workers", "1"], wrapper: ["python3", "-c", filter]) { server in
            let client = try server.startPython("peer = plain()\npeer.sendall(b'a')\nsay('sent')\nhear()")
            defer { client.stop() }
            try client.waitForLine("sent")
            let line = try server.log.waitForLine("accepting pauses with 0 connections")
            #expect(line.contains("accept4: Operation not permitted"))
            let worker = try #require(server.workers.first)
            #expect(becomesTrue { Kernel.isAsleep(worker) })
        }
    }
}
