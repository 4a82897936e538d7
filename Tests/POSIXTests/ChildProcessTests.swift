import Glibc
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@Suite("Child processes", .timeLimit(.minutes(1)))
struct ChildProcessTests {
    @Test("A child gets its arguments and the given descriptors as 3, 4 … in order")
    func descriptors() throws {
        let toChild = try Pipe(isNonBlocking: false)
        var fromChild = try Pipe(isNonBlocking: false)
        let reading = try FileDescriptor.duplicate(fromChild.reading.number)
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "read -r line <&3; echo \"$0 $1 $line\" >&4", "name", "first"],
            descriptors: [toChild.reading.number, fromChild.writing.number])
        // Another pipe in its place: the child has the only writing end now.
        fromChild = try Pipe(isNonBlocking: false)
        let line = [UInt8]("from the parent\n".utf8)
        _ = try toChild.writing.write(line.span)
        #expect(try reading.readText() == "name first from the parent\n")
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: 0))
    }

    @Test("A descriptor that has a number which another is to get in the child is not lost")
    func crossedNumbers() throws {
        let first = try Pipe(isNonBlocking: false)
        let second = try Pipe(isNonBlocking: false)
        let one = [UInt8]("1\n".utf8), two = [UInt8]("2\n".utf8)
        _ = try first.writing.write(one.span)
        _ = try second.writing.write(two.span)
        // The second pipe gets every number up to the first's own, before the first has its turn.
        let count = Int(first.reading.number)
        let numbers = [CInt](repeating: second.reading.number, count: count) + [first.reading.number]
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "read -r a < /dev/fd/\(3 + count); exit $a"], descriptors: numbers)
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: 1))
    }

    @Test("One that nobody waits for has a session of its own, and nothing on its standard streams")
    func detached() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFIFO("fifo")
        let script = """
            read line; echo lost; echo lost >&2; echo "$(cut -d ' ' -f 6 /proc/$$/stat) $$ $PWD $NAME $line." >"$1"
            """
        try ChildProcess.startDetached(
            Program(
                path: [UInt8]("/bin/sh".utf8), arguments: WordList(["sh", "-c", script, "sh", folder.path("fifo")]),
                environment: WordList(["NAME=value", "PATH=/usr/bin:/bin"]), directory: [UInt8]("/".utf8)))
        let words = try FileDescriptor.open(folder.path("fifo"), for: .reading).readText().split(separator: " ")
        #expect(words.count == 5 && words[0] == words[1])
        #expect(words.dropFirst(2) == ["/", "value", ".\n"])
        #expect(pid_t(words[0]) != getsid(0))
        // Nobody's to wait for, but who waits for all children here would find it again and again (exit tests).
        let identifier = try #require(pid_t(words[1]))
        #expect(waitpid(identifier, nil, 0) == identifier)
        #expect(throws: SystemError.self) {
            try ChildProcess.startDetached(
                Program(
                    path: [UInt8]("/nowhere".utf8), arguments: WordList(["x"]), environment: WordList(),
                    directory: [UInt8]("/".utf8)))
        }
    }

    @Test("Nothing else that is opened here is inherited")
    func closeOnExec() throws {
        let pipe = try Pipe(isNonBlocking: false)
        let sockets = try SocketPair()
        let listener = try ListeningSocket(.loopback4(port: 0))
        let epoll = try Epoll()
        let directory = try Directory("/")
        let file = try directory.open([UInt8]("proc".utf8))
        let copy = try FileDescriptor.duplicate(pipe.reading.number)
        let numbers = [
            pipe.reading.number, pipe.writing.number, sockets.first.number, sockets.second.number,
            listener.descriptor.number, epoll.descriptor.number, directory.descriptor.number, file.descriptor.number,
            copy.number,
        ]
        let script = "for n in $*; do if [ -e /proc/$$/fd/$n ]; then exit $n; fi; done; exit 0"
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", script, "sh"] + numbers.map(String.init), descriptors: [])
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: 0))
        _ = (pipe.reading.number, sockets.first.number, listener.descriptor.number, epoll.descriptor.number)
        _ = (directory.descriptor.number, file.descriptor.number, copy.number)
    }

    @Test("What somebody else has opened here without O_CLOEXEC is not inherited either")
    func notCloseOnExec() throws {
        let number = dup(0)
        try #require(number > 2)
        defer { close(number) }
        let script = "[ ! -e /proc/$$/fd/\(number) ]"
        var worker = try ChildProcess("/bin/sh", arguments: ["sh", "-c", script], descriptors: [])
        try waitForEnd(of: worker.identifier)
        #expect(worker.reap() == .exited(status: 0))
        var program = try start(script)
        try waitForEnd(of: program.identifier)
        #expect(program.reap() == .exited(status: 0))
    }

    @Test("A program has its limits from its beginning")
    func limits() throws {
        var limits = Program.Limits()
        limits.processorSeconds = 7
        limits.memoryByteCount = 512 << 20
        var child = try start("[ \"$(ulimit -St) $(ulimit -Ht) $(ulimit -v)\" = '7 8 524288' ]", limits)
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: 0))
    }

    @Test("A child has the limits of the start, and this process never has while one is started")
    func limitsAtStart() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit()
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            guard unsafe getrlimit(files, &limit) == 0 else { exit(2) }
            limit.rlim_cur = 300
            guard unsafe setrlimit(files, &limit) == 0 else { exit(3) }
            let raised = ThisProcess.raiseDescriptorLimit()
            guard raised > 300 else { exit(4) }
            let isOver = Flag()
            let sawOther = Flag()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !isOver.isSet {
                        var limit = rlimit()
                        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                        if limit.rlim_cur != raised { sawOther.set() }
                    }
                }
                group.addTask {
                    defer { isOver.set() }
                    for _ in 0..<50 {
                        guard
                            var child = try? ChildProcess(
                                "/bin/sh", arguments: ["sh", "-c", "[ $(ulimit -Sn) = 300 ]"], descriptors: [])
                        else { exit(5) }
                        var information = unsafe siginfo_t()
                        unsafe waitid(P_PID, id_t(child.identifier), &information, WEXITED | WNOWAIT)
                        guard child.reap() == .exited(status: 0) else { exit(6) }
                    }
                }
            }
            if sawOther.isSet { exit(7) }
        }
    }

    @Test("The exit status is reported, again and again, once the child has ended", arguments: [0, 1, 42, 255])
    func status(status: Int) throws {
        let gate = try SocketPair()
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "read -r line <&3; exit \(status)"], descriptors: [gate.first.number])
        #expect(child.reap() == nil, "it waits for a line")
        let line = [UInt8]("\n".utf8)
        _ = try gate.second.send(line.span)
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: status))
        #expect(child.reap() == .exited(status: status))
        #expect(waitpid(pid_t(child.identifier), nil, WNOHANG) == -1, "the first answer has reaped it")
    }

    @Test("One that nobody can wait for has ended all the same, where SIGCHLD is ignored")
    func ignoredSignal() async {
        await #expect(processExitsWith: .success) {
            Signal.ignore([.child])
            let null = try FileDescriptor.open("/dev/null", for: .reading)
            var child = try ChildProcess(
                Program(
                    path: [UInt8]("/bin/sh".utf8), arguments: WordList(["sh", "-c", "exit 3"]),
                    environment: WordList(), directory: [UInt8]("/".utf8)),
                StandardStreams(input: null.number, output: null.number, error: 2))
            guard let descriptor = child.exitDescriptor else { exit(2) }
            try FileDescriptor.wait(on: descriptor)
            // The kernel says that it has ended a little before it has let go of it.
            var ending = child.reap()
            while ending == nil { ending = child.reap() }
            guard ending == .unknown else { exit(4) }
        }
    }

    @Test("A killed child reports the signal")
    func killing() throws {
        let gate = try SocketPair()
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "read -r line <&3"], descriptors: [gate.first.number])
        child.kill()
        try waitForEnd(of: child.identifier)
        let ending = child.reap()
        #expect(ending == .killed(signal: 9))
        #expect(ending?.description == "signal 9")
        // Its number may be another process's by now: this must do nothing.
        child.kill()
    }

    @Test("No signal is blocked in a child, although it is in its parent")
    func signals() throws {
        var set = sigset_t()
        var old = sigset_t()
        unsafe sigemptyset(&set)
        unsafe sigaddset(&set, SIGUSR1)
        try #require(unsafe pthread_sigmask(SIG_BLOCK, &set, &old) == 0)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &old, nil) }
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "kill -USR1 $$; exit 0"], descriptors: [])
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .killed(signal: 10))
    }

    @Test("A signal that is blocked in a child waits until the child says what it does")
    func blocked() throws {
        var child = try ChildProcess(
            "/bin/sh", arguments: ["sh", "-c", "kill -USR1 $$; exit 3"], descriptors: [], blocking: [.user1])
        try waitForEnd(of: child.identifier)
        #expect(child.reap() == .exited(status: 3))
    }

    @Test("Crashes are told from other endings")
    func crashes() {
        for signal in [4, 6, 7, 11] { #expect(ChildProcess.Ending.killed(signal: signal).isCrash) }
        for signal in [1, 2, 9, 15, 24] { #expect(!ChildProcess.Ending.killed(signal: signal).isCrash) }
        #expect(!ChildProcess.Ending.exited(status: 1).isCrash)
    }

    @Test("A program that is not there is an error, not a child")
    func missing() throws {
        let error = #expect(throws: SystemError.self) {
            _ = try ChildProcess("/nonexistent/program", arguments: ["program"], descriptors: [])
        }
        #expect(error?.isMissing == true)
        #expect(error?.call == "execve")
    }

    @Test("A descriptor that is not open is an error")
    func badDescriptor() {
        #expect(throws: SystemError.self) {
            _ = try ChildProcess("/bin/sh", arguments: ["sh", "-c", "exit"], descriptors: [1_000_000])
        }
    }

    private func start(_ script: String, _ limits: Program.Limits = Program.Limits()) throws -> ChildProcess {
        let null = try FileDescriptor.open("/dev/null", for: .reading)
        return try ChildProcess(
            Program(
                path: [UInt8]("/bin/sh".utf8), arguments: WordList(["sh", "-c", script]),
                environment: WordList(["PATH=/usr/bin:/bin"]), directory: [UInt8]("/".utf8), limits: limits),
            StandardStreams(input: null.number, output: null.number, error: 2))
    }

    /// Waits until the child has ended, and leaves it to be reaped.
    private func waitForEnd(of identifier: Int) throws {
        var information = unsafe siginfo_t()
        try #require(unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == 0)
    }
}

/// Something that is known to several threads.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
