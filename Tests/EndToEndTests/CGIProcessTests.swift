import Foundation
import MartinetTestSupport
import Testing

@Suite("Processes of scripts (CGI, RFC 3875 §3.4)", .serialized)
struct CGIProcessTests {
    @Test("Scripts are told of the TLS session as mod_ssl tells it", arguments: ["TLSv1_2", "TLSv1_3"])
    func session(version: String) throws {
        try ScriptServer.run { server, _ in
            try server.python(
                """
                from cases import Answer
                trust.minimum_version = trust.maximum_version = ssl.TLSVersion.\(version)

                def told(client, name):
                    value = answer.value("$" + name)
                    return value and value.decode()

                session = None
                for isResumed in False, True:
                    client = Client(session)
                    client.send(request("/cgi-bin/show"))
                    answer = Answer(client, False)
                    session = client.stream.session
                    cipher, _, bits = client.stream.cipher()
                    assert client.stream.session_reused == isResumed
                    expected = {
                        "SSL_PROTOCOL": client.stream.version(), "SSL_CIPHER": cipher,
                        "SSL_CIPHER_USEKEYSIZE": str(bits), "SSL_CIPHER_ALGKEYSIZE": str(bits),
                        "SSL_TLS_SNI": "localhost", "SSL_SESSION_RESUMED": "Resumed" if isResumed else "Initial",
                        "SSL_CLIENT_VERIFY": "NONE", "REMOTE_PORT": str(client.stream.getsockname()[1]),
                    }
                    found = {name: told(client, name) for name in expected}
                    assert found == expected, found
                # Without a server name there is none.
                trust.check_hostname = False
                client = Client(name=None)
                client.send(request("/cgi-bin/show"))
                answer = Answer(client, False)
                assert told(client, "SSL_TLS_SNI") is None
                """)
        }
    }

    @Test("The environment holds these variables and no others (§4.1, §7.2)")
    func environment() throws {
        try ScriptServer.run { server, _ in
            let shown = try server.curl("-A", "a", path: "cgi-bin/show/info").out
            let names = shown.split(separator: "\n").compactMap { $0.split(separator: "=").first.map(String.init) }
            let ours = ["#", "0", "cwd", "descriptors", "group", "blocked", "ignored", "content"]
            #expect(
                Set(names).subtracting(ours) == [
                    "PATH", "GATEWAY_INTERFACE", "SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PORT", "SERVER_ADDR",
                    "SERVER_PROTOCOL", "REQUEST_SCHEME", "HTTPS", "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING",
                    "REQUEST_ID", "SCRIPT_NAME", "SCRIPT_FILENAME", "DOCUMENT_ROOT", "REDIRECT_STATUS", "PATH_INFO",
                    "PATH_TRANSLATED", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "SSL_PROTOCOL", "SSL_CIPHER",
                    "SSL_CIPHER_USEKEYSIZE", "SSL_CIPHER_ALGKEYSIZE", "SSL_TLS_SNI", "SSL_SESSION_RESUMED",
                    "SSL_CLIENT_VERIFY", "HTTP_HOST", "HTTP_USER_AGENT", "HTTP_ACCEPT",
                ])
            #expect(names.count == Set(names).count, "none is there twice")
        }
    }

    @Test("When the client leaves, the script is asked to end, and ended where it takes no notice")
    func clientLeaves() throws {
        try ScriptServer.run { server, site in
            for script in ["farewell", "stubborn", "guarded"] {
                let client = try begin(script, server)
                defer { client.stop() }
                let process = try #require(Int32(try client.waitForLine("begun").split(separator: " ")[1]))
                #expect(Kernel.isAlive(process))
                client.stop()
                #expect(becomesTrue { !Kernel.exists(process) }, "\(script): \(Kernel.name(of: process))")
            }
            #expect(FileManager.default.fileExists(atPath: site.path("ended")), "it was asked")
        }
    }

    @Test("When a client leaves before there is an answer, its script ends")
    func clientLeavesEarly() throws {
        try ScriptServer.run { server, _ in
            let client = try server.startPython(
                """
                clients = [Client() for _ in range(4)]
                for client in clients:
                    client.send(request("/cgi-bin/mute"))
                say("sent")
                hear()
                """)
            defer { client.stop() }
            try client.waitForLine("sent")
            #expect(becomesTrue { server.scripts.count == 4 })
            client.stop()
            #expect(becomesTrue { server.scripts.isEmpty })
        }
    }

    @Test("When a client's close_notify comes with its request in TLS 1.2, its script ends")
    func closeWithRequest() throws {
        try ScriptServer.run(["--cgi-timeout", "10m"]) { server, _ in
            let client = try server.startPython(
                """
                client = ByHand(ssl.TLSVersion.TLSv1_2)
                client.socket.sendall(client.seal(request("/cgi-bin/mute")) + client.seal_end())
                say("sent")
                hear()
                """)
            defer { client.stop() }
            try client.waitForLine("sent")
            // A request behind it has had its turn after it.
            #expect(try server.curl("-f", path: "a.txt").status == 0)
            #expect(becomesTrue { server.scripts.isEmpty })
            try server.process.waitForLine("GET /cgi-bin/mute HTTP/1.1\" 499")
        }
    }

    @Test("When a worker is killed, its scripts end with it, and the next worker answers")
    func killedWorker() throws {
        try ScriptServer.run { server, _ in
            let clients = try ["farewell", "stubborn", "guarded", "grandchild"].map { try begin($0, server) }
            defer { for client in clients { client.stop() } }
            for client in clients { try client.waitForLine("begun") }
            #expect(server.scripts.count >= 3)
            let worker = try #require(server.workers.first)
            kill(worker, SIGKILL)
            #expect(becomesTrue { server.scripts.isEmpty }, "\(server.scripts.map(Kernel.name))")
            try server.log.waitForLine("replacing it")
            #expect(try server.curl("-f", path: "cgi-bin/echo").status == 0)
        }
    }

    @Test("When a worker is killed, what belongs to another worker's scripts goes on")
    func otherWorker() throws {
        try ScriptServer.run(["--workers", "2"]) { server, site in
            let client = try begin("helped", server)
            defer { client.stop() }
            let script = try #require(Int32(try client.waitForLine("begun").split(separator: " ")[1]))
            let other = try #require(server.workers.first { !Kernel.children(of: $0).contains(script) })
            kill(other, SIGKILL)
            try server.log.waitForLine("replacing it")
            // Whatever was to be ended has been by the time that the new one serves.
            #expect(try server.curl("-f", path: "a.txt").status == 0)
            try site.site.makeFile("cgi-bin/open")
            try client.tell("through")
            try client.waitForLine("heard through", within: .seconds(20))
        }
    }

    @Test("When the server is told to leave, a script may finish")
    func leavingServer() throws {
        try ScriptServer.run { server, site in
            let client = try begin("gate", server)
            defer { client.stop() }
            #expect(becomesTrue { !server.scripts.isEmpty })
            server.process.send(SIGTERM)
            try server.log.waitForLine("stopping: waiting")
            try site.site.makeFile("cgi-bin/open")
            try client.waitForLine("begun through")
        }
    }

    @Test("When the server is told to leave, a script that has answered may finish what it works on")
    func workingOn() throws {
        try ScriptServer.run { server, site in
            #expect(try server.curl("-f", path: "cgi-bin/works-on").out == "hello")
            #expect(becomesTrue { server.scripts.count >= 1 })
            server.process.send(SIGTERM)
            try server.log.waitForLine("stopping: waiting")
            try site.site.makeFile("cgi-bin/open")
            let outcome = try server.process.outcome()
            #expect(outcome.status == 0)
            #expect(FileManager.default.fileExists(atPath: site.path("finished")), "\(outcome.err)")
        }
    }

    @Test("When the supervisor is killed, a script may finish, and the port is free for the next server")
    func killedSupervisor() throws {
        try ScriptServer.run { server, site in
            let client = try begin("gate", server)
            defer { client.stop() }
            #expect(becomesTrue { !server.scripts.isEmpty })
            kill(server.process.identifier, SIGKILL)
            try server.log.waitForLine("the supervisor is gone")
            try Server.run(["--port", "\(server.port)"]) { next in
                let answer = try next.curl("-f")
                #expect(answer.status == 0, "\(answer.err)")
            }
            try site.site.makeFile("cgi-bin/open")
            try client.waitForLine("begun through")
        }
    }

    @Test("A process that has left its script's group keeps nobody waiting, and is no zombie when it ends")
    func runaway() throws {
        try ScriptServer.run { server, _ in
            let answer = try server.curl("-f", path: "cgi-bin/runaway")
            let process = try #require(Int32(answer.out), "\(answer.err)")
            #expect(server.scripts == [process])
            kill(process, SIGKILL)
            #expect(becomesTrue { !Kernel.exists(process) }, "\(Kernel.name(of: process))")
        }
    }

    @Test(
        "A job in the background that holds no pipe of its script lives on, and so it does when workers are killed",
        arguments: [
            "#!/bin/sh\nnohup sh -c 'until [ -e open ]; do sleep 0.05; done; : > handed' >/dev/null 2>&1 &\nprintf '\(text)started'\n",
            """
            #!/usr/bin/php-cgi
            <?php
            header("Content-Type: text/plain");
            exec('nohup sh -c "until [ -e open ]; do sleep 0.05; done; : > handed" >/dev/null 2>&1 &');
            echo "started";
            """,
        ])
    func backgroundJob(script: String) throws {
        try ScriptServer.run { server, site in
            try site.site.makeFile("cgi-bin/job", script)
            try site.makeExecutable("job")
            #expect(try server.curl("-f", path: "cgi-bin/job").out == "started")
            let worker = try #require(server.workers.first)
            kill(worker, SIGKILL)
            try server.log.waitForLine("replacing it")
            // Whatever was to be ended has been by the time that the new one serves.
            #expect(try server.curl("-f", path: "a.txt").status == 0)
            #expect(!server.scripts.isEmpty)
            try site.site.makeFile("cgi-bin/open")
            #expect(becomesTrue { FileManager.default.fileExists(atPath: site.path("handed")) })
        }
    }

    private static let text = "Content-Type: text/plain\\n\\n"

    @Test("More jobs in the background than may be are ended, and the log says whose and how many may be")
    func tooManyJobs() throws {
        try ScriptServer.run(["--cgi-jobs", "2"]) { server, site in
            // Two processes: the shell and what it waits for.
            let script =
                "#!/bin/sh\nnohup sh -c 'sleep 1000; :' >/dev/null 2>&1 &\nsleep 0.1\nprintf '\(Self.text)started'\n"
            try site.site.makeFile("cgi-bin/job", script)
            try site.makeExecutable("job")
            #expect(try server.curl("-f", path: "cgi-bin/job").out == "started")
            #expect(becomesTrue { server.scripts.count == 2 })
            let jobs = Set(server.scripts)
            #expect(try server.curl("-f", path: "cgi-bin/job").out == "started")
            try server.log.waitForLine("job: what it left in the background was ended: more than 2 processes")
            #expect(becomesTrue { Set(server.scripts) == jobs }, "\(server.scripts.map(Kernel.name))")
            for process in jobs { kill(process, SIGKILL) }
        }
    }

    @Test("As many run as may, twice as many wait, and others are told to come again")
    func places() throws {
        try ScriptServer.run(["--cgi-processes", "2"]) { server, site in
            let crowd = try server.startPython(
                """
                clients = [Client() for _ in range(7)]
                # With the answer come session tickets, which would be taken for another.
                for client in clients:
                    client.get("/a.txt")
                for client in clients:
                    client.send(request("/cgi-bin/gate"))
                import select
                ready, _, _ = select.select([client.stream for client in clients], [], [], patience)
                refused = [client for client in clients if client.stream in ready]
                assert len(refused) == 1, len(refused)
                status, fields, _ = refused[0].answer()
                assert status == 503 and int(fields["retry-after"]) > 0, (status, fields)
                say("refused")
                from cases import Answer
                answers = [Answer(client, False) for client in clients if client not in refused]
                assert [(answer.status, answer.content) for answer in answers] == [(200, b"through")] * 6
                """)
            defer { crowd.stop() }
            try crowd.waitForLine("refused")
            #expect(server.scripts.count { Kernel.name(of: $0).contains("gate") } == 2)
            try site.site.makeFile("cgi-bin/open")
            let outcome = try crowd.outcome()
            #expect(outcome.status == 0, "\(outcome.err)")
            try server.log.waitForLine("2 scripts run, and more requests wait already")
        }
    }

    @Test("A script that answers and ends without its content is not kept waiting for it")
    func unreadContent() throws {
        try ScriptServer.run { server, site in
            try site.site.makeFile("cgi-bin/brief", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'\n")
            try site.makeExecutable("brief")
            try server.python(
                """
                from cases import Answer
                client = Client()
                for _ in range(20):
                    # More than is buffered before the script is started.
                    client.send(request("/cgi-bin/brief", "Content-Length: 100000", method="POST") + bytes(70000))
                    answer = Answer(client, False)
                    assert (answer.status, answer.content) == (200, b"hello"), vars(answer)
                    client.send(bytes(30000))
                """)
        }
    }

    @Test("Clients that send their content slowly keep no script from running")
    func slowUploads() throws {
        try ScriptServer.run { server, _ in
            try server.python(
                """
                from cases import Answer
                # As many as there are places, of a script and of content in chunks.
                slow = [Client() for _ in range(64)]
                for client in slow[::2]:
                    client.send(request("/cgi-bin/echo", "Content-Length: 5", method="POST") + b"hel")
                for client in slow[1::2]:
                    client.send(request("/cgi-bin/echo", "Transfer-Encoding: chunked", method="POST") + b"3\\r\\nhel\\r\\n")
                other = Client()
                other.send(request("/cgi-bin/echo", "Content-Length: 5", method="POST") + b"quick")
                assert Answer(other, False).content == b"quick"
                # They lose nothing by it, nor does a request that stands behind one of them.
                for client in slow[::2]:
                    client.send(b"lo" + request("/a.txt"))
                for client in slow[1::2]:
                    client.send(b"2\\r\\nlo\\r\\n0\\r\\n\\r\\n" + request("/a.txt"))
                for client in slow:
                    answer = Answer(client, False)
                    assert (answer.status, answer.value("X-Length"), answer.content) == (200, b"5", b"hello"), vars(answer)
                    assert Answer(client, False).content == b"file"
                """)
        }
    }

    @Test("Content arrives as it was sent, however much of it is buffered and whether it is waited for or not")
    func bufferedContent() throws {
        try ScriptServer.run { server, _ in
            try server.python(
                """
                import hashlib, random
                from cases import Answer
                content = random.Random(1).randbytes(300000)
                client = Client()

                def check(count, fields, framed):
                    for is_awaited in False, True:
                        head = request("/cgi-bin/sum", *fields, *["Expect: 100-continue"] * is_awaited, method="POST")
                        if is_awaited:
                            client.send(head)
                            assert client.head()[0] == 100
                            client.send(framed)
                        else:
                            client.send(head + framed)
                        answer = Answer(client, False)
                        words = answer.content.decode().split()
                        wanted = [str(count), str(count), hashlib.sha256(content[:count]).hexdigest()]
                        assert (answer.status, words) == (200, wanted), (fields, answer.status, words)

                for count in 1, 1000, 16384, 65535, 65536, 65537, 70000, 131072, 131073, 300000:
                    check(count, [f"Content-Length: {count}"], content[:count])
                    chunks = [content[start : min(count, start + 5000)] for start in range(0, count, 5000)]
                    framed = b"".join(b"%x\\r\\n%b\\r\\n" % (len(chunk), chunk) for chunk in chunks) + b"0\\r\\n\\r\\n"
                    check(count, ["Transfer-Encoding: chunked"], framed)
                """)
        }
    }

    @Test("With --cgi-collect a client that sends its content slowly keeps no script from running")
    func slowUpload() throws {
        try ScriptServer.run(["--cgi-collect", "--cgi-processes", "1"]) { server, _ in
            let slow = try server.startPython(
                """
                from cases import Answer
                client = Client()
                client.send(request("/cgi-bin/echo", "Content-Length: 5", method="POST") + b"hel")
                say("begun")
                hear()
                client.send(b"lo")
                answer = Answer(client, False)
                say(f"{answer.status} {answer.value('X-Length').decode()} {answer.content.decode()}")
                """)
            defer { slow.stop() }
            try slow.waitForLine("begun")
            #expect(try server.curl("-f", "-d", "quick", path: "cgi-bin/echo").out == "quick")
            try slow.tell("go on")
            try slow.waitForLine("200 5 hello")
        }
    }

    @Test("Among a thousand requests to scripts that sleep, every one is answered, and files are at once")
    func crowd() throws {
        try ScriptServer.run(["--cgi-processes", "8", "--access-log", "none"]) { server, site in
            for _ in 0..<8 { #expect(try server.curl("-f", path: "a.txt").status == 0) }
            let memory = server.memory
            let crowd = try server.startPython(
                """
                import selectors, time
                from cases import Answer
                raise_limit()
                trust.check_hostname = False
                trust.verify_mode = ssl.CERT_NONE
                clients, files = [Client() for _ in range(1000)], Client()
                # With the answer come session tickets, which would be taken for another.
                for client in clients:
                    client.get("/a.txt")
                for client in clients:
                    client.send(request("/cgi-bin/gate"))
                counts = {200: 0, 503: 0}

                def await_answers(count):
                    while sum(counts.values()) < count:
                        for key, _ in selector.select(patience):
                            selector.unregister(key.fileobj)
                            answer = Answer(key.data, False)
                            answer.check(False)
                            counts[answer.status] += 1

                with selectors.DefaultSelector() as selector:
                    for client in clients:
                        selector.register(client.stream, selectors.EVENT_READ, client)
                    await_answers(900)
                    start = time.monotonic()
                    for _ in range(10):
                        assert files.get("/a.txt")[2] == b"file"
                    took = time.monotonic() - start
                    assert took < 2, f"files took {took} s"
                    open("\(site.path("open"))", "w").close()
                    await_answers(1000)
                assert counts[200] >= 8, counts
                say(f"{counts}")
                """)
            defer { crowd.stop() }
            let outcome = try crowd.outcome(within: .seconds(60))
            #expect(outcome.status == 0, "\(outcome.err)")
            if Kernel.isMemoryExact {
                #expect(becomesTrue { server.memory - memory < 24 * 1024 * 1024 }, "\(memory), then \(server.memory)")
            }
        }
    }

    @Test("In a terminal, the page about a script that failed says what failed and where its messages are")
    func terminal() throws {
        let site = try ScriptSite(), data = try TemporaryDirectory()
        let words = [Server.executable, "serve", site.site.path, "--port", "0", "--workers", "1"] + site.options
        let outcome = try Client.run(
            [
                "python3", "-c",
                """
                import os, pty, re, signal, ssl, sys, urllib.request
                process, terminal = pty.fork()
                if process == 0:
                    os.execv(sys.argv[1], sys.argv[1:])
                shown = ""
                while "openssl s_client" not in shown:
                    shown += os.read(terminal, 4096).decode()
                url = re.search("https://[^ \\r]*/", shown).group()
                context = ssl.create_default_context(cafile=os.environ["XDG_DATA_HOME"] + "/martinet/authority.pem")
                try:
                    urllib.request.urlopen(url + "cgi-bin/no-interpreter", context=context)
                except urllib.error.HTTPError as error:
                    print(error.read().decode())
                os.kill(process, signal.SIGTERM)
                try:
                    while shown := os.read(terminal, 4096):
                        pass
                except OSError:
                    pass  # how Linux says that nobody has the terminal open any more
                os.waitpid(process, 0)
                """,
            ] + words, environment: ["XDG_DATA_HOME": data.path])
        #expect(outcome.status == 0, "\(outcome.err)")
        #expect(outcome.out.contains("has a bad interpreter in its first line"))
        #expect(outcome.out.contains("in the terminal where martinet runs"))
    }

    /// Starts a client that asks for a script and says "begun " and the first line of its answer, and "heard " and what it is
    /// told to listen for.
    private func begin(_ script: String, _ server: Server) throws -> Client {
        try server.startPython(
            """
            client = Client()
            client.send(request("/cgi-bin/\(script)"))
            client.head()
            while not client.buffer.count(b"\\r\\n") > 1:
                client.fill()
            say("begun " + client.buffer.split(b"\\r\\n")[1].decode().strip())
            if word := hear():
                while word.encode() not in client.buffer:
                    client.fill()
                say("heard " + word)
            hear()
            """)
    }
}
