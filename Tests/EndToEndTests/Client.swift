import Foundation
import Synchronization

/// A process that a test has started: curl, openssl, python3, or the server.
final class Client {
    /// What a process that has ended left behind.
    struct Outcome {
        /// The exit status; 128 and the signal's number for one that was killed.
        let status: Int
        let out: String
        let err: String
    }

    let out: Transcript
    let err: Transcript
    private let process = Process()
    private let input: Pipe?
    private let ended = DispatchSemaphore(value: 0)
    private var hasEnded = false

    /// Held while a process is started, so that none inherits the pipes of another.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - words: the command, looked up in PATH, and its arguments.
    ///   - environment: what differs from this process's environment.
    ///   - isInteractive: whether `tell(_:)` will be used; otherwise there is nothing on standard input.
    init(
        _ words: [String], environment: [String: String] = [:], folder: URL? = nil, isInteractive: Bool = false
    ) throws {
        process.executableURL = URL(filePath: "/usr/bin/env")
        // Who runs the tests in the background has signals ignored, which the server would leave so.
        process.arguments = ["--default-signal"] + words
        process.environment = Self.cleanEnvironment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = folder }
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        let (process, out, err, input) = (process, Pipe(), Pipe(), isInteractive ? Pipe() : nil)
        process.standardInput = input ?? FileHandle.nullDevice
        process.standardOutput = out
        process.standardError = err
        try Self.starting.withLock { _ in try process.run() }
        self.out = Transcript(reading: out.fileHandleForReading)
        self.err = Transcript(reading: err.fileHandleForReading)
        self.input = input
    }

    var identifier: Int32 { process.processIdentifier }

    /// Writes a line to the process.
    func tell(_ line: String) throws {
        try input?.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    }

    func send(_ signal: Int32) {
        if process.isRunning { kill(identifier, signal) }
    }

    /// Returns the first line of its output that contains `words`, as soon as it is complete.
    @discardableResult
    func waitForLine(_ words: String, within limit: Duration = .seconds(30)) throws -> String {
        do {
            return try out.waitForLine(words, within: limit)
        } catch let error as Missing {
            throw Missing(description: "\(error)\n\(err.text)")
        }
    }

    /// Waits until the process has ended and everything it wrote is here; one that takes longer than `limit` is killed.
    @discardableResult
    func outcome(within limit: Duration = .seconds(30)) throws -> Outcome {
        try waitForEnd(within: limit)
        try out.waitForEnd()
        try err.waitForEnd()
        let isKilled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: Int(process.terminationStatus) + (isKilled ? 128 : 0), out: out.text, err: err.text)
    }

    /// Waits until the process has ended; one that takes longer than `limit` is killed.
    func waitForEnd(within limit: Duration = .seconds(30)) throws {
        guard !hasEnded else { return }
        let deadline = DispatchTime.now() + .milliseconds(Int(limit / .milliseconds(1)))
        let isLate = ended.wait(timeout: deadline) == .timedOut
        if isLate {
            send(SIGKILL)
            ended.wait()
        }
        hasEnded = true
        if isLate { throw Missing(description: "the end did not come within \(limit)\n\(out.text)\n\(err.text)") }
    }

    /// Ends the process if it has not ended yet.
    func stop() {
        send(SIGKILL)
        try? waitForEnd()
    }

    /// Runs a command to its end.
    static func run(
        _ words: [String], environment: [String: String] = [:], folder: URL? = nil,
        within limit: Duration = .seconds(30)
    ) throws -> Outcome {
        try Client(words, environment: environment, folder: folder).outcome(within: limit)
    }

    /// Nothing from the person who runs the tests may steer the server.
    private static var cleanEnvironment: [String: String] {
        ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("MARTINET_") && name != "SSLKEYLOGFILE" && !name.lowercased().hasSuffix("_proxy")
        }
    }
}
