import Glibc
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Programs and their end", .timeLimit(.minutes(1)))
struct ChildReaperTests {
    /// A shell whose output goes to `output`.
    private func start(
        _ script: String, to output: borrowing Pipe, limits: Program.Limits = .init()
    ) throws -> ChildProcess {
        let null = try FileDescriptor.open("/dev/null", for: .reading)
        var environment = WordList()
        environment.append([UInt8]("PATH".utf8), value: [UInt8]("/usr/bin:/bin".utf8))
        let program = Program(
            path: [UInt8]("/bin/sh".utf8), arguments: WordList(["sh", "-c", script]), environment: environment,
            directory: [UInt8]("/tmp".utf8), limits: limits)
        return try ChildProcess(
            program,
            StandardStreams(input: null.number, output: output.writing.number, error: output.writing.number))
    }

    /// Takes a child into care that nobody waits for.
    private func leave(
        _ child: consuming ChildProcess, to reaper: ChildReaper, gracePeriod: ChildReaper.GracePeriod,
        companion: AnyObject? = nil
    ) throws {
        reaper.release(
            try reaper.add(child, until: .distantFuture, companions: [companion].compactMap { $0 }),
            gracePeriod: gracePeriod)
    }

    /// Waits until the reaper's descriptor is readable.
    private func waitForEnd(_ reaper: ChildReaper) throws {
        try FileDescriptor.wait(on: reaper.descriptor)
    }

    @Test("A program has its directory, and no environment but its own")
    func environment() throws {
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start("pwd; env | grep -v '^PWD=\\|^OLDPWD=\\|^SHLVL=\\|^_='", to: pipe)
        let output = pipe.takeReading()
        #expect(try output.readText() == "/tmp\nPATH=/usr/bin:/bin\n")
        let reaper = try ChildReaper()
        try leave(child, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        reaper.endAll()
    }

    @Test("A program that may finish is reaped when it has, and what it occupied is released then")
    func finishing() throws {
        final class Companion {}
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start("read -r line < /dev/null; echo done", to: pipe)
        let output = pipe.takeReading()
        var companion: Companion? = Companion()
        weak let watched = companion
        try leave(child, to: reaper, gracePeriod: .untilFinished(.seconds(60)), companion: companion)
        companion = nil
        #expect(try output.readText() == "done\n")
        try waitForEnd(reaper)
        reaper.reap()
        #expect(reaper.count == 0 && watched == nil && reaper.deadline == nil)
    }

    @Test("A program is reaped, and what it occupied is released, also while somebody still wants to know of its end")
    func reapedWhileWaitedFor() throws {
        final class Companion {}
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        var companion: Companion? = Companion()
        weak let watched = companion
        let supervised = try reaper.add(
            try start("exit 3", to: pipe), until: .distantFuture, companions: [companion].compactMap { $0 })
        companion = nil
        #expect(watched != nil && supervised.ending == nil)
        let exit = try #require(supervised.exitDescriptor)
        try waitForEnd(reaper)
        reaper.reap()
        #expect(supervised.ending == .exited(status: 3) && watched == nil && reaper.count == 0)
        // Who has not heard of it yet still waits for a descriptor that is its own.
        try FileDescriptor.wait(on: exit)
        #expect(supervised.exitDescriptor == nil && !supervised.isOverdue)
        // Nobody is left who could be asked to end.
        reaper.release(supervised, gracePeriod: .none)
        #expect(reaper.deadline == nil)
    }

    @Test("Who watches a program itself may let go of it first")
    func forget() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let supervised = try reaper.add(try start("exit 3", to: pipe), until: .distantFuture)
        reaper.forget(supervised)
        #expect(reaper.count == 1, "it has not ended as far as anybody knows")
        try FileDescriptor.wait(on: try #require(supervised.exitDescriptor))
        #expect(supervised.checkEnd() == .exited(status: 3))
        reaper.forget(supervised)
        #expect(reaper.count == 0)
        reaper.reap()
    }

    @Test("A program whose time is over is asked to end, whoever waits for it")
    func overdue() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let end = MonotonicTime.now + .seconds(1000)
        let supervised = try reaper.add(try start("exec tail -f /dev/null", to: pipe), until: end)
        #expect(reaper.deadline == end)
        reaper.enforce(.now)
        #expect(!supervised.isOverdue && reaper.deadline == end)
        reaper.enforce(end)
        #expect(supervised.isOverdue && reaper.deadline == end + ChildReaper.grace)
        try waitForEnd(reaper)
        reaper.reap()
        #expect(supervised.ending == .killed(signal: Int(SIGTERM)))
    }

    @Test("All can be asked to end at one time; who was asked before has no more time than before")
    func askAll() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let children = try (0..<2).map { _ in
            try reaper.add(
                try start("trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done", to: pipe),
                until: .distantFuture)
        }
        var room = [UInt8](repeating: 0, count: 12)
        var count = 0
        while count < 12 {
            var span = room.mutableSpan
            guard case .bytes(let more) = try pipe.reading.read(into: &span) else { break }
            count += more
        }
        let now = MonotonicTime.now
        reaper.askAll(now)
        #expect(reaper.deadline == now + ChildReaper.grace)
        reaper.askAll(now + .seconds(1))
        #expect(reaper.deadline == now + ChildReaper.grace)
        while reaper.count > 0 {
            try waitForEnd(reaper)
            reaper.reap()
        }
        #expect(children.allSatisfy { $0.ending == .exited(status: 5) && !$0.isOverdue })
    }

    @Test("A program whose time is over is asked to end, and ended if it does not")
    func insisting() throws {
        let reaper = try ChildReaper()
        // It says when it has begun to ignore the signal.
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start("trap '' TERM; echo ready; exec tail -f /dev/null", to: pipe)
        let output = pipe.takeReading()
        var room: [UInt8] = [UInt8](repeating: 0, count: 6)
        var span = room.mutableSpan
        #expect(try output.read(into: &span) == .bytes(6))
        try leave(child, to: reaper, gracePeriod: .none)
        reaper.reap()
        #expect(reaper.count == 1, "it was asked, and does not listen")
        let deadline = try #require(reaper.deadline)
        #expect(deadline > .now, "it has some time to listen")
        reaper.enforce(deadline)
        try waitForEnd(reaper)
        reaper.reap()
        #expect(reaper.count == 0)
    }

    @Test("What a program leaves in its group ends with it")
    func group() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start("tail -f /dev/null & echo $!", to: pipe)
        let output = pipe.takeReading()
        let reading = try {
            var room = [UInt8](repeating: 0, count: 32)
            var span = room.mutableSpan
            guard case .bytes(let count) = try output.read(into: &span) else { return 0 }
            return Int(String(decoding: room[..<(count - 1)], as: UTF8.self)) ?? 0
        }()
        try #require(reading > 0)
        try leave(child, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        try waitForEnd(reaper)
        reaper.reap()
        // The end of the pipe: the one in the background had it too.
        #expect(try output.readText().isEmpty)
    }

    /// A job in the background that holds no pipe of its script any more, and says its number before.
    private static let job = """
        tail -f /dev/null >/dev/null 2>&1 & job=$!
        for n in 1 2; do until [ "$(readlink /proc/$job/fd/$n)" = /dev/null ]; do :; done; done
        echo $job
        """

    /// Runs a script that ends by itself unless `gracePeriod` is over, and says the numbers of its jobs.
    private func jobs(
        of script: String, _ reaper: ChildReaper, gracePeriod: ChildReaper.GracePeriod = .untilFinished(.seconds(60))
    ) throws -> [pid_t] {
        let pipe = try Pipe(isNonBlocking: false)
        let count = script.ranges(of: "echo").count
        let child = try reaper.add(try start(script, to: pipe), until: .distantFuture, name: "its name")
        let output = pipe.takeReading()
        var text = ""
        var room = [UInt8](repeating: 0, count: 64)
        while text.split(separator: "\n").count < count || !text.hasSuffix("\n") {
            var span = room.mutableSpan
            guard case .bytes(let count) = try output.read(into: &span) else { break }
            text += String(decoding: room[..<count], as: UTF8.self)
        }
        reaper.release(child, gracePeriod: gracePeriod)
        while reaper.count > 0 {
            try waitForEnd(reaper)
            reaper.reap()
        }
        return text.split(separator: "\n").compactMap { pid_t($0) }
    }

    private func waitUntilWoken(_ loop: TestLoop) throws {
        var entries = loop.entries
        try FileDescriptor.waitForAny(&entries)
        _ = try loop.takeEvents()
    }

    /// Whether the process has ended, or is ending: SIGKILL was sent before this is asked.
    private func ends(_ process: pid_t) -> Bool {
        // Long enough for any machine; who has not ended by then was not told to.
        let deadline = ContinuousClock.now + .seconds(20)
        while kill(process, 0) == 0 {
            if ContinuousClock.now > deadline { return false }
            let status = (try? WholeFile.read("/proc/\(process)/stat")) ?? []
            if String(decoding: status, as: UTF8.self).contains(") Z ") { return true }
            sched_yield()
        }
        return true
    }

    @Test("At a program's normal end jobs live on that hold none of its pipes, whatever its status", arguments: [0, 3])
    func liveOn(status: Int) throws {
        let reaper = try ChildReaper(jobLimit: 1)
        let jobs = try jobs(of: "\(Self.job)\nexit \(status)", reaper)
        try #require(jobs.count == 1)
        defer { kill(jobs[0], SIGKILL) }
        let deadline = try #require(reaper.deadline)
        reaper.enforce(deadline)
        #expect(reaper.deadline == nil)
        reaper.endAll()
        #expect(kill(jobs[0], 0) == 0)
    }

    @Test("Jobs that hold a pipe of their program are ended when they have had time to let go of it")
    func holders() throws {
        let reaper = try ChildReaper(jobLimit: 9)
        let jobs = try jobs(of: "tail -f /dev/null 2>/dev/null & echo $!\n" + Self.job, reaper)
        try #require(jobs.count == 2)
        defer { kill(jobs[1], SIGKILL) }
        #expect(kill(jobs[0], 0) == 0)
        reaper.enforce(try #require(reaper.deadline))
        #expect(ends(jobs[0]))
        #expect(kill(jobs[1], 0) == 0)
    }

    @Test("At another end of a program its jobs end, too", arguments: ["kill -TERM $$", "exec tail -f /dev/null"])
    func abnormalEnd(ending: String) throws {
        let reaper = try ChildReaper(jobLimit: 9)
        let jobs = try jobs(
            of: "\(Self.job)\n\(ending)", reaper,
            gracePeriod: ending.hasPrefix("kill") ? .untilFinished(.seconds(60)) : .none)
        try #require(jobs.count == 1)
        #expect(ends(jobs[0]))
    }

    @Test("More jobs than may be are ended with their program, which is reported; when others end there is room again")
    func jobLimit() throws {
        var names: [String] = []
        let reaper = try ChildReaper(jobLimit: 2) { names.append($0) }
        let first = try jobs(of: Self.job, reaper)
        let second = try jobs(of: "\(Self.job)\n\(Self.job)", reaper)
        try #require(first.count == 1 && second.count == 2)
        defer { kill(first[0], SIGKILL) }
        #expect(ends(second[0]) && ends(second[1]))
        #expect(names == ["its name"] && kill(first[0], 0) == 0)
        kill(first[0], SIGKILL)
        #expect(ends(first[0]))
        let third = try jobs(of: "\(Self.job)\n\(Self.job)", reaper)
        #expect(names.count == 1 && third.allSatisfy { kill($0, 0) == 0 })
        for process in third { kill(process, SIGKILL) }
    }

    @Test("What programs leave is looked for beside the loop, and ended when that is known")
    func beside() throws {
        let thread = try BusyThread(queueLimit: 1)
        let loop = TestLoop()
        var names: [String] = []
        let reaper = try ChildReaper(jobLimit: 2, helpers: thread.threads) { names.append($0) }
        reaper.waker = loop.waker(for: Token(slot: 0, generation: 0))
        // While it is looked for the first, another comes.
        let first = try jobs(of: Self.job, reaper)
        let second = try jobs(of: "\(Self.job)\n\(Self.job)", reaper)
        try #require(first.count == 1 && second.count == 2)
        defer { kill(first[0], SIGKILL) }
        #expect(names.isEmpty && second.allSatisfy { kill($0, 0) == 0 }, "nobody has looked")
        #expect(reaper.deadline == nil, "there is nothing to do before that")
        thread.release()
        while names.isEmpty {
            try waitUntilWoken(loop)
            reaper.advanceJobs(.start)
        }
        #expect(names == ["its name"] && ends(second[0]) && ends(second[1]))
        #expect(kill(first[0], 0) == 0)
        #expect(reaper.deadline == .start + .seconds(1), "then those that hold a pipe are looked for")
        reaper.enforce(.start + .seconds(1))
        #expect(reaper.deadline == nil)
        try waitUntilWoken(loop)
        reaper.advanceJobs(.start + .seconds(1))
        #expect(reaper.deadline == nil && kill(first[0], 0) == 0)
    }

    @Test("Where the helper threads have too much to do, it is looked for a little later")
    func laterBeside() throws {
        let (thread, waiting) = try BusyThread.withFullQueue()
        let loop = TestLoop()
        var names: [String] = []
        let reaper = try ChildReaper(jobLimit: 1, helpers: thread.threads) { names.append($0) }
        reaper.waker = loop.waker(for: Token(slot: 0, generation: 0))
        let jobs = try jobs(of: "\(Self.job)\n\(Self.job)", reaper)
        let retry = try #require(reaper.deadline)
        thread.release()
        try waiting.wait()
        reaper.enforce(retry)
        while names.isEmpty {
            try waitUntilWoken(loop)
            reaper.advanceJobs(retry)
        }
        #expect(jobs.allSatisfy { ends($0) } && jobs.count == 2)
    }

    @Test("At the loop's end nobody is waited for who would have looked")
    func lastLook() throws {
        let thread = try BusyThread(queueLimit: 1)
        var names: [String] = []
        let reaper = try ChildReaper(jobLimit: 1, helpers: thread.threads) { names.append($0) }
        let jobs = try jobs(of: "\(Self.job)\n\(Self.job)", reaper)
        reaper.endAll()
        #expect(names == ["its name"] && jobs.count == 2 && jobs.allSatisfy { ends($0) })
    }

    @Test("A program that is to end takes the groups along that its descendants have begun, but not their sessions")
    func groups() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let script = """
            timeout 1000 sh -c 'trap "" TERM; echo $$; exec tail -f /dev/null' &
            setsid sh -c 'echo $$; exec tail -f /dev/null' &
            wait
            """
        let supervised = try reaper.add(try start(script, to: pipe), until: .distantFuture)
        let output = pipe.takeReading()
        var text = ""
        var room = [UInt8](repeating: 0, count: 64)
        while text.split(separator: "\n").count < 2 || !text.hasSuffix("\n") {
            var span = room.mutableSpan
            guard case .bytes(let count) = try output.read(into: &span) else { break }
            text += String(decoding: room[..<count], as: UTF8.self)
        }
        let processes = text.split(separator: "\n").compactMap { pid_t($0) }
        try #require(processes.count == 2)
        let staying = try #require(processes.first { getsid($0) == $0 })
        reaper.release(supervised, gracePeriod: .none)
        while reaper.count > 0 {
            try waitForEnd(reaper)
            reaper.reap()
        }
        #expect(kill(staying, 0) == 0)
        kill(staying, SIGKILL)
        // Both had the pipe: its end says that the other has ended.
        #expect(try output.readText().isEmpty)
    }

    @Test("What a program writes when nobody waits for it is read, so that it can end")
    func detachedOutput() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        try pipe.reading.setNonBlocking()
        let child = try start("head -c 1000000 /dev/zero", to: pipe)
        let supervised = try reaper.add(child, until: .distantFuture)
        let detachedOutput = Counter(pipe.takeReading())
        reaper.release(supervised, gracePeriod: .untilFinished(.seconds(60)), detachedOutput: detachedOutput)
        while reaper.count > 0 {
            try waitForEnd(reaper)
            reaper.reap()
        }
        #expect(supervised.ending == .exited(status: 0))
        #expect(detachedOutput.count > 1_000_000 - 65_537, "the pipe holds the rest")
    }

    @Test("A program whose pipe is not read any more is heard of all the same")
    func closedRemainder() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        try pipe.reading.setNonBlocking()
        let supervised = try reaper.add(try start("exec cat /dev/zero", to: pipe), until: .distantFuture)
        let detachedOutput = Counter(pipe.takeReading(), limit: 100_000)
        reaper.release(supervised, gracePeriod: .untilFinished(.seconds(60)), detachedOutput: detachedOutput)
        while reaper.count > 0 {
            try waitForEnd(reaper)
            reaper.reap()
        }
        #expect(supervised.ending == .killed(signal: Int(SIGPIPE)))
        #expect(detachedOutput.descriptors.isEmpty)
    }

    /// Counts what it reads, up to a limit.
    private final class Counter: ChildReaper.DetachedOutput {
        private var pipe: FileDescriptor?
        private let limit: Int
        private(set) var count = 0

        init(_ pipe: consuming FileDescriptor, limit: Int = .max) {
            self.pipe = .some(pipe)
            self.limit = limit
        }

        var descriptors: [CInt] {
            switch pipe {
            case .some(let pipe): [pipe.number]
            case .none: []
            }
        }

        func read(_ descriptor: CInt) -> Bool {
            var buffer = [UInt8](repeating: 0, count: 4096)
            var room = buffer.mutableSpan
            switch pipe {
            case .some(let pipe):
                if case .bytes(let more) = try? pipe.read(into: &room) { count += more }
            case .none: break
            }
            if count > limit { pipe = nil }
            return count <= limit
        }
    }

    @Test("At the end nobody is left")
    func endAll() throws {
        let reaper = try ChildReaper()
        let pipe = try Pipe(isNonBlocking: false)
        let first = try start("trap '' TERM; exec tail -f /dev/null", to: pipe)
        let output = pipe.takeReading()
        let otherPipe = try Pipe(isNonBlocking: false)
        let second = try start("exec tail -f /dev/null", to: otherPipe)
        let other = otherPipe.takeReading()
        try leave(first, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        try leave(second, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        reaper.endAll()
        #expect(reaper.count == 0)
        #expect(try output.readText().isEmpty && other.readText().isEmpty)
    }

    @Test("A program may open as many files as this one could at its start")
    func descriptorLimit() throws {
        var limit = rlimit()
        try #require(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(ThisProcess.raiseDescriptorLimit() == Int(clamping: limit.rlim_max))
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start("ulimit -n", to: pipe)
        let output = pipe.takeReading()
        #expect(try output.readText() == "\(limit.rlim_cur)\n")
        let reaper = try ChildReaper()
        try leave(child, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        #expect(ThisProcess.raiseDescriptorLimit() == Int(clamping: limit.rlim_max), "here it is as it was")
    }

    @Test("A program is held to its limits")
    func limits() throws {
        var limits = Program.Limits()
        limits.processorSeconds = 7
        limits.memoryByteCount = 512 << 20
        // The limits are set right after the start: the shell looks until they are there.
        let script = "while [ \"$(ulimit -t)\" = unlimited ]; do :; done; ulimit -t; ulimit -v"
        let pipe = try Pipe(isNonBlocking: false)
        let child = try start(script, to: pipe, limits: limits)
        let output = pipe.takeReading()
        #expect(try output.readText() == "7\n\(512 << 10)\n")
        let reaper = try ChildReaper()
        try leave(child, to: reaper, gracePeriod: .untilFinished(.seconds(60)))
        reaper.endAll()
    }
}
