import FoundationEssentials
import MartinetEvents
import MartinetPOSIX

/// A program of this machine that is asked to do one thing and ends: without a shell, without a terminal, in bounded time.
struct Tool {
    /// What became of it.
    struct Outcome {
        let isFine: Bool
        /// What it wrote to its standard output.
        let output: String
        /// Why it is not fine, in its own last words where it had some.
        let problem: String
    }

    let path: String

    /// Where it works: paths given to it are absolute.
    private static let directory = "/"
    /// More of what a tool writes is not kept: the list of a store with some hundred authorities is 30 KiB.
    private static let outputLimit = 4 << 20
    /// Where tools for administrators are, which the PATH of others may lack.
    private static let furtherDirectories = [
        "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin",
    ]

    init(path: String) { self.path = path }

    /// Finds it in PATH and where the system keeps such; nil where it is not there.
    init?(_ name: String) {
        let directories = (ThisProcess.environment("PATH") ?? "").split(separator: ":").map(String.init)
        // A relative one would be whoever's folder this is.
        let candidates = (directories.filter { $0.hasPrefix("/") } + Self.furtherDirectories).map { "\($0)/\(name)" }
        guard let path = candidates.first(where: Self.isProgram) else { return nil }
        self.path = path
    }

    static func isProgram(_ path: String) -> Bool {
        WholeFile.status(path)?.kind == .regular && WholeFile.mayExecute([UInt8](path.utf8))
    }

    /// Runs it until it ends, or the time is over.
    func run(_ arguments: [String], within time: Interval = .seconds(60)) -> Outcome {
        do throws(SystemError) {
            return try start(arguments, time)
        } catch {
            return Outcome(isFine: false, output: "", problem: error.reason)
        }
    }

    private func start(_ arguments: [String], _ time: Interval) throws(SystemError) -> Outcome {
        let outputs = try Pipe(isNonBlocking: false)
        let messages = try Pipe(isNonBlocking: false)
        try outputs.reading.setNonBlocking()
        try messages.reading.setNonBlocking()
        let nothing = try FileDescriptor.open("/dev/null", for: .reading)
        var environment = ProcessInfo.processInfo.environment
        // What it says is read here.
        environment["LC_ALL"] = "C"
        var child = try ChildProcess(
            MartinetPOSIX.Program(
                path: [UInt8](path.utf8), arguments: WordList([path] + arguments),
                environment: WordList(environment.map { "\($0.key)=\($0.value)" }),
                directory: [UInt8](Self.directory.utf8)),
            StandardStreams(
                input: nothing.number, output: outputs.writing.number, error: messages.writing.number))
        var output = Collector(outputs.takeReading())
        var message = Collector(messages.takeReading())
        let deadline = MonotonicTime.now + time
        while true {
            try output.collect()
            try message.collect()
            if let ending = child.reap() {
                // What it left in the pipes; who still holds them open is not waited for.
                try output.collect()
                try message.collect()
                let isFine = ending == .exited(status: 0)
                let words = message.lastLine ?? output.lastLine ?? ending.description
                return Outcome(isFine: isFine, output: output.text, problem: isFine ? "" : words)
            }
            let left = deadline - .now
            guard left > .zero else {
                child.kill()
                child.waitForEnd()
                return Outcome(
                    isFine: false, output: output.text, problem: "it did not end within \(time.wholeSeconds) seconds")
            }
            var entries = [child.exitDescriptor, output.descriptor, message.descriptor].compactMap(\.self)
                .map { PollEntry(descriptor: $0, interest: .read) }
            var table = entries.mutableSpan
            _ = try PollEntry.poll(&table, timeout: left)
        }
    }

    /// What comes out of a pipe.
    private struct Collector: ~Copyable {
        private var pipe: FileDescriptor?
        private var bytes: [UInt8] = []

        init(_ pipe: consuming FileDescriptor) { self.pipe = consume pipe }

        /// Nil once the end was read.
        var descriptor: CInt? { FileDescriptor.number(of: pipe) }

        var text: String { String(decoding: bytes, as: UTF8.self) }

        var lastLine: String? {
            text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
        }

        /// Takes what is there.
        mutating func collect() throws(SystemError) {
            var piece = [UInt8](repeating: 0, count: 64 * 1024)
            while true {
                var room = piece.mutableSpan
                switch try read(into: &room) {
                case .bytes(let count): bytes += piece.prefix(min(count, max(0, Tool.outputLimit - bytes.count)))
                case .wouldBlock: return
                case .endOfStream:
                    pipe = nil
                    return
                }
            }
        }

        private func read(into room: inout MutableSpan<UInt8>) throws(SystemError) -> Transfer {
            switch pipe {
            case .some(let open): try open.read(into: &room)
            case .none: .endOfStream
            }
        }
    }
}
