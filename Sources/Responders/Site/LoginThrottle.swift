import MartinetEvents
import MartinetHTTP

/// How many wrong logins have come from where in the last minute, and what that means for the next one.
///
/// Each worker counts for itself: with N of them, an address that spreads its connections has up to N times as many tries.
struct LoginThrottle {
    enum Decision: Equatable {
        /// The password may be verified now.
        case begin
        /// To be asked again then.
        case wait(until: MonotonicTime)
        /// There were too many wrong ones, and there may be another in so many seconds.
        case refuse(retryAfter: Int)
        /// It would have to wait, and too many do already.
        case full
    }

    /// For how long a wrong login counts.
    static let window = Interval.seconds(60)
    /// After so many, a person has tried what comes to mind; a program is slowed down to one try a second and connection.
    static let delayThreshold = 5
    static let delay = Interval.seconds(1)
    /// After so many, nothing is verified any more: 20 in a minute are 28,800 in a day.
    static let refusalThreshold = 20
    /// So many passwords of one address are verified at one time, and others' come to their turn between them.
    static let verifyingLimit = 2
    /// Logins of one address that wait, and of all: a browser has six connections, an office behind one address many.
    static let waitingLimit = 64
    static let totalWaitingLimit = 256
    /// How soon a login is asked again that waits for another one's end.
    static let retryInterval = Interval.milliseconds(20)
    /// Addresses that are remembered, of about 250 bytes each.
    static let addressLimit = 4096

    private struct Record {
        /// When the last ones came, the oldest first; no more of them than decide anything.
        var wrong: [MonotonicTime] = []
        var verifyingCount = 0
        var waitingCount = 0

        var isInUse: Bool { verifyingCount > 0 || waitingCount > 0 }

        mutating func forget(before now: MonotonicTime) {
            while let first = wrong.first, first + LoginThrottle.window <= now { wrong.removeFirst() }
        }
    }

    private var records: [AddressBlock: Record] = [:]
    private var waitingCount = 0

    /// How many addresses are remembered.
    var addressCount: Int { records.count }

    /// What a login may do now. After `.begin` it is one that is verified, after `.wait` one that waits, and otherwise over.
    ///
    /// - Parameters:
    ///   - arrival: when it came.
    ///   - isWaiting: whether it has waited already.
    mutating func decide(_ block: AddressBlock, arrival: MonotonicTime, isWaiting: Bool, _ now: MonotonicTime)
        -> Decision
    {
        var record = records[block] ?? Record()
        record.forget(before: now)
        if isWaiting {
            record.waitingCount -= 1
            waitingCount -= 1
        }
        var decision = next(record, block, arrival, now)
        switch decision {
        case .begin: record.verifyingCount += 1
        case .refuse, .full: break
        case .wait:
            if waitingCount < Self.totalWaitingLimit, block.isShared || record.waitingCount < Self.waitingLimit {
                record.waitingCount += 1
                waitingCount += 1
            } else {
                decision = .full
            }
        }
        put(record, block)
        return decision
    }

    private func next(_ record: Record, _ block: AddressBlock, _ arrival: MonotonicTime, _ now: MonotonicTime)
        -> Decision
    {
        let wrongCount = record.wrong.count
        // Behind a shared address there may be anybody, and nobody there must be able to lock all others out.
        if wrongCount >= Self.refusalThreshold, !block.isShared {
            return .refuse(retryAfter: max(1, (record.wrong[0] + Self.window - now).secondsRoundedUp))
        }
        if wrongCount >= Self.delayThreshold, now < arrival + Self.delay { return .wait(until: arrival + Self.delay) }
        // Those that are being verified may all turn out to be wrong.
        var limit = Self.verifyingLimit
        if wrongCount < Self.delayThreshold {
            limit = min(limit, Self.delayThreshold - wrongCount)
        } else if !block.isShared {
            limit = min(limit, Self.refusalThreshold - wrongCount)
        }
        return record.verifyingCount < limit ? .begin : .wait(until: now + Self.retryInterval)
    }

    /// A login that waits is over without having been verified.
    mutating func leave(_ block: AddressBlock) {
        guard var record = records[block] else { return }
        record.waitingCount -= 1
        waitingCount -= 1
        put(record, block)
    }

    /// A login that was verified is over.
    mutating func end(_ block: AddressBlock, isWrong: Bool, _ now: MonotonicTime) {
        guard var record = records[block] else { return }
        record.verifyingCount -= 1
        if isWrong {
            if record.wrong.isEmpty { makeRoom(now) }
            record.wrong.append(now)
            if record.wrong.count > Self.refusalThreshold { record.wrong.removeFirst() }
        }
        record.forget(before: now)
        put(record, block)
    }

    private mutating func put(_ record: Record, _ block: AddressBlock) {
        records[block] = record.isInUse || !record.wrong.isEmpty ? record : nil
    }

    /// Forgets what no longer counts, and if that is not enough the addresses with the fewest wrong logins: a flood of
    /// addresses with one each then drives out its own. An eighth at a time, since finding them means looking at all.
    private mutating func makeRoom(_ now: MonotonicTime) {
        guard records.count > Self.addressLimit else { return }
        records = records.filter { $1.isInUse || ($1.wrong.last ?? .distantPast) > now - Self.window }
        let excess = records.count - Self.addressLimit * 7 / 8
        guard excess > 0 else { return }
        let idle = records.lazy.filter { !$1.isInUse }.map {
            ($0.value.wrong.count, $0.value.wrong.last ?? .distantPast, $0.key)
        }
        for (_, _, block) in idle.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }).prefix(excess) { records[block] = nil }
    }
}
