import Foundation
import MartinetTestSupport
import Testing

/// A running `martinet serve`, on a port of its own and with a data directory of its own.
final class Server {
    let process: Client
    let folder: TemporaryDirectory
    private let data: TemporaryDirectory
    /// As the banner says it: "https://localhost:40123/".
    private(set) var url = ""
    private(set) var port = 0
    /// The processes that have served so far, as far as `workers` was asked for them.
    private var known: Set<Int32> = []

    /// Runs the test's body while a server serves `folder`, and ends the server however the body ends.
    ///
    /// - Parameters:
    ///   - descriptorLimit: the most descriptors that the server may have open; nil for as many as the tests.
    ///   - wrapper: a command that executes the words behind it.
    static func run(
        _ options: [String] = [], environment: [String: String] = [:], folder: TemporaryDirectory? = nil,
        descriptorLimit: Int? = nil, wrapper: [String] = [],
        _ body: (Server) throws -> Void
    ) throws {
        let server = try Server(
            options, environment: environment, folder: folder ?? TemporaryDirectory(), descriptorLimit: descriptorLimit,
            wrapper: wrapper)
        defer { server.stop() }
        do {
            try server.readBanner()
            try body(server)
        } catch {
            Issue.record("\(error)\nThe server's log:\n\(server.log.text)")
        }
    }

    private init(
        _ options: [String], environment: [String: String], folder: TemporaryDirectory, descriptorLimit: Int?,
        wrapper: [String]
    ) throws {
        self.folder = folder
        data = try TemporaryDirectory()
        // Whoever a wrapper makes the server may keep its authority there.
        try data.setMode(".", to: 0o777)
        let isPlaced = options.contains("--port") || options.contains("--listen") || environment["MARTINET_PORT"] != nil
        let limiting = descriptorLimit.map { ["sh", "-c", "ulimit -n \($0); exec \"$@\"", "sh"] } ?? []
        process = try Client(
            wrapper + limiting + [Self.executable, "serve", folder.path] + (isPlaced ? [] : ["--port", "0"]) + options,
            environment: environment.merging(["XDG_DATA_HOME": data.path]) { given, _ in given })
    }

    /// The program as it was built together with these tests.
    static let executable: String = {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "martinet").path()
    }()

    /// Runs a martinet that ends by itself.
    static func command(_ words: String..., environment: [String: String] = [:]) throws -> Client.Outcome {
        let data = try TemporaryDirectory()
        return try Client.run(
            [executable] + words, environment: environment.merging(["XDG_DATA_HOME": data.path]) { given, _ in given })
    }

    private func readBanner() throws {
        // Its last line, whatever else is in it.
        try process.waitForLine("openssl s_client")
        url = try #require(banner.first { $0.hasPrefix("https://") })
        port = try #require(URL(string: url)?.port)
        _ = workers
    }

    // MARK: What it says

    /// The banner's lines without their indentation.
    var banner: [String] { process.out.lines.map { $0.trimmingCharacters(in: .whitespaces) } }

    /// The errors and notices.
    var log: Transcript { process.err }

    /// The file that clients are to trust.
    var authority: String { data.path("martinet/authority.pem") }

    // MARK: Its processes

    /// The worker processes that live now.
    var workers: [Int32] {
        let workers = Kernel.children(of: process.identifier)
        known.formUnion(workers)
        return workers
    }

    /// The descriptors that all workers have open.
    var descriptorCount: Int { workers.map(Kernel.descriptorCount).reduce(0, +) }

    /// The memory that all workers have now, in bytes.
    var memory: Int { workers.map(Kernel.memory).reduce(0, +) }

    private func stop() {
        _ = workers
        process.send(SIGTERM)
        do {
            try process.waitForEnd(within: .seconds(15))
        } catch {
            Issue.record("SIGTERM did not end the server: \(log.text)")
        }
        for worker in known where Kernel.isAlive(worker) && isOurs(worker) { kill(worker, SIGKILL) }
    }

    /// Whether the number still stands for the worker it was given to.
    private func isOurs(_ worker: Int32) -> Bool {
        let name = try? String(contentsOfFile: "/proc/\(worker)/comm", encoding: .utf8)
        return name?.hasPrefix("martinet") ?? false
    }

    // MARK: Its clients

    /// Runs curl with the server's authority.
    func curl(_ words: String..., path: String = "", within limit: Duration = .seconds(30)) throws -> Client.Outcome {
        try Client.run(["curl", "-sS", "--cacert", authority] + words + [url + path], within: limit)
    }

    /// Runs openssl s_client with the server's authority, and nothing to send.
    func openssl(_ words: String..., trusting authority: String? = nil) throws -> Client.Outcome {
        try Client.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority ?? self.authority] + words)
    }

    /// Starts openssl s_client with its standard input in the test's hands.
    func startOpenSSL(_ words: String...) throws -> Client {
        try Client(
            ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", authority] + words, isInteractive: true)
    }

    /// Runs a python3 script that has everything in peer.py; it fails where the script does.
    ///
    /// - Returns: the lines it printed.
    @discardableResult
    func python(_ script: String, within limit: Duration = .seconds(30)) throws -> [String] {
        let client = try startPython(script)
        let outcome = try client.outcome(within: limit)
        guard outcome.status == 0 else { throw Missing(description: "the client failed:\n\(outcome.err)") }
        return client.out.lines
    }

    /// Starts a python3 script that has everything in peer.py and may talk with the test (`say`, `hear`).
    func startPython(_ script: String) throws -> Client {
        let here = URL(filePath: #filePath).deletingLastPathComponent().path()
        return try Client(
            ["python3", "-c", "from peer import *\n" + script, "\(port)", authority],
            environment: ["PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"], isInteractive: true)
    }

    /// Starts a client that says "idle" when it has so many connections, the first of which have had an answer, and that ends
    /// well when the server has closed them all.
    func startIdle(_ count: Int, answeredCount: Int) throws -> Client {
        try startPython(
            """
            clients = [Client() for _ in range(\(count))]
            for client in clients[:\(answeredCount)]:
                client.get()
            say("idle")
            for client in clients:
                assert client.is_over()
            """)
    }

    /// Asks until `isTrue`, with a whole request between two questions so that the server has had its turn.
    func requests(until isTrue: () -> Bool) throws -> Bool {
        let client = try startPython(
            """
            while hear():
                say(Client().get(method="HEAD")[0])
            """)
        defer { client.stop() }
        var lineCount = 0
        for _ in 0..<500 {
            if isTrue() { return true }
            try client.tell("again")
            lineCount += 1
            try client.out.waitForLineCount(lineCount)
        }
        return isTrue()
    }
}
