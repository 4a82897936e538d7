import Foundation
import MartinetTestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "Wrong usage is status 2, with the usage on standard error",
        arguments: [
            ["serve", "--prot", "1"], ["serve", "--port", "70000"], ["serve", "--tls-min", "1.1"],
            ["serve", "--workers", "0"], ["serve", "--verbose", "--quiet"], ["serve", "one", "two"],
            ["serve", "--host", "a b"], ["serve", "--host", "*.org"], ["serve", "--cors=app.test"],
            ["serve", "--cors", "https://app.test/"], ["serve", "--cors=https://a.test,https://b.test"],
            ["serve", "--tls-key", "k"], ["serve", "-p", "1", "-l", ":1"],
            ["serve", "--cgi", "cgi-bin"], ["serve", "--cgi", "/a/=/tmp", "--cgi", "/a=/tmp"],
            ["serve", "--cgi-interpreter", ".php=/bin/sh"], ["serve", "--cgi", "/a=.", "--cgi-interpreter", "php"],
            ["serve", "--cgi-timeout", "0s"], ["serve", "--cgi-timeout", "soon"], ["serve", "--cgi-total-time", "0"],
            ["serve", "--cgi-processes", "0"], ["serve", "--cgi-cpu", "1500ms"], ["serve", "--cgi-memory", "0"],
            ["serve", "--cgi-output", "0"], ["serve", "--cgi-jobs", "-1"], ["serve", "--cgi-env", "A=1"],
            ["serve", "--cgi-files"], ["serve", "--cgi-index", "a"], ["serve", "--cgi", "/a=.", "--cgi-env", "A"],
            ["serve", "--cgi", "/a=.", "--cgi-env", "=1"], ["serve", "--cgi", "/a=.", "--cgi-env", "1A=1"],
            ["serve", "--cgi", "/a=.", "--cgi-env", "HTTPS=off"], ["serve", "--cgi", "/a=.", "--cgi-env", "HTTP_X=1"],
            ["serve", "--cgi", "/a=.", "--cgi-env", "A=1", "--cgi-env", "A=2"],
            ["serve", "--cgi", "/a=.", "--cgi-index", "a/b"], ["serve", "--files", "static"],
            ["serve", "--files", "/=."], ["serve", "--files", "/a=.", "--files", "/a/=."],
            ["serve", "--files", "/a=.", "--cgi", "/a/=."], ["serve", "--max-content", "-1"],
            ["serve", "--max-content", "9999999T"],
        ])
    func usage(words: [String]) throws {
        let outcome = try Client.run([Server.executable] + words)
        #expect(outcome.status == 2)
        #expect(outcome.out == "")
        #expect(outcome.err.contains("Usage: martinet serve"), "\(outcome.err)")
    }

    @Test(
        "A field that is the server's to set is refused, in any case and by the environment too",
        arguments: [
            "Content-Length: 3", "Transfer-Encoding: chunked", "Connection: close", "DATE: today", "keep-alive: x",
            "Upgrade: h2c", "Trailer: X", "TE: trailers", "Proxy-Connection: close", "content-range: bytes 0-1/2",
        ])
    func reservedFields(field: String) throws {
        let name = field.prefix { $0 != ":" }
        for outcome in [
            try Server.command("serve", "/", "--header", "X-Good: 1", "--header", field),
            try Server.command("serve", "/", environment: ["MARTINET_HEADER": field]),
        ] {
            #expect(outcome.status == 2)
            #expect(
                outcome.err.contains("--header cannot set \(name), which says how a response is sent"), "\(outcome.err)"
            )
        }
    }

    @Test("A mistyped command is status 2, and what is meant is asked")
    func mistypedCommand() throws {
        for (words, meant) in [
            (["serv", "/"], "martinet serve /"), (["vesion"], "martinet version"),
            (["help", "sevre"], "martinet help serve"),
        ] {
            let outcome = try Client.run([Server.executable] + words)
            #expect(outcome.status == 2 && outcome.out == "")
            #expect(outcome.err.contains("Did you mean '\(meant)'?"), "\(outcome.err)")
        }
    }

    @Test("A folder that is called like a command keeps its environment")
    func folderCalledHelp() throws {
        let parent = try TemporaryDirectory()
        for name in ["help", "serv"] { try parent.makeDirectory(name) }
        for words in [["serve", "help"], ["serv"]] {
            // A value that nobody can use shows that it was read.
            let outcome = try Client.run(
                [Server.executable] + words, environment: ["MARTINET_WORKERS": "none"],
                folder: URL(filePath: parent.path))
            #expect(outcome.status == 2 && outcome.err.contains("'none'"), "\(outcome.err)")
        }
    }

    @Test("--cors and --spa have their values behind a space, as the help writes them")
    func optionalValues() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("200.html", "<h1>Application</h1>")
        try Server.run(["--cors", "https://app.test", "--spa", "200.html"], folder: folder) { server in
            let outcome = try server.curl("-i", path: "some/page")
            #expect(outcome.out.hasSuffix("<h1>Application</h1>"))
            #expect(outcome.out.contains("\r\nAccess-Control-Allow-Origin: https://app.test\r\n"))
        }
        let missing = try Server.command("serve", "--spa", "app.php")
        #expect(missing.status == 3)
        #expect(missing.err.contains("If app.php is meant for --spa, write --spa=app.php."), "\(missing.err)")
    }

    @Test("A folder that is not there is status 3, with a way out")
    func missingFolder() throws {
        let outcome = try Server.command("serve", "/nowhere/at/all")
        #expect(outcome.status == 3)
        #expect(outcome.err.contains("/nowhere/at/all"))
        #expect(outcome.err.contains("No such file or directory"))
        #expect(outcome.err.contains("Name a folder that exists"))
        let file = try Server.command("serve", "/etc/passwd")
        #expect(file.status == 3)
        #expect(file.err.contains("Not a directory"))
    }

    @Test("Scripts that cannot be run are status 3, with a way out")
    func scripts() throws {
        let folder = try TemporaryDirectory()
        let nowhere = try Server.command("serve", folder.path, "--cgi", "/cgi-bin/=/nowhere")
        #expect(nowhere.status == 3 && nowhere.err.contains("--cgi /cgi-bin/=/nowhere: No such file or directory"))
        let file = try Server.command("serve", folder.path, "--cgi", "/cgi-bin/=/etc/passwd")
        #expect(file.status == 3 && file.err.contains("may not execute it.") && file.err.contains("chmod +x"))
        let pipe = try Server.command("serve", folder.path, "--cgi", "/cgi-bin/=/dev/null")
        #expect(pipe.status == 3 && pipe.err.contains("Name a directory of programs, or one program"))
        let missingFolder = try Server.command("serve", folder.path, "--files", "/static/=/nowhere")
        #expect(missingFolder.status == 3 && missingFolder.err.contains("--files /static/=/nowhere: No such file"))
        let outside = try Server.command("serve", folder.path, "--cgi", "/cgi-bin/=\(folder.path)")
        #expect(outside.status == 3 && outside.err.contains("all its files would be scripts"))
        let programs = try TemporaryDirectory()
        let scripts = "/cgi-bin/=\(programs.path)"
        let missing = try Server.command(
            "serve", folder.path, "--cgi", scripts, "--cgi-interpreter", ".php=/nowhere/php")
        #expect(missing.status == 3 && missing.err.contains("command -v php-cgi"))
        let plain = try Server.command("serve", folder.path, "--cgi", scripts, "--cgi-interpreter", ".php=/etc/passwd")
        #expect(plain.status == 3 && plain.err.contains("Name a program that is executable"))
        let noRoom = try Server.command("serve", folder.path, "--cgi", scripts, environment: ["TMPDIR": "/nowhere"])
        #expect(noRoom.status == 3 && noRoom.err.contains("TMPDIR=/nowhere"))
    }

    @Test("A certificate that cannot be used is status 3, and its files are named")
    func certificates() throws {
        let folder = try testCertificates()
        let chain = folder.path("server-ecdsa.pem")
        let mismatched = try Server.command(
            "serve", folder.path, "--tls-cert", chain, "--tls-key", folder.path("second.key"))
        #expect(mismatched.status == 3)
        #expect(mismatched.err.contains(chain))
        #expect(mismatched.err.contains(folder.path("second.key")))

        let missing = try Server.command("serve", folder.path, "--tls-cert", folder.path("none.pem"))
        #expect(missing.status == 3)
        #expect(missing.err.contains(folder.path("none.pem")))
        #expect(missing.err.contains("No such file or directory"))

        let keyless = try Server.command("serve", folder.path, "--tls-cert", chain)
        #expect(keyless.status == 3)
        #expect(keyless.err.contains("--tls-key"))

        try folder.makeFile("nonsense.pem", "not a certificate")
        let nonsense = try Server.command(
            "serve", folder.path, "--tls-cert", folder.path("nonsense.pem"), "--tls-key", folder.path("second.key"))
        #expect(nonsense.status == 3)
        #expect(nonsense.err.contains(folder.path("nonsense.pem")))
    }

    @Test("A certificate that has expired is served with a warning")
    func expired() throws {
        let folder = try testCertificates()
        try Server.run(["--tls-cert", folder.path("expired.pem"), "--tls-key", folder.path("expired.key")]) { server in
            #expect(server.log.text.contains("expired.pem has expired"))
        }
    }

    @Test("A port that is taken is status 1, and is named")
    func takenPort() throws {
        try Server.run { server in
            let outcome = try Server.command("serve", "/", "--port", "\(server.port)")
            #expect(outcome.status == 1)
            #expect(outcome.err.contains(":\(server.port)"))
            #expect(outcome.err.contains("Address already in use"))
            #expect(outcome.err.contains("--port"))
            let listening = try Server.command("serve", "/", "--listen", "127.0.0.1:\(server.port)")
            #expect(listening.status == 1)
        }
    }

    @Test("Where both go to one file, neither the start-up message nor the log overwrites the other")
    func oneFile() throws {
        let folder = try TemporaryDirectory()
        let words = [
            "sh", "-c", "exec \"$@\" >\"$0\" 2>&1", folder.path("log"), Server.executable, "serve", folder.path,
        ]
        let server = try Client(
            words + ["--port", "0", "--workers", "1", "--verbose", "--access-log", "none"],
            environment: ["XDG_DATA_HOME": folder.path("data")])
        defer { server.stop() }
        func written() -> String { (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? "" }
        #expect(becomesTrue { written().contains("openssl s_client") })
        server.send(SIGTERM)
        try server.waitForEnd()
        let lines = written().split(separator: "\n")
        for words in ["worker 0 started as process", "  https://localhost:", "openssl s_client -connect", "stopping:"] {
            #expect(lines.contains { $0.contains(words) }, "\(words) is not in \(lines)")
        }
        #expect(!written().contains("\0"))
    }

    @Test("Where few descriptors may be open, the log says so, and what that means")
    func fewDescriptors() throws {
        try Server.run(["--workers", "1"], descriptorLimit: 200) { server in
            let line = try server.log.waitForLine("few clients can be served at one time")
            #expect(line.contains("no more than 200 files"))
            #expect(try server.curl("-f").status == 0)
        }
    }

    @Test("The version names the OpenSSL in use", arguments: [["version"], ["--version"]])
    func version(words: [String]) throws {
        let outcome = try Client.run([Server.executable] + words)
        #expect(outcome.status == 0)
        #expect(outcome.out.hasPrefix("martinet "))
        #expect(outcome.out.contains("OpenSSL 3"))
        #expect(outcome.err == "")
    }

    @Test(
        "Each command has help",
        arguments: [["--help"], ["serve", "--help"], ["version", "--help"], ["help", "serve"]])
    func help(words: [String]) throws {
        let outcome = try Client.run([Server.executable] + words)
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("USAGE: martinet"))
        #expect(outcome.err == "")
        if words.contains("serve") { #expect(outcome.out.contains("EXAMPLES")) }
    }

    @Test("The environment gives options, and the command line overrides it")
    func environment() throws {
        let port = try freePort()
        try Server.run(environment: ["MARTINET_PORT": "\(port)"]) { server in
            #expect(server.port == port)
        }
        try Server.run(["--port", "0"], environment: ["MARTINET_PORT": "1", "MARTINET_HOST": "a.test,b.test"]) {
            server in
            #expect(server.port > 1)
            #expect(server.url.hasPrefix("https://a.test:"))
            #expect(server.banner.contains { $0.contains("a.test, b.test, localhost") })
        }
        let wrong = try Server.command("serve", "/", environment: ["MARTINET_WORKERS": "none"])
        #expect(wrong.status == 2)
    }

    @Test("--listen takes an address, and its port may be any")
    func listen() throws {
        try Server.run(["--listen", "127.0.0.1:0"]) { server in
            let outcome = try server.curl("-f")
            #expect(outcome.status == 0, "\(outcome.err)")
        }
    }

    @Test("-q prints nothing while all goes well")
    func quiet() throws {
        let port = try freePort()
        let (folder, data) = (try TemporaryDirectory(), try TemporaryDirectory())
        let server = try Client(
            [Server.executable, "serve", folder.path, "-q", "--port", "\(port)"],
            environment: ["XDG_DATA_HOME": data.path])
        defer { server.stop() }
        // Nothing announces a quiet server, so this asks until it answers.
        let asked = try Client.run([
            "python3", "-c",
            """
            import socket, ssl, sys, time
            trust = ssl._create_unverified_context()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                try:
                    stream = trust.wrap_socket(socket.create_connection(("127.0.0.1", \(port)), 20))
                    break
                except ConnectionRefusedError:
                    pass
            stream.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            sys.exit(not stream.recv(100).startswith(b"HTTP/1.1 200"))
            """,
        ])
        #expect(asked.status == 0, "\(asked.err)")
        server.send(SIGTERM)
        let outcome = try server.outcome()
        #expect(outcome.status == 0)
        #expect(outcome.out == "")
        #expect(outcome.err == "")
    }

    @Test("--access-log writes a combined line for each request, with what TLS adds")
    func accessLog() throws {
        let logs = try TemporaryDirectory()
        // Only the lines of one worker are in their order.
        try Server.run(["--workers", "1", "--access-log", logs.path("access.log")]) { server in
            _ = try server.curl("-A", "tester \"1\"", "-e", "https://from.test/", path: "?q=1")
            _ = try server.curl("--tlsv1.2", "--tls-max", "1.2", "--head", path: "missing")
            server.process.send(SIGTERM)
            #expect(try server.process.outcome().status == 0)
            let lines = try logs.text("access.log").split(separator: "\n").map(String.init)
            try #require(lines.count == 2)
            let first = try Regex(
                #"^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /\?q=1 HTTP/1\.1" 200 \d+ "#
                    + #""https://from\.test/" "tester \\x221\\x22" TLSv1\.3 TLS_AES_128_GCM_SHA256 - localhost \d+\.\d{6}$"#
            )
            #expect(lines[0].contains(first), "\(lines[0])")
            #expect(lines[1].contains("\"HEAD /missing HTTP/1.1\" 404 0 \"-\""), "\(lines[1])")
            #expect(lines[1].contains(" TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 - localhost "), "\(lines[1])")
        }
    }

    @Test("The access log is on standard output unless told otherwise")
    func accessLogOnStandardOutput() throws {
        try Server.run { server in
            _ = try server.curl(path: "one")
            try server.process.out.waitForLine("\"GET /one HTTP/1.1\" 404")
        }
        try Server.run(["--access-log", "none"]) { server in
            _ = try server.curl(path: "one")
            server.process.send(SIGTERM)
            #expect(try !server.process.outcome().out.contains("GET /one"))
        }
    }

    @Test("A key log that cannot be opened is status 3, by what names it", arguments: [true, false])
    func badKeyLog(isOption: Bool) throws {
        let folder = try TemporaryDirectory()
        let outcome =
            isOption
            ? try Server.command("serve", folder.path, "--port", "0", "--keylog", "/nowhere/keys")
            : try Server.command("serve", folder.path, "--port", "0", environment: ["SSLKEYLOGFILE": "/nowhere/keys"])
        #expect(outcome.status == 3)
        let name = isOption ? "--keylog" : "SSLKEYLOGFILE"
        #expect(outcome.err.hasPrefix("martinet: \(name) /nowhere/keys: No such file or directory\n"), "\(outcome.err)")
        #expect(outcome.err.contains("Name a file that this user may write"))
    }

    @Test("A key log is written, and a loud warning says what that means", arguments: [true, false])
    func keyLog(isOption: Bool) throws {
        let logs = try TemporaryDirectory()
        let path = logs.path("keys")
        try Server.run(
            isOption ? ["--keylog", path] : [], environment: isOption ? [:] : ["SSLKEYLOGFILE": path]
        ) { server in
            #expect(server.log.text.contains("THE SECRETS OF EVERY SESSION ARE WRITTEN TO \(path)"))
            _ = try server.curl()
            #expect(try logs.text("keys").contains("CLIENT_TRAFFIC_SECRET_0 "))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }
}

/// A port that nobody listened on a moment ago.
private func freePort() throws -> Int {
    let outcome = try Client.run([
        "python3", "-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])",
    ])
    guard let port = Int(outcome.out.trimmingCharacters(in: .newlines)) else {
        throw Missing(description: "python3 found no free port: \(outcome.err)")
    }
    return port
}
