import Glibc
import MartinetEvents

/// Processes that programs left running in their groups when they ended by themselves. They may live on, as after a login
/// shell, if they hold none of the pipes that their program wrote to, and are not too many.
final class BackgroundJobs {
    private struct Group {
        let leader: pid_t
        let pipes: [FileIdentity]
        /// When those are ended that still hold a pipe.
        let deadline: MonotonicTime
    }

    /// How many processes may live on at one time.
    private let limit: Int
    private var newGroups: [Group] = []
    /// The groups of those that hold no pipe.
    private var leaders: Set<pid_t> = []

    /// How long a process may go on holding a pipe: what a shell starts in the background has those of its script for a moment,
    /// and puts others in their places before it executes its program.
    private static let redirectionTime = Interval.seconds(1)
    /// How often those are looked for that hold a pipe, since one may have started another meanwhile.
    private static let lookCount = 3

    init(limit: Int) {
        self.limit = limit
    }

    /// When `endHolders(_:)` is to be called; nil for not at all.
    var deadline: MonotonicTime? { newGroups.first?.deadline }
    /// Told of a group whose deadline is a new one.
    var onGroup: () -> Void = {}

    /// Takes note of what a program has left in its group, which it led and has been reaped.
    ///
    /// - Parameter pipes: what the program wrote to.
    /// - Returns: false where that has been ended, since with it there would be too many.
    func add(leader: Int, pipes: [FileIdentity], now: MonotonicTime) -> Bool {
        let leader = pid_t(leader)
        // Mostly there is nobody, which costs one call to know.
        guard kill(-leader, 0) == 0 || errno != ESRCH else { return true }
        let known = leaders.union(newGroups.map(\.leader))
        guard limit > 0, let members = ProcessTree.members(ofGroups: known.union([leader])) else {
            kill(-leader, SIGKILL)
            return false
        }
        leaders = leaders.filter { members[$0] != nil }
        guard members[leader] != nil else { return true }
        guard members.values.reduce(0, { $0 + $1.count }) <= limit else {
            kill(-leader, SIGKILL)
            return false
        }
        newGroups.append(Group(leader: leader, pipes: pipes, deadline: now + Self.redirectionTime))
        onGroup()
        return true
    }

    /// Ends those that hold pipes though they have had their time to let go of them.
    func endHolders(_ now: MonotonicTime) {
        while let group = newGroups.first, group.deadline <= now {
            newGroups.removeFirst()
            for _ in 0..<Self.lookCount {
                let members = ProcessTree.members(ofGroups: [group.leader])?[group.leader] ?? []
                let holders = members.filter { ProcessTree.holds($0, anyOf: group.pipes) }
                if holders.count < members.count { leaders.insert(group.leader) }
                if holders.isEmpty { break }
                for process in holders { kill(process, SIGKILL) }
            }
        }
    }
}
