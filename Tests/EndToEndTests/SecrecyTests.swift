import Foundation
import MartinetTestSupport
import Testing

@Suite("What programs of the same user learn of the server")
struct SecrecyTests {
    /// Looks for a key in the memory of the worker that started it, and of the supervisor.
    private static let thief = """
        #!/usr/bin/env python3
        import os, re
        print("Content-Type: text/plain\\n")
        worker = os.getppid()
        supervisor = int(re.search(r"PPid:\\s+(\\d+)", open(f"/proc/{worker}/status").read())[1])
        for name, process in (("worker", worker), ("supervisor", supervisor)):
            try:
                with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
                    for line in maps:
                        start, end = (int(number, 16) for number in line.split()[0].split("-"))
                        if " rw" in line:
                            memory.seek(start)
                            if b"PRIVATE KEY--" in memory.read(end - start):
                                print(f"{name}: a key!")
                    print(f"{name}: read")
            except OSError as error:
                print(f"{name}: {error.strerror}")
        """

    @Test("A program can read neither its worker's memory nor the supervisor's")
    func memory() throws {
        let scripts = try TemporaryDirectory()
        try scripts.makeFile("thief", Self.thief)
        try scripts.setMode("thief", to: 0o755)
        // Root may read everything, so nobody asks.
        var wrapper: [String] = []
        if geteuid() == 0 {
            try FileManager.default.copyItem(atPath: Server.executable, toPath: scripts.path("martinet"))
            wrapper = [
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
                "shift; exec '\(scripts.path("martinet"))' \"$@\"", "sh",
            ]
        }
        try Server.run(["--workers", "1", "--cgi", "/cgi-bin/=\(scripts.path)"], wrapper: wrapper) { server in
            let answer = try server.curl(path: "cgi-bin/thief").out
            #expect(answer == "worker: Permission denied\nsupervisor: Permission denied\n")
            let line = try server.log.waitForLine("programs run as the user that may read")
            #expect(line.contains("/martinet/issuer.pem: "))
            // What it does without the right to look at itself from outside.
            #expect(try server.curl("-f").status == 0)
            let worker = try #require(server.workers.first)
            kill(worker, SIGUSR1)
            server.process.send(SIGHUP)
            try server.log.waitForLine("SIGHUP changes nothing")
        }
    }

    @Test("As root, programs are warned of in one line", .enabled(if: geteuid() == 0))
    func root() throws {
        let scripts = try TemporaryDirectory()
        try Server.run(["--workers", "1", "--cgi", "/cgi-bin/=\(scripts.path)"]) { server in
            try server.log.waitForLine("warning martinet: programs run as root")
            #expect(!server.log.text.contains("programs run as the user"))
            let worker = try #require(server.workers.first)
            #expect(!Kernel.hasNoNewRights(worker), "a mailer has its group's")
        }
        try Server.run(["--workers", "1"]) { server in
            let worker = try #require(server.workers.first)
            #expect(Kernel.hasNoNewRights(worker))
            #expect(!Kernel.hasNoNewRights(server.process.identifier), "it executes workers that may start programs")
            #expect(!server.log.text.contains("programs run"))
        }
    }

    @Test("No core is written of the server; a program has the limits that the server was started with")
    func cores() throws {
        let scripts = try TemporaryDirectory()
        try scripts.makeFile("limits", "#!/bin/sh\necho Content-Type: text/plain\necho\nulimit -S -c\nulimit -S -n\n")
        try scripts.setMode("limits", to: 0o755)
        try Server.run(
            ["--workers", "1", "--cgi", "/cgi-bin/=\(scripts.path)"],
            wrapper: ["sh", "-c", "ulimit -S -c 77; ulimit -S -n 300; exec \"$@\"", "sh"]
        ) { server in
            for process in server.workers + [server.process.identifier] {
                #expect(Kernel.limit("Max core file size", of: process) == "0")
            }
            let limits = try server.curl(path: "cgi-bin/limits").out
            #expect(limits == "77\n300\n")
        }
    }
}
