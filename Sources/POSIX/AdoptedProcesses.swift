import CLinux
import Glibc

/// Processes that became children of this one when the parents that started them ended.
package enum AdoptedProcesses {
    /// From now on orphaned descendants become children of this process (PR_SET_CHILD_SUBREAPER), unless the kernel
    /// does not tell which those are.
    package static func adopt() {
        guard ProcessTree.canSee else { return }
        _ = clinux_adopt_orphans()
    }

    /// Reaps those that have ended.
    ///
    /// - Parameter own: the children that this process started itself, which are left alone.
    package static func reap(except own: [Int]) {
        // Whichever child has ended is only looked at, since its own parent here must learn how it ended.
        for process in ProcessTree.children where !own.contains(process) {
            if clinux_has_ended(pid_t(process)) == 1 { waitpid(pid_t(process), nil, WNOHANG) }
        }
    }

    /// Ends those of this session at once, with the process groups that they and their descendants lead. Who has begun a
    /// session of its own (setsid(2)) wants to stay.
    package static func end(except own: [Int]) {
        let session = getsid(0)
        for process in ProcessTree.children where !own.contains(process) && getsid(pid_t(process)) == session {
            for group in [pid_t(process)] + ProcessTree.groups(beneath: process) { kill(-group, SIGKILL) }
            kill(pid_t(process), SIGKILL)
        }
    }
}
