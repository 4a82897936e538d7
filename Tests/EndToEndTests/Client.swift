import Foundation
import MartinetPOSIX
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
    let identifier: Int32
    private let input: FileDescriptor
    private let ending: Ending

    /// - Parameters:
    ///   - words: the command, looked up in PATH, and its arguments.
    ///   - environment: what differs from this process's environment.
    ///   - isInteractive: whether `tell(_:)` will be used; otherwise there is nothing on standard input.
    init(
        _ words: [String], environment: [String: String] = [:], folder: URL? = nil, isInteractive: Bool = false
    ) throws {
        let input = try Pipe(isNonBlocking: false)
        let out = try Pipe(isNonBlocking: false)
        let err = try Pipe(isNonBlocking: false)
        // Foundation's Process reads beyond a buffer where more than 1,350 descriptors are open, and its file handles end the
        // tests where a read is interrupted.
        let variables = Self.cleanEnvironment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let place = folder.map { ["-C", $0.path()] } ?? []
        let shell = "exec \"$@\" \(isInteractive ? "<&3" : "</dev/null") >&4 2>&5 3<&- 4>&- 5>&-"
        let child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", shell, "sh", "/usr/bin/env", "-i"] + place + variables + words,
            descriptors: [input.reading.number, out.writing.number, err.writing.number])
        identifier = Int32(child.identifier)
        ending = Ending(of: identifier)
        self.out = Transcript(reading: out.takeReading())
        self.err = Transcript(reading: err.takeReading())
        self.input = input.takeWriting()
    }

    /// Writes a line to the process.
    func tell(_ line: String) throws {
        let bytes = [UInt8]("\(line)\n".utf8)
        guard case .bytes(bytes.count) = try input.write(bytes.span) else {
            throw Missing(description: "the process did not take \"\(line)\"")
        }
    }

    func send(_ signal: Int32) { ending.send(signal) }

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
        return Outcome(status: ending.status, out: out.text, err: err.text)
    }

    /// Waits until the process has ended; one that takes longer than `limit` is killed.
    func waitForEnd(within limit: Duration = .seconds(30)) throws {
        guard !ending.wait(until: .now() + .milliseconds(Int(limit / .milliseconds(1)))) else { return }
        send(SIGKILL)
        _ = ending.wait(until: .distantFuture)
        throw Missing(description: "the end did not come within \(limit)\n\(out.text)\n\(err.text)")
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

/// How a process of the tests has ended, or will.
private final class Ending: Sendable {
    private let identifier: Int32
    /// The exit status; 128 and the signal's number for one that was killed; nil while it lives.
    private let state = Mutex<Int?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    init(of identifier: Int32) {
        self.identifier = identifier
        Thread.detachNewThread { self.reap() }
    }

    var status: Int { state.withLock { $0 } ?? -1 }

    func send(_ signal: Int32) {
        // Its number is nobody else's while it has not been reaped.
        state.withLock { status in if status == nil { kill(identifier, signal) } }
    }

    /// - Returns: whether it has ended.
    func wait(until deadline: DispatchTime) -> Bool {
        guard ended.wait(timeout: deadline) == .success else { return false }
        ended.signal()
        return true
    }

    private func reap() {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { status in
            var code: CInt = 0
            unsafe waitpid(identifier, &code, 0)
            let signal = code & 0x7F
            status = signal == 0 ? Int(code >> 8 & 0xFF) : 128 + Int(signal)
        }
        ended.signal()
    }
}
