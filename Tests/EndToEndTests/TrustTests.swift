import Foundation
import MartinetTestSupport
import Testing

/// A home of its own and, in a mount namespace, the system's authorities of its own, so that nothing of this machine changes.
private final class Machine {
    let home: TemporaryDirectory
    private let system: TemporaryDirectory

    private static let mounting = #"""
        for pair in local:/usr/local/share/ca-certificates certs:/etc/ssl/certs hooks:/etc/ca-certificates/update.d \
            list:/etc/ca-certificates.conf; do
            mount --bind "$0/${pair%%:*}" "${pair#*:}" || exit 99
        done
        if [ -d /usr/lib/jvm ]; then
            mount --bind /usr/lib/jvm /usr/lib/jvm && mount -o remount,bind,ro /usr/lib/jvm || exit 99
        fi
        exec "$@"
        """#

    init() throws {
        (home, system) = (try TemporaryDirectory(), try TemporaryDirectory())
        // Few of others' authorities: a hundred and some take a second each time.
        for name in ["local", "certs", "hooks"] { try system.makeDirectory(name) }
        let list = try String(contentsOfFile: "/etc/ca-certificates.conf", encoding: .utf8)
        let few = list.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasPrefix("!") }.prefix(2)
        try system.makeFile("list", few.map { "\($0)\n" }.joined())
        // As Firefox leaves a profile before it has made its database.
        for name in [".mozilla", ".mozilla/firefox", ".mozilla/firefox/a.default", ".pki", ".pki/nssdb"] {
            try home.makeDirectory(name)
        }
        try home.makeFile(".mozilla/firefox/a.default/prefs.js")
    }

    var environment: [String: String] { ["HOME": home.path, "XDG_DATA_HOME": "", "JAVA_HOME": home.path("java")] }

    /// Whether the kernel lets this user make namespaces, and the system is one whose folders are known here.
    static let isPossible: Bool = {
        guard let machine = try? Machine() else { return false }
        return (try? machine.run(["true"]))?.status == 0
    }()

    /// Runs a command as root of the namespace, or as somebody who is not.
    func run(_ words: [String], isRoot: Bool = true) throws -> Client.Outcome {
        let user = isRoot ? [] : ["unshare", "--user"]
        return try Client.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", Self.mounting, system.path] + user + words,
            environment: environment)
    }

    func cert(_ words: String..., isRoot: Bool = true) throws -> Client.Outcome {
        try run([Server.executable, "cert"] + words, isRoot: isRoot)
    }

    /// Gives it a Java with a store of its own; false where there is no Java here to make it of.
    func addJava() throws -> Bool {
        let script = """
            keytool=$(readlink -f "$(command -v keytool)") && cacerts=$(dirname "$keytool")/../lib/security/cacerts &&
            mkdir -p java/bin java/lib/security && ln -s "$keytool" java/bin/keytool && cp "$cacerts" java/lib/security/cacerts
            """
        return try Client.run(["sh", "-c", script], folder: URL(filePath: home.path)).status == 0
    }

    var database: String { "sql:\(home.path(".pki/nssdb"))" }
}

@Suite("martinet cert trust", .enabled(if: Machine.isPossible))
struct TrustTests {
    @Test("Every store trusts the authority, says so, and is as it was after untrust; twice is once")
    func everyStore() throws {
        let machine = try Machine()
        let hasJava = try machine.addJava()
        let before = try machine.cert("status")
        #expect(before.status == 1)
        #expect(before.out.contains("martinet cert trust makes one"), "\(before.out)")
        let stores =
            ["system (/etc/ssl/certs/ca-certificates.crt)", "Chromium (\(machine.home.path)/.pki/nssdb)"]
            + ["Firefox (\(machine.home.path)/.mozilla/firefox/a.default)"]
            + (hasJava ? ["Java (\(machine.home.path)/java/lib/security/cacerts)"] : [])
        func expect(_ words: String, after command: String, status: Int) throws {
            let outcome = try machine.cert(command)
            #expect(outcome.status == status, "\(outcome.out)\(outcome.err)")
            for store in stores { #expect(outcome.out.contains("\(store): \(words)\n"), "\(command): \(outcome.out)") }
        }
        try expect("added", after: "trust", status: 0)
        try expect("was there", after: "trust", status: 0)
        try expect("trusts authority.pem", after: "status", status: 0)
        let environment = ["XDG_DATA_HOME": machine.home.path(".local/share")]
        try Server.run(environment: environment) { server in
            #expect(!server.banner.contains { $0.hasPrefix("trust ") })
            let curl = try machine.run(["curl", "-sS", "-f", "-o", "/dev/null", server.url])
            #expect(curl.status == 0, "\(curl.err)")
            let verifying = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
            let python = try machine.run(["/usr/bin/python3", "-c", verifying, server.url])
            #expect(python.status == 0, "\(python.err)")
            try expect("removed", after: "untrust", status: 0)
            #expect(try machine.run(["curl", "-sS", server.url]).status == 60)
        }
        try expect("was not there", after: "untrust", status: 0)
        #expect(try machine.home.text(".local/share/martinet/trusted") == "")
        try expect("does not trust authority.pem", after: "status", status: 1)
        // Who only looks has asked for nothing.
        #expect(try machine.home.text(".local/share/martinet/trusted") == "")
        try Server.run(environment: environment) { server in
            #expect(server.banner.contains { $0.hasPrefix("trust ") && $0.hasSuffix("/martinet cert trust") })
        }
    }

    @Test("Where root is needed the line to run is printed, which does it; the other stores are told all the same")
    func needsRoot() throws {
        let machine = try Machine()
        let outcome = try machine.cert("trust", isRoot: false)
        #expect(outcome.status == 0, "\(outcome.out)\(outcome.err)")
        #expect(outcome.out.contains("nssdb): added\n"), "\(outcome.out)")
        func rootLine(_ text: String) throws -> String {
            let lines = text.split(separator: "\n")
            let index = try #require(lines.firstIndex { $0.hasPrefix("system ") && $0.hasSuffix("needs root: run") })
            return String(lines[index + 1]).replacing("sudo ", with: "")
        }
        let added = try machine.run(["sh", "-c", rootLine(outcome.out)])
        #expect(added.status == 0, "\(added.err)")
        #expect(try machine.cert("status").out.contains("ca-certificates.crt): trusts authority.pem\n"))
        let refused = try machine.cert("untrust", isRoot: false)
        #expect(refused.status == 1)
        #expect(refused.out.contains("nssdb): removed\n"), "\(refused.out)")
        let removed = try machine.run(["sh", "-c", rootLine(refused.out)])
        #expect(removed.status == 0, "\(removed.err)")
        #expect(try machine.cert("untrust", isRoot: false).status == 0)
    }

    @Test("An authority for another name is trusted as well, and one that was made anew is taken out with the new one")
    func severalAuthorities() throws {
        let machine = try Machine()
        let data = machine.home.path(".local/share/martinet")
        let environment = ["XDG_DATA_HOME": machine.home.path(".local/share")]
        try Server.run(["--host", "www.example.org"], environment: environment) { _ in }
        let trusted = try machine.cert("trust")
        #expect(trusted.status == 0, "\(trusted.out)\(trusted.err)")
        for name in ["authority.pem", "issuer.pem"] { try FileManager.default.removeItem(atPath: "\(data)/\(name)") }
        #expect(try machine.cert("status").status == 0)
        try Server.run(environment: environment) { server in
            #expect(server.banner.contains { $0.hasPrefix("trust ") })
        }
        let status = try machine.cert("status")
        #expect(status.status == 1)
        #expect(status.out.contains("made anew since"), "\(status.out)")
        #expect(status.out.contains("; does not trust authority.pem\n"), "\(status.out)")
        let again = try machine.cert("trust")
        #expect(again.out.contains("nssdb): added authority.pem\n"), "\(again.out)")
        #expect(try machine.cert("untrust").status == 0)
        let list = try machine.run(["certutil", "-L", "-d", machine.database])
        #expect(list.status == 0 && !list.out.contains("martinet"), "\(list.out)")
    }

    @Test("What others have put in stays, and so does a store that certutil cannot open")
    func others() throws {
        let machine = try Machine()
        #expect(try machine.cert("trust").status == 0)
        #expect(try machine.cert("untrust").status == 0)
        let authority = machine.home.path(".local/share/martinet/authority.pem")
        let added = try machine.run(
            ["certutil", "-A", "-d", machine.database, "-t", "C,,", "-n", "mine", "-i", authority])
        #expect(added.status == 0, "\(added.err)")
        try machine.home.makeFile(".mozilla/firefox/a.default/cert9.db", "no database")
        let trusted = try machine.cert("trust")
        #expect(trusted.status == 0)
        #expect(trusted.out.contains("nssdb): was there\n"), "\(trusted.out)")
        #expect(trusted.out.contains("a.default): failed: /usr/bin/certutil: "), "\(trusted.out)")
        #expect(trusted.out.contains("ca-certificates.crt): added\n"), "\(trusted.out)")
        let untrusted = try machine.cert("untrust")
        #expect(untrusted.status == 1)
        #expect(untrusted.out.contains("nssdb): left alone authority.pem"), "\(untrusted.out)")
        #expect(try machine.run(["certutil", "-L", "-d", machine.database, "-n", "mine"]).status == 0)
    }

    @Test("What the system's hook has put into Java's store is taken out, and no link stays for the system's")
    func hook() throws {
        let machine = try Machine()
        let hasJava = try machine.addJava()
        #expect(try machine.cert("trust").status == 0)
        let store = machine.home.path("java/lib/security/cacerts")
        if hasJava {
            let script = """
                alias=$(keytool -list -keystore "$0" -storepass changeit 2>&1 | sed -n 's/^\\(martinet-[0-9a-f]*\\),.*/\\1/p') &&
                keytool -changealias -keystore "$0" -storepass changeit -alias "$alias" -destalias "debian:$alias.pem"
                """
            let renamed = try machine.run(["sh", "-c", script, store])
            #expect(renamed.status == 0, "\(renamed.out)\(renamed.err)")
        }
        let untrusted = try machine.cert("untrust")
        #expect(untrusted.status == 0, "\(untrusted.out)")
        #expect(!untrusted.out.contains("left alone"), "\(untrusted.out)")
        if hasJava {
            let list = try machine.run(["keytool", "-list", "-keystore", store, "-storepass", "changeit"])
            #expect(list.status == 0 && !list.out.contains("martinet"), "\(list.out)")
        }
        let links = try machine.run(["find", "/etc/ssl/certs", "-xtype", "l"])
        #expect(links.out.isEmpty, "\(links.out)")
    }

    @Test("A database with a primary password is left as it was, with the command that asks for it")
    func primaryPassword() throws {
        let machine = try Machine()
        try machine.home.makeFile("password", "correct horse 1")
        let made = try machine.run(["certutil", "-N", "-d", machine.database, "-f", machine.home.path("password")])
        #expect(made.status == 0, "\(made.err)")
        let trusted = try machine.cert("trust")
        #expect(trusted.out.contains("nssdb): failed: it has a primary password"), "\(trusted.out)")
        let lines = trusted.out.split(separator: "\n")
        let index = try #require(lines.firstIndex { $0.contains("primary password") })
        let list = try machine.run(["certutil", "-L", "-d", machine.database])
        #expect(!list.out.contains("martinet"), "\(list.out)")
        let added = try machine.run(["sh", "-c", "\(lines[index + 1]) -f \(machine.home.path("password"))"])
        #expect(added.status == 0, "\(added.err)")
        #expect(try machine.cert("status").out.contains("nssdb): trusts authority.pem\n"))
    }

    @Test("--print changes nothing, and what it prints for this host does it")
    func printing() throws {
        let machine = try Machine()
        let printed = try machine.cert("trust", "--print")
        #expect(printed.status == 0)
        for title in [
            "Dockerfile", "WSL", "Node", "Python", "Java", "curl", "git", "macOS", "Windows", "iOS", "Android",
        ] {
            #expect(printed.out.contains("# \(title)"), "\(printed.out)")
        }
        #expect(try machine.cert("status").status == 1)
        let section = printed.out.components(separatedBy: "\n\n")[0].split(separator: "\n").dropFirst()
        // The database is not made by the commands, but by who uses it.
        let script =
            ["set -e", "certutil -N --empty-password -d \(machine.database)"]
            + section.filter { $0.contains("install ") || $0.contains("update-ca") || $0.contains("nssdb") }
        let done = try machine.run(["sh", "-c", script.joined(separator: "\n")])
        #expect(done.status == 0, "\(done.err)")
        let status = try machine.cert("status")
        #expect(status.out.contains("nssdb): trusts") && status.out.contains("crt): trusts"), "\(status.out)")
    }
}
