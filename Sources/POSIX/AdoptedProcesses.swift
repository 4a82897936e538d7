import CLinux
import Glibc

/// Processes that became children of this one when the parents that started them ended.
package enum AdoptedProcesses {
    /// From now on orphaned descendants become children of this process (PR_SET_CHILD_SUBREAPER).
    package static func adopt() {
        _ = clinux_adopt_orphans()
    }

    /// Reaps those that have ended.
    ///
    /// - Parameter own: the children that this process started itself, which are left alone.
    package static func reap(except own: [Int]) {
        // Whichever child has ended is only looked at, since its own parent here must learn how it ended.
        for process in children() where !own.contains(process) {
            if clinux_has_ended(pid_t(process)) == 1 { waitpid(pid_t(process), nil, WNOHANG) }
        }
    }

    /// Ends all of them at once, with the process groups they lead.
    package static func end(except own: [Int]) {
        for process in children() where !own.contains(process) {
            kill(-pid_t(process), SIGKILL)
            kill(pid_t(process), SIGKILL)
        }
    }

    /// The children of this process, from /proc.
    private static func children() -> [Int] {
        guard let proc = try? Directory("/proc"), let entries = try? proc.descriptor.entries() else { return [] }
        let parent = ThisProcess.identifier
        return entries.compactMap { entry in
            guard let process = Int(String(decoding: entry.name, as: UTF8.self)),
                let text = try? WholeFile.read("/proc/\(process)/stat")
            else { return nil }
            // The second field is a name in parentheses, which may hold anything; the parent is the second behind it.
            let nameEnd = text.lastIndex(of: UInt8(ascii: ")")) ?? 0
            let rest = text[nameEnd...].split(separator: UInt8(ascii: " "))
            guard rest.count > 2, Int(String(decoding: rest[2], as: UTF8.self)) == parent else { return nil }
            return process
        }
    }
}
