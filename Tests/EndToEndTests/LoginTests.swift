import Foundation
import MartinetTestSupport
import Testing

@Suite("Logins (--auth-file)")
struct LoginTests {
    /// Hashes of "open sesame", by libxcrypt 4.4 and OpenSSL 3.0.
    private static let hashes = [
        "bcrypt": "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
        "yescrypt": "$y$j5T$abcdefghijklmnop$w8HM6v91gt6xLQQ/JpLb8vEFuhboaD.lEgL1WmvaVMA",
        "gost": "$gy$j5T$abcdefghijklmnop$TPfFmPygvoGJaNds7akW7J67n9K2YVyAXySciA1nib2",
        "scrypt": "$7$4U..../....abcdefghijklmnop$GdLZqF/snlCF/rqGtbUbIRTAr3OKZPWj1X107GvHpw1",
        "sha256": "$5$rounds=1000$abcdefgh$uN/x8g5iqpGW8nv2HklfY2EGEvwdVIgjHBpf2Az7t3A",
        "sha512": "$6$abcdefgh$CkjGkP7IIgZVUCNlt.Vi53LOYJLXZ5KzdpzEYCj01XGruA1hxZYJqccTU2zz68oJwAGsd1iPty5F7dHIatUTy/",
        "md5": "$1$abcdefgh$9qMkHazuSy1Q8myEum7yb/", "apache": "$apr1$abcdefgh$T64oOxnD8c28.dQa.2Lty1",
        "sha": "{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
    ]
    /// Of the same, in 60 ms.
    private static let slow = "$2y$10$abcdefghijklmnopqrstuu4SuEsu2LsUrAYUpWQHLMMc4GV5pZTxK"

    @Test("Every kind of hash is verified, and only the right password fits")
    func kinds() throws {
        let users = try TemporaryDirectory()
        try users.makeFile("users", Self.hashes.map { "\($0):\($1):a remark\r\n" }.joined() + "# nobody:x\n\n")
        try Server.run(["--workers", "1", "--auth-file", users.path("users")]) { server in
            for user in Self.hashes.keys.sorted() {
                let right = try server.curl("-o", "/dev/null", "-w", "%{http_code}", "-u", "\(user):open sesame")
                #expect(right.out == "200", "\(user)")
            }
            for user in ["bcrypt", "yescrypt", "apache"] {
                let wrong = try server.curl("-o", "/dev/null", "-w", "%{http_code}", "-u", "\(user):open sesam")
                #expect(wrong.out == "401", "\(user)")
            }
        }
    }

    @Test("Forty wrong logins in one piece hold up neither other requests nor other logins")
    func pipelined() throws {
        let users = try TemporaryDirectory()
        try users.makeFile("users", "alice:\(Self.slow)\nbob:\(Self.slow)\n")
        try Server.run(["--workers", "1", "--auth-file", users.path("users")]) { server in
            let lines = try server.python(
                """
                from base64 import b64encode
                def login(user, password):
                    return "Authorization: Basic " + b64encode(f"{user}:{password}".encode()).decode()
                other = Client()
                assert other.get()[0] == 401
                attacker = Client()
                attacker.send(request("/", login("alice", "wrong")) * 40)
                # The first answer says that the server has them, the second that it has counted more than one.
                for _ in range(2):
                    assert attacker.answer()[0] == 401
                for _ in range(3):
                    assert other.get()[0] == 401
                assert other.get("/", login("bob", "open sesame"))[0] == 200
                # Whoever is right once is known, whatever else comes from this machine.
                assert other.get("/", login("bob", "open sesame"))[0] == 200
                # What the attacker has by now: a delay of a second each from the sixth on.
                attacker.stream.setblocking(False)
                try:
                    while True:
                        attacker.fill()
                except ssl.SSLWantReadError:
                    pass
                print(2 + attacker.buffer.count(b"HTTP/1.1 401"))
                """)
            let count = try #require(lines.first.flatMap { Int($0) })
            #expect(count < 20)
            // The attacker has left with more than thirty logins in the queue: none is computed any more, and leaving is quick.
            server.process.send(SIGTERM)
            #expect(try server.process.outcome(within: .seconds(10)).status == 0)
            // The last line may still be on its way from the server that has ended.
            try server.log.waitForLine("more wrong logins")
            let wrong = server.log.lines.filter { $0.contains("alice") }
            #expect(wrong.count <= 2, "one line at once, and one with the others' number at the end: \(wrong)")
            #expect(wrong.first?.hasSuffix("127.0.0.1: wrong user name or password, user \"alice\"") == true)
            #expect(wrong.last?.contains("more wrong logins, the last as user \"alice\"") == true, "\(wrong)")
        }
    }

    @Test("A password whose hash takes seconds holds up nobody else")
    func besideTheLoop() throws {
        let users = try TemporaryDirectory()
        try users.makeFile("users", "alice:\(Self.slow.replacing("$10$", with: "$15$"))\n")
        try Server.run(["--workers", "1", "--auth-file", users.path("users")]) { server in
            try server.python(
                """
                slow, other = Client(), Client()
                assert other.get()[0] == 401
                slow.send(request("/", "Authorization: Basic YWxpY2U6eA=="))
                for _ in range(5):
                    assert other.get()[0] == 401
                slow.stream.setblocking(False)
                try:
                    slow.fill()
                    raise SystemExit("the others had to wait for the password")
                except ssl.SSLWantReadError:
                    pass
                """)
        }
    }

    @Test("The access log names the user whose password was right, and no other")
    func accessLog() throws {
        let users = try TemporaryDirectory()
        try users.makeFile("users", "Dr. No:\(Self.hashes["bcrypt"] ?? "")\n")
        let options = ["--workers", "1", "--auth-file", users.path("users"), "--access-log", users.path("log")]
        try Server.run(options) { server in
            _ = try server.curl(path: "nobody")
            _ = try server.curl("-u", "Dr. No:open sesame", path: "right")
            _ = try server.curl("-u", "Dr. No:x", path: "wrong")
            server.process.send(SIGTERM)
            #expect(try server.process.outcome().status == 0)
            let lines = try users.text("log").split(separator: "\n").map(String.init)
            try #require(lines.count == 3)
            #expect(lines[0].hasPrefix("127.0.0.1 - - [") && lines[0].contains("GET /nobody HTTP/1.1\" 401 "))
            #expect(lines[1].hasPrefix("127.0.0.1 - Dr.\\x20No [") && lines[1].contains("GET /right HTTP/1.1\" 404 "))
            #expect(lines[2].hasPrefix("127.0.0.1 - - [") && lines[2].contains("GET /wrong HTTP/1.1\" 401 "))
        }
    }

    @Test(
        "A file that lets nobody in, or holds passwords, is refused with its place and a way out",
        arguments: [
            ("", "users: There is no user in it", "htpasswd -B FILE USER"),
            ("# alice\n\n", "users: There is no user in it", "htpasswd -B FILE USER"),
            ("\nalice\n", "users:2: There is no user and password hash", "htpasswd -B"),
            ("alice:\n", "users:1: There is no user and password hash", "htpasswd -B"),
            (":x\n", "users:1: There is no user and password hash", "htpasswd -B"),
            ("alice:secret123\n", "users:1: What stands behind the user is no password hash", "htpasswd -B"),
            ("#\nalice:Correcthorse1", "users:2: What stands behind the user is no password hash", "htpasswd -B"),
            ("alice:open sesame", "users:1: What stands behind the user is no password hash", "htpasswd -B"),
            ("alice:abJnggxhB/yWI", "users:1: What stands behind the user is no password hash", "traditional DES"),
            (
                "alice:$2y$20$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy",
                "users:1: Each login with this hash would take about 62 s", "htpasswd -B -C 10"
            ),
        ])
    func files(text: String, problem: String, wayOut: String) throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("users", text)
        let outcome = try Server.command("serve", folder.path, "--port", "0", "--auth-file", folder.path("users"))
        #expect(outcome.status == 3)
        #expect(outcome.err.contains(problem), "\(outcome.err)")
        #expect(outcome.err.contains(wayOut), "\(outcome.err)")
        for password in ["secret123", "Correcthorse1", "open sesame"] { #expect(!outcome.err.contains(password)) }
    }
}
