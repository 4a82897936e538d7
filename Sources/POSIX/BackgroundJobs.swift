import Glibc
import MartinetEvents

/// Processes that programs left running in their groups when they ended by themselves. They may live on, as after a login
/// shell, if they hold none of the pipes that their program wrote to, and are not too many.
///
/// The kernel tells who is in a group only by way of every process of the machine. So that is asked beside the loop, one
/// look at a time, and what a look finds to be ended is ended there and then, while the groups still are who was looked at.
final class BackgroundJobs {
    /// What a program has left.
    private struct Group: Sendable {
        let leader: pid_t
        let pipes: [FileIdentity]
        /// What the program is called in reports.
        let name: String
        /// When those are ended that still hold a pipe.
        var deadline = MonotonicTime.distantFuture
    }

    /// What a look has found.
    private enum Finding: Sendable {
        /// Of the groups that are known and those that are new, these are there; those that were too many have been ended.
        case counted(living: Set<pid_t>, ended: Set<pid_t>)
        /// Holders of pipes have been ended, and others of these groups live on.
        case released(Set<pid_t>)
    }

    /// How many processes may live on at one time.
    private let limit: Int
    private let helpers: HelperThreads?
    /// Called with the name of a program whose jobs were ended, since with them there would have been too many.
    private let report: (String) -> Void
    /// Those that have not been looked at, in the order in which their programs ended.
    private var newGroups: [Group] = []
    /// Those that may still hold pipes, by their deadlines.
    private var holdingGroups: [Group] = []
    /// The groups of those that hold no pipe.
    private var leaders: Set<pid_t> = []
    /// The look that is under way, and how many groups of either list it is about.
    private var look: (calculation: Calculation<Finding>, groupCount: Int)?
    /// When a look is tried again that found the helper threads too busy.
    private var retryTime: MonotonicTime?

    /// How long a process may go on holding a pipe: what a shell starts in the background has those of its script for a moment,
    /// and puts others in their places before it executes its program.
    private static let redirectionTime = Interval.seconds(1)
    /// How often those are looked for that hold a pipe, since one may have started another meanwhile.
    private static let lookCount = 3
    /// How many groups may wait to be looked at. Most scripts leave none, and a look takes a fraction of a second.
    private static let newGroupLimit = 256
    private static let retryInterval = Interval.milliseconds(100)

    /// Told of a `deadline` that has changed.
    var onDeadline: () -> Void = {}
    /// Wakes who is to call `advance(_:)` when a look is over.
    var waker: Waker?

    /// - Parameter helpers: where the looking is done; nil for at once.
    init(limit: Int, helpers: HelperThreads?, report: @escaping (String) -> Void) {
        self.limit = limit
        self.helpers = helpers
        self.report = report
    }

    /// When `advance(_:)` is to be called, if nobody is woken before; nil for not at all.
    var deadline: MonotonicTime? {
        if look != nil { return nil }
        return retryTime ?? holdingGroups.first?.deadline
    }

    /// Takes note of what a program has left in its group, which it led and has been reaped.
    ///
    /// - Parameter pipes: what the program wrote to.
    func add(leader: Int, pipes: [FileIdentity], name: String, now: MonotonicTime) {
        let leader = pid_t(leader)
        // Mostly there is nobody, which costs one call to know.
        guard kill(-leader, 0) == 0 || errno != ESRCH else { return }
        guard limit > 0, newGroups.count < Self.newGroupLimit else {
            Self.endGroup(of: leader)
            return report(name)
        }
        newGroups.append(Group(leader: leader, pipes: pipes, name: name))
        advance(now)
    }

    /// Takes what a look has found, and begins the next that is due.
    func advance(_ now: MonotonicTime) {
        // Without threads each look is over as soon as it has begun.
        while takeFinding(now), beginLook(now) {}
        onDeadline()
    }

    /// Ends at once those that are too many, and those that hold pipes: nobody will look any more.
    func end() {
        look = nil
        take(Self.count(newGroups, known: known, limit), newGroups.count, .distantFuture)
        take(Self.release(holdingGroups), holdingGroups.count, .distantFuture)
    }

    // MARK: Looks

    /// Returns false while one is under way.
    private func takeFinding(_ now: MonotonicTime) -> Bool {
        guard let look else { return true }
        guard let finding = look.calculation.take() else { return false }
        self.look = nil
        take(finding, look.groupCount, now)
        return true
    }

    /// Returns false where nothing is to be looked at now.
    private func beginLook(_ now: MonotonicTime) -> Bool {
        if let retryTime, now < retryTime { return false }
        retryTime = nil
        let due = Array(holdingGroups.prefix { $0.deadline <= now })
        let (new, known, limit) = (newGroups, known, limit)
        guard !due.isEmpty || !new.isEmpty else { return false }
        let groupCount = due.isEmpty ? new.count : due.count
        let work: @Sendable () -> Finding = { due.isEmpty ? Self.count(new, known: known, limit) : Self.release(due) }
        guard let helpers else {
            take(work(), groupCount, now)
            return true
        }
        guard let calculation = helpers.calculate(work) else {
            retryTime = now + Self.retryInterval
            return false
        }
        look = (calculation, groupCount)
        if let waker { calculation.wake(waker) }
        return true
    }

    /// The groups that have been looked at.
    private var known: Set<pid_t> { leaders.union(holdingGroups.map(\.leader)) }

    private func take(_ finding: Finding, _ groupCount: Int, _ now: MonotonicTime) {
        switch finding {
        case .counted(let living, let ended):
            leaders.formIntersection(living)
            for var group in newGroups.prefix(groupCount) {
                if ended.contains(group.leader) {
                    report(group.name)
                } else if living.contains(group.leader) {
                    group.deadline = now + Self.redirectionTime
                    holdingGroups.append(group)
                }
            }
            newGroups.removeFirst(groupCount)
        case .released(let living):
            leaders.formUnion(living)
            holdingGroups.removeFirst(groupCount)
        }
    }

    // MARK: Beside the loop

    /// Counts the processes of all groups, and ends those new ones with which there are too many.
    private static func count(_ new: [Group], known: Set<pid_t>, _ limit: Int) -> Finding {
        guard !new.isEmpty else { return .counted(living: known, ended: []) }
        guard let members = members(of: known.union(new.map(\.leader))) else {
            for group in new { endGroup(of: group.leader) }
            return .counted(living: known, ended: Set(new.map(\.leader)))
        }
        var living = known.filter { members[$0] != nil }
        var ended: Set<pid_t> = []
        var count = living.reduce(0) { $0 + (members[$1]?.count ?? 0) }
        for group in new {
            guard let processes = members[group.leader] else { continue }
            if count + processes.count > limit {
                endGroup(of: group.leader)
                ended.insert(group.leader)
            } else {
                count += processes.count
                living.insert(group.leader)
            }
        }
        return .counted(living: living, ended: ended)
    }

    /// Ends those of the groups that hold a pipe.
    private static func release(_ groups: [Group]) -> Finding {
        var living: Set<pid_t> = []
        for _ in 0..<lookCount where !groups.isEmpty {
            let members = members(of: Set(groups.map(\.leader))) ?? [:]
            var isAnyEnded = false
            for group in groups {
                let processes = members[group.leader] ?? []
                let holders = processes.filter { ProcessTree.holds($0, anyOf: group.pipes) }
                if holders.count < processes.count { living.insert(group.leader) }
                for process in holders { kill(process, SIGKILL) }
                if !holders.isEmpty { isAnyEnded = true }
            }
            if !isAnyEnded { break }
        }
        return .released(living)
    }

    /// The living processes of these groups, by group; nil where the kernel does not tell.
    private static func members(of groups: Set<pid_t>) -> [pid_t: [pid_t]]? {
        // Their leaders have been reaped. Where there is one again, the group is over, and its number is another's.
        ProcessTree.members(ofGroups: groups)?.filter { leader, processes in !processes.contains(leader) }
    }

    /// Ends a group whose leader has been reaped, unless its number is another's by now.
    private static func endGroup(of leader: pid_t) {
        if kill(leader, 0) != 0, errno == ESRCH { kill(-leader, SIGKILL) }
    }
}
