import Foundation
import MartinetTestSupport
import Testing

/// A network of its own: a machine with two private addresses and a public one.
private final class Network {
    static let address = "192.168.7.20"
    private let holder: Client

    private static let setUp = #"""
        ip link set lo up && for address in "$@"; do ip address add "$address" dev lo nodad || exit; done && echo ready && read -r line
        """#

    init(_ addresses: [String] = ["\(address)/24", "fd00:7::20/64", "203.0.113.5/24"]) throws {
        holder = try Client(
            ["unshare", "--map-root-user", "--net", "sh", "-c", Self.setUp, "sh"] + addresses, isInteractive: true)
        try holder.waitForLine("ready")
    }

    deinit { holder.stop() }

    /// Whether the kernel lets this user make such a network.
    static let isPossible: Bool = {
        guard let network = try? Network() else { return false }
        return (try? Client.run(network.entering + ["true"]))?.status == 0
    }()

    /// What has a command run in it.
    var entering: [String] {
        ["nsenter", "--target", "\(holder.identifier)", "--user", "--preserve-credentials", "--net"]
    }

    /// Runs a server on any port of all of its interfaces.
    func serve(
        _ options: [String] = [], environment: [String: String] = [:], _ body: (Server) throws -> Void
    ) throws {
        try Server.run(["--lan"] + options, environment: environment, wrapper: entering, body)
    }

    /// Runs curl on a device of the network.
    func curl(_ words: String...) throws -> Client.Outcome { try Client.run(entering + ["curl", "-sS"] + words) }

    /// The status of an answer to a plain request.
    func status(_ url: String) throws -> String { try curl("-o", "/dev/null", "-w", "%{http_code}", url).out }

    /// Runs a python3 script on a device.
    func python(_ script: String, _ words: String...) throws -> Client.Outcome {
        try Client.run(entering + ["python3", "-c", script] + words)
    }
}

extension Server {
    /// The trust page's URL, as the banner says it.
    fileprivate var trustPage: String {
        get throws {
            let line = try #require(banner.first { $0.hasPrefix("trust page ") })
            return String(line.split(separator: " ")[2])
        }
    }
}

@Suite("serve --lan", .enabled(if: Network.isPossible))
struct LanTests {
    @Test("The banner has the URLs for a phone and what is left out; the certificate is for the private addresses")
    func banner() throws {
        let network = try Network()
        try network.serve { server in
            #expect(server.banner.contains("https://localhost:\(server.port)/"))
            #expect(server.banner.contains("phone          https://\(Network.address):\(server.port)/"))
            #expect(try server.trustPage == "http://\(Network.address):\(server.port)/martinet-trust")
            #expect(server.banner.contains { $0.hasPrefix("left out       203.0.113.5 (lo): no private address") })
            #expect(
                server.banner.contains {
                    $0.contains("for localhost, 127.0.0.1, ::1, \(Network.address), fd00:7::20 (")
                })
            #expect(server.log.text.contains("the server can be reached at 203.0.113.5 as well"))
            #expect(!server.process.out.text.contains("▀"), "a code is for terminals")
            for host in [Network.address, "[fd00:7::20]", "127.0.0.1", "localhost"] {
                let outcome = try network.curl(
                    "-f", "-o", "/dev/null", "--cacert", server.authority, "https://\(host):\(server.port)/")
                #expect(outcome.status == 0, "\(host): \(outcome.err)")
            }
            let exposed = try network.curl("--cacert", server.authority, "https://203.0.113.5:\(server.port)/")
            #expect(exposed.status == 60, "\(exposed.err)")
        }
    }

    @Test(
        "Everything else in plain HTTP is redirected as before, and to who comes from elsewhere there is no such page")
    func redirects() throws {
        let network = try Network()
        try network.serve { server in
            let page = try server.trustPage
            let answer = try network.curl(
                "-o", "/dev/null", "-w", "%{http_code} %header{location}",
                "http://\(Network.address):\(server.port)/x?y")
            #expect(answer.out == "308 https://\(Network.address):\(server.port)/x?y")
            #expect(try network.status(page) == "200")
            #expect(try network.status("http://203.0.113.5:\(server.port)/martinet-trust/martinet.crt") == "400")
            // In TLS it is a path like others.
            let secure = try network.curl(
                "-o", "/dev/null", "-w", "%{http_code}", "--cacert", server.authority,
                page.replacing("http:", with: "https:"))
            #expect(secure.out == "404")
            #expect(try network.status(page) == "200")
        }
    }

    @Test("Both files hold the root whose fingerprint the page and openssl show")
    func files() throws {
        let network = try Network()
        let folder = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": folder.path]
        let root = folder.path("martinet/authority.pem")
        try network.serve(environment: environment) { server in
            let shown = try Client.run(["openssl", "x509", "-in", root, "-noout", "-fingerprint", "-sha256"]).out
            let fingerprint = try #require(shown.split(separator: "=").last).trimmingCharacters(in: .newlines)
            let page = try network.curl("-f", try server.trustPage).out
            #expect(page.replacing("<wbr>", with: "").contains("<code>\(fingerprint)</code>"))
            let saved = try network.curl("-f", "-o", folder.path("root.crt"), "\(server.trustPage)/martinet.crt")
            #expect(saved.status == 0, "\(saved.err)")
            try server.log.waitForLine("the trust page has ended")
        }
        let der = try Client.run(["openssl", "x509", "-inform", "DER", "-in", folder.path("root.crt")])
        let pem = try Client.run(["openssl", "x509", "-in", root])
        #expect(der.status == 0 && der.out == pem.out, "\(der.err)")
        try network.serve(environment: environment) { server in
            let script = """
                import plistlib, sys, urllib.request
                answer = urllib.request.urlopen(sys.argv[1] + "/martinet.mobileconfig", timeout=30)
                assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
                profile = plistlib.loads(answer.read())
                [content] = profile["PayloadContent"]
                assert content["PayloadType"] == "com.apple.security.root"
                assert content["PayloadContent"] == open(sys.argv[2], "rb").read()
                """
            let outcome = try network.python(script, try server.trustPage, folder.path("root.crt"))
            #expect(outcome.status == 0, "\(outcome.err)")
            // Another start, another page; the certificate for the addresses is the one that was there.
            #expect(!server.log.text.contains("anew"))
        }
    }

    @Test("Of many downloads at one moment from many workers one is answered, and then the page is gone in all of them")
    func once() throws {
        let network = try Network()
        try network.serve(["--workers", "3"]) { server in
            let page = try server.trustPage
            for _ in 0..<6 { #expect(try network.curl("-I", "-f", "\(page)/martinet.crt").status == 0) }
            let script = """
                import sys, threading, urllib.error, urllib.request
                answers = []
                def ask(path):
                    try:
                        answers.append(urllib.request.urlopen(sys.argv[1] + path, timeout=30).status)
                    except urllib.error.HTTPError as error:
                        answers.append(error.code)
                def ask_all(paths):
                    threads = [threading.Thread(target=ask, args=[path]) for path in paths]
                    for thread in threads: thread.start()
                    for thread in threads: thread.join()
                ask_all(["/martinet.crt", "/martinet.mobileconfig"] * 12)
                assert sorted(answers) == [200] + [410] * 23, answers
                answers.clear()
                ask_all(["", "/martinet.crt", "/martinet.mobileconfig"] * 8)
                assert answers == [410] * 24, answers
                """
            let outcome = try network.python(script, page)
            #expect(outcome.status == 0, "\(outcome.err)")
            try server.log.waitForLine("the trust page has ended")
            #expect(server.log.text.components(separatedBy: "the trust page has ended").count == 2)
        }
    }

    @Test("A download that is cut before it is complete ends nothing")
    func cut() throws {
        let network = try Network()
        try network.serve(["--workers", "1"]) { server in
            let page = try server.trustPage
            // The worker stands still, so that the client has gone when it reads the request.
            let worker = try #require(server.workers.first)
            kill(worker, SIGSTOP)
            defer { kill(worker, SIGCONT) }
            let script = """
                import socket, struct, sys
                for _ in range(3):
                    client = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.sendall(b"GET /martinet-trust/martinet.crt HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                    client.close()
                """
            #expect(try network.python(script, Network.address, "\(server.port)").status == 0)
            kill(worker, SIGCONT)
            #expect(try network.status(page) == "200")
            #expect(!server.log.text.contains("the trust page has ended"))
            #expect(try network.status("\(page)/martinet.crt") == "200")
            #expect(try network.status("\(page)/martinet.crt") == "410")
        }
    }

    @Test("On another network the server's certificate is another, and the authority the same")
    func moved() throws {
        let data = try TemporaryDirectory()
        let environment = ["XDG_DATA_HOME": data.path]
        var roots: [[UInt8]] = []
        for address in ["192.168.7.20", "10.1.2.3"] {
            let network = try Network(["\(address)/24"])
            try network.serve(environment: environment) { server in
                let outcome = try network.curl(
                    "-f", "-o", "/dev/null", "--cacert", data.path("martinet/authority.pem"),
                    "https://\(address):\(server.port)/")
                #expect(outcome.status == 0, "\(outcome.err)")
                roots.append(try data.bytes("martinet/authority.pem"))
            }
        }
        #expect(roots.count == 2 && roots[0] == roots[1])
        let files = try FileManager.default.contentsOfDirectory(atPath: data.path("martinet"))
        #expect(Set(files) == ["authority.pem", "issuer.pem", "server-localhost+127_0_0_1+__1+lan.pem"])
    }

    @Test("Where there is no private address it says which there are, and starts nothing")
    func publicAlone() throws {
        let network = try Network(["203.0.113.5/24"])
        let data = try TemporaryDirectory()
        let outcome = try Client.run(
            network.entering + [Server.executable, "serve", data.path, "--lan"],
            environment: ["XDG_DATA_HOME": data.path])
        #expect(outcome.status == 3)
        #expect(outcome.err.contains("203.0.113.5 (lo): no private address"), "\(outcome.err)")
    }
}

@Suite("serve --open, and what --lan does not go with")
struct OpenTests {
    @Test(
        "--lan is told what it cannot be together with, and what to give instead",
        arguments: [["--listen", ":0"], ["--tls-cert", "x.pem"]])
    func conflicts(words: [String]) throws {
        let outcome = try Client.run([Server.executable, "serve", "--lan"] + words)
        #expect(outcome.status == 2)
        #expect(outcome.err.contains("--listen"), "\(outcome.err)")
    }

    @Test("The browser that BROWSER names gets the URL once the server answers, and nothing that is the server's")
    func browser() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFIFO("fifo")
        let script = """
            #!/bin/sh
            status=$(curl -sSk -o /dev/null -w '%{http_code}' "$2")
            echo "$status $1 $2 ${SSLKEYLOGFILE-none} ${MARTINET_INDEX-none}" >"\(folder.path("fifo"))"
            """
        try folder.makeFile("browser", script)
        try folder.setMode("browser", to: 0o755)
        let reader = try Client(["cat", folder.path("fifo")])
        defer { reader.stop() }
        let environment = [
            "BROWSER": "\(folder.path("browser")) --new %s", "SSLKEYLOGFILE": folder.path("keys"),
            "MARTINET_INDEX": "index.html",
        ]
        try Server.run(["--open"], environment: environment) { server in
            let out = try reader.outcome().out
            #expect(out == "200 --new \(server.url) none none\n")
            #expect(!server.log.text.contains("--open"))
        }
    }

    @Test("Where none can be opened there is one line, and the server serves")
    func noBrowser() throws {
        let nothing = ["BROWSER": "/nowhere/browser", "DISPLAY": "", "WAYLAND_DISPLAY": "", "WSL_DISTRO_NAME": ""]
        try Server.run(["--open"], environment: nothing) { server in
            try server.log.waitForLine("--open: BROWSER names no program that is there (/nowhere/browser); open ")
            #expect(try server.curl("-f", "-o", "/dev/null").status == 0)
        }
    }
}
