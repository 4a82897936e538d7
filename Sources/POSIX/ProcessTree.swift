import Glibc

/// Who descends from whom, where the kernel tells (proc_pid_task(5), CONFIG_PROC_CHILDREN).
enum ProcessTree {
    /// Whether the kernel tells.
    static var canSee: Bool { (try? WholeFile.read(ownList)) != nil }

    /// The children of the calling thread, which is the only one here to start any.
    static var children: [Int] { read(ownList) }

    private static let ownList = "/proc/thread-self/children"

    /// More than this are not looked at.
    private static let limit = 1000

    /// The groups, other than its own, that descendants of a process have begun in its session, for instance by timeout(1)
    /// or a shell's job control. Who has begun a session of its own wants to stay.
    static func groups(beneath ancestor: Int) -> [pid_t] {
        let session = getsid(pid_t(ancestor))
        let own = getpgid(pid_t(ancestor))
        var groups: [pid_t] = []
        var found = [ancestor]
        var index = 0
        while index < found.count, found.count < limit {
            for process in children(of: found[index]) where getsid(pid_t(process)) == session {
                found.append(process)
                let group = getpgid(pid_t(process))
                if group > 0, group != own, !groups.contains(group) { groups.append(group) }
            }
            index += 1
        }
        return groups
    }

    private static func children(of process: Int) -> [Int] {
        let threads = (try? FileDescriptor.open("/proc/\(process)/task", for: .directory).entries()) ?? []
        return threads.flatMap { thread in
            read("/proc/\(process)/task/\(String(decoding: thread.name, as: UTF8.self))/children")
        }
    }

    private static func read(_ list: String) -> [Int] {
        guard let text = try? WholeFile.read(list) else { return [] }
        return text.split(separator: UInt8(ascii: " ")).compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    }
}
