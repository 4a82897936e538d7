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
    private var ending: Ending?

    /// The program that runs now, whatever its file was replaced with meanwhile.
    package static let thisExecutable = "/proc/self/exe"

    /// Starts `executable` with posix_spawn(3).
    ///
    /// The child has the standard streams of this process and `descriptors` as 3, 4, 5 …; nothing else is inherited,
    /// since every descriptor here is close-on-exec. No signal is blocked or ignored in it.
    package init(
        _ executable: String, arguments: [String], descriptors: [CInt]
    ) throws(SystemError) {
        // The originals may have the very numbers that the copies are to get, so they move out of the way first.
        let free = CInt(3 + descriptors.count)
        let copies = try Self.copies(of: descriptors, numberedFrom: free)
        defer { for copy in copies { close(copy) } }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (position, copy) in copies.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, copy, CInt(3 + position))
        }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe Glibc.free($0) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, executable, &actions, &attributes, &words, environ)
        guard code == 0 else { throw SystemError("posix_spawn", code: code) }
        identifier = Int(pid)
    }

    /// How the child ended; nil while it lives. The first answer reaps it.
    package mutating func reap() -> Ending? {
        if let ending { return ending }
        var status: CInt = 0
        guard unsafe waitpid(pid_t(identifier), &status, WNOHANG) == pid_t(identifier) else { return nil }
        let signal = status & 0x7F
        ending = signal == 0 ? .exited(status: Int(status >> 8 & 0xFF)) : .killed(signal: Int(signal))
        return ending
    }

    /// Ends the child at once (SIGKILL); it is still to be reaped.
    package func kill() {
        guard ending == nil else { return }
        Glibc.kill(pid_t(identifier), SIGKILL)
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
