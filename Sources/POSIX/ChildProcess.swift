import CLinux
import Glibc

/// A process that this one started and must reap.
package struct ChildProcess: ~Copyable {
    /// How a child ended.
    package enum Ending: Equatable, Sendable, CustomStringConvertible {
        case exited(status: Int)
        case killed(signal: Int)

        package var description: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .killed(let signal): "signal \(signal)"
            }
        }
    }

    package let identifier: Int
    /// Readable when the child has ended (pidfd); nil where the parent has other means to learn of it.
    private let handle: FileDescriptor?
    /// Whether the child leads a process group of its own, which ends with it.
    private let leadsGroup: Bool
    private var ending: Ending?

    /// The program that runs now, whatever its file was replaced with meanwhile.
    package static let thisExecutable = "/proc/self/exe"

    /// Starts `executable` with posix_spawn(3).
    ///
    /// The child has the standard streams and the environment of this process and `descriptors` as 3, 4, 5 …; nothing
    /// else is inherited, since every descriptor here is close-on-exec. No signal is blocked or ignored in it.
    package init(
        _ executable: String, arguments: [String], descriptors: [CInt]
    ) throws(SystemError) {
        // The originals may have the very numbers that the copies are to get, so they move out of the way first.
        let free = CInt(3 + descriptors.count)
        let copies = try Self.copies(of: descriptors, numberedFrom: free)
        defer { for copy in copies { close(copy) } }
        var actions = SpawnActions()
        for (position, copy) in copies.enumerated() { actions.duplicate(copy, as: CInt(3 + position)) }
        identifier = try unsafe WordList(arguments).withPointers { words in
            unsafe Self.spawn([UInt8](executable.utf8), &actions, words, environ, inNewGroup: false)
        }.get()
        handle = nil
        leadsGroup = false
    }

    /// Starts a program in a process group of its own, with these standard streams and nothing else of this process's.
    ///
    /// - Throws: what the kernel says of the file, or of the interpreter that its first line names.
    package init(_ program: Program, _ streams: StandardStreams) throws(SystemError) {
        var actions = SpawnActions()
        actions.duplicate(streams.input, as: 0)
        actions.duplicate(streams.output, as: 1)
        actions.duplicate(streams.error, as: 2)
        actions.changeDirectory(program.directory)
        let pid = try unsafe program.arguments.withPointers { words in
            unsafe program.environment.withPointers { environment in
                unsafe Self.spawn(program.path, &actions, words, environment, inNewGroup: true)
            }
        }.get()
        // posix_spawn knows no limits. The program has run for some microseconds by now; what it used counts.
        // Where both limits are one, SIGKILL comes in place of the signal that says what was used up.
        Self.limit(pid, CInt(RLIMIT_CPU.rawValue), program.limits.processorSeconds, reserve: 1)
        Self.limit(pid, CInt(RLIMIT_AS.rawValue), program.limits.memoryByteCount)
        let number = clinux_pidfd_open(pid_t(pid))
        guard number >= 0 else {
            let error = SystemError("pidfd_open")
            Glibc.kill(-pid_t(pid), SIGKILL)
            waitpid(pid_t(pid), nil, 0)
            throw error
        }
        identifier = pid
        leadsGroup = true
        handle = FileDescriptor(owning: number)
    }

    /// The descriptor that is readable once the child has ended; nil for a child that was started without one.
    package var exitDescriptor: CInt? {
        switch handle {
        case .some(let handle): handle.number
        case .none: nil
        }
    }

    /// How the child ended; nil while it lives. The first answer reaps it, and ends what is left of its group.
    package mutating func reap() -> Ending? {
        if let ending { return ending }
        if leadsGroup {
            // While the leader is unreaped its number cannot belong to another group.
            guard clinux_has_ended(pid_t(identifier)) == 1 else { return nil }
            Glibc.kill(-pid_t(identifier), SIGKILL)
        }
        var status: CInt = 0
        guard unsafe waitpid(pid_t(identifier), &status, WNOHANG) == pid_t(identifier) else { return nil }
        let signal = status & 0x7F
        ending = signal == 0 ? .exited(status: Int(status >> 8 & 0xFF)) : .killed(signal: Int(signal))
        return ending
    }

    /// Waits for the child's end. Only after `kill()`, which makes it come at once.
    package mutating func waitForEnd() {
        guard ending == nil, reap() == nil else { return }
        waitpid(pid_t(identifier), nil, 0)
        ending = .killed(signal: Int(SIGKILL))
    }

    /// Asks the child to end (SIGTERM), and if it leads a group this and the groups that its descendants have begun.
    package func terminate() {
        send(SIGTERM)
    }

    /// Ends the same at once (SIGKILL); the child is still to be reaped.
    package func kill() {
        send(SIGKILL)
    }

    private func send(_ signal: CInt) {
        guard ending == nil else { return }
        guard leadsGroup else {
            Glibc.kill(pid_t(identifier), signal)
            return
        }
        // Found before anybody ends, since orphans are nobody's descendants any more.
        let groups = ProcessTree.groups(beneath: identifier)
        Glibc.kill(-pid_t(identifier), signal)
        for group in groups { Glibc.kill(-group, signal) }
    }

    private static func spawn(
        _ path: [UInt8], _ actions: inout SpawnActions, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, inNewGroup: Bool
    ) -> Result<Int, SystemError> {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (inNewGroup ? POSIX_SPAWN_SETPGROUP : 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var pid: pid_t = 0
        let path = path.terminated
        let code = ThisProcess.withDescriptorLimitAtStart {
            unsafe posix_spawn(&pid, path, &actions.raw, &attributes, words, environment)
        }
        return code == 0 ? .success(Int(pid)) : .failure(SystemError("posix_spawn", code: code))
    }

    /// - Parameter reserve: by how much the hard limit is above the soft one.
    private static func limit(_ process: Int, _ resource: CInt, _ value: Int?, reserve: UInt64 = 0) {
        guard let value else { return }
        let soft = UInt64(clamping: value)
        _ = clinux_limit(pid_t(process), resource, soft, soft + reserve)
    }

    private static func copies(of descriptors: [CInt], numberedFrom free: CInt) throws(SystemError) -> [CInt] {
        var copies: [CInt] = []
        for descriptor in descriptors {
            do {
                copies.append(try FileDescriptor.duplicate(descriptor, numberedFrom: free).release())
            } catch {
                for copy in copies { close(copy) }
                throw error
            }
        }
        return copies
    }
}

/// What a child does before it executes its program. Safe, since glibc's list is owned and never leaves this file.
@safe private struct SpawnActions: ~Copyable {
    var raw = unsafe posix_spawn_file_actions_t()

    init() {
        unsafe posix_spawn_file_actions_init(&raw)
    }

    deinit {
        var raw = unsafe raw
        unsafe posix_spawn_file_actions_destroy(&raw)
    }

    /// The copy is not close-on-exec.
    mutating func duplicate(_ descriptor: CInt, as number: CInt) {
        unsafe posix_spawn_file_actions_adddup2(&raw, descriptor, number)
    }

    mutating func changeDirectory(_ path: [UInt8]) {
        _ = unsafe clinux_spawn_in(&raw, path.terminated)
    }
}
