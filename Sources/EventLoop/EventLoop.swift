package import MartinetEvents
package import MartinetPOSIX

/// What one thread waits for: the descriptors and deadlines of connections, and members with theirs.
///
/// Its user drives it, round by round: `wait`, the connections' events, `serveMembers`, `takeDue`. So an event of a connection
/// is no call through a protocol, and members come after connections. Nobody else touches what is waited for: connections,
/// exchanges and members say what they want by these methods, also in the middle of a round.
package final class EventLoop {
    /// The loop's own descriptors and its members have this generation in their tokens, and a slot each.
    private static let memberGeneration: UInt32 = 0
    private static let mailboxToken = Token(slot: 0, generation: memberGeneration)
    private static let parkingToken = Token(slot: 1, generation: memberGeneration)
    private static let firstMemberSlot = 2

    /// Fewer descriptors than this are not worth parking.
    private static let parkingThreshold = 48
    /// A connection that is silent for between one and two of these is parked.
    private static let sweepInterval = Interval.milliseconds(100)

    private var pollSet = PollSet()
    private var parkingLot: ParkingLot
    private var nextSweep = MonotonicTime.distantFuture
    private var timers = TimerQueue()
    /// The deadlines of members and streams; connections keep theirs.
    private var alarms: [Token: Alarm] = [:]
    /// The descriptors that streams wait for, by their owner's slot.
    private var watched: [[CInt]] = []
    private var members: [any LoopMember] = []
    private var memberEvents: [Event] = []
    private let mailbox: Mailbox
    private let clock: () -> MonotonicTime
    /// The moment at which the current round began.
    package private(set) var now: MonotonicTime

    /// - Parameter clock: what tells the time; for tests.
    package init(clock: @escaping () -> MonotonicTime = { .now }) throws(SystemError) {
        self.clock = clock
        now = clock()
        mailbox = try Mailbox()
        parkingLot = try ParkingLot()
        pollSet.watch(mailbox.descriptor, for: .read, token: Self.mailboxToken)
        pollSet.watch(parkingLot.descriptor, for: .read, token: Self.parkingToken)
    }

    /// Has the loop serve a member from now on.
    package func add(_ member: any LoopMember) {
        let token = Token(slot: Self.firstMemberSlot + members.count, generation: Self.memberGeneration)
        members.append(member)
        member.join(LoopPlace(self, token))
    }

    /// Whether members have something to finish.
    package var hasBusyMembers: Bool { members.contains { $0.isBusy } }

    // MARK: Rounds

    /// Waits until something happens, and puts what is for connections into `events`.
    ///
    /// - Parameter limit: how long at the most; nil for as long as it takes.
    package func wait(atMost limit: Interval?, into events: inout [Event]) throws(SystemError) {
        if pollSet.count > Self.parkingThreshold, nextSweep == .distantFuture { nextSweep = now + Self.sweepInterval }
        var timeout = limit
        let next = min(timers.next ?? .distantFuture, nextSweep)
        if !mailbox.sleep() {
            timeout = .zero
        } else if timeout != .zero, next != .distantFuture {
            let left = max(.zero, next - clock())
            timeout = timeout.map { min($0, left) } ?? left
        }
        try pollSet.wait(timeout: timeout, into: &events)
        now = clock()
        try sort(&events)
        if now >= nextSweep { sweep() }
    }

    /// Reads the clock in the middle of a long round.
    package func updateTime() { now = clock() }

    /// Members' events, in the order in which members were added, and who was woken, which comes before what is heard next: a
    /// message that somebody has sent counts for the clients that are accepted after it.
    ///
    /// - Returns: the connections and streams that were woken.
    package func serveMembers() -> [Token] {
        var woken: [Token] = []
        tellWoken(&woken)
        guard !memberEvents.isEmpty else { return woken }
        let events = memberEvents.sorted { $0.token.slot < $1.token.slot }
        memberEvents.removeAll(keepingCapacity: true)
        for event in events {
            tell(.ready(event.descriptor, event.readiness), event.token)
            tellWoken(&woken)
        }
        return woken
    }

    private func tellWoken(_ others: inout [Token]) {
        for token in mailbox.take() {
            if token.generation == Self.memberGeneration { tell(.woken, token) } else { others.append(token) }
        }
    }

    /// The next deadline that is over, of a connection (stream 0), which knows whether it still counts, or of a stream; nil when
    /// none is. Members hear of theirs here.
    package func takeDue() -> (time: MonotonicTime, token: Token)? {
        while let due = timers.takeDue(now) {
            let isMember = due.token.generation == Self.memberGeneration
            if !isMember, due.token.stream == 0 { return due }
            switch alarms[due.token]?.take(due.time, now: now) {
            case .stale, nil: continue
            case .moved(let later): timers.arm(later, token: due.token)
            case .due:
                guard isMember else { return due }
                tell(.deadline, due.token)
            }
        }
        return nil
    }

    /// The loop will end: members are told.
    package func drain() { tellAll(.draining) }

    /// The time for that is over: members are told.
    package func end() { tellAll(.ending) }

    private func tellAll(_ event: LoopEvent) {
        for member in members { member.handle(event) }
    }

    private func tell(_ event: LoopEvent, _ token: Token) {
        let index = Int(token.slot) - Self.firstMemberSlot
        if members.indices.contains(index) { members[index].handle(event) }
    }

    /// Puts members' events aside, and adds those of connections that were parked.
    private func sort(_ events: inout [Event]) throws(SystemError) {
        // Mostly there are none.
        guard events.contains(where: { $0.token.generation == Self.memberGeneration }) else { return }
        var hasParked = false
        for event in events where event.token.generation == Self.memberGeneration {
            switch event.token {
            case Self.mailboxToken: break
            case Self.parkingToken: hasParked = true
            default: memberEvents.append(event)
            }
        }
        events.removeAll { $0.token.generation == Self.memberGeneration }
        guard hasParked else { return }
        for token in try parkingLot.wake() {
            events.append(Event(token: token, descriptor: CInt(token.slot), readiness: .read))
        }
    }

    // MARK: What is waited for

    /// Waits for `interest` on a descriptor, from now on in place of any earlier interest.
    package func watch(_ descriptor: CInt, for interest: Readiness, token: Token) {
        pollSet.watch(descriptor, for: interest, token: token)
    }

    /// Waits for a descriptor until it is ready in one of the directions. Those that the same token has asked for before and
    /// that have not been reported stay.
    package func watchOnce(_ descriptor: CInt, adding directions: Readiness, token: Token) {
        guard pollSet.watchOnce(descriptor, adding: directions, token: token), token.stream != 0 else { return }
        let slot = Int(token.slot)
        while watched.count <= slot { watched.append([]) }
        if !watched[slot].contains(descriptor) { watched[slot].append(descriptor) }
    }

    /// Waits for a descriptor no longer, whoever waited for it. To be called before the descriptor is closed.
    package func remove(_ descriptor: CInt) {
        pollSet.remove(descriptor)
        parkingLot.forget(descriptor)
    }

    /// Waits no longer for a descriptor that is waited for on behalf of `token`.
    package func forget(_ descriptor: CInt, for token: Token) {
        pollSet.remove(descriptor, of: token)
        guard token.stream != 0, Int(token.slot) < watched.count else { return }
        watched[Int(token.slot)].removeAll { $0 == descriptor }
    }

    /// Forgets all that is waited for on behalf of a stream.
    package func cancel(_ token: Token) {
        alarms[token] = nil
        let slot = Int(token.slot)
        guard slot < watched.count, !watched[slot].isEmpty else { return }
        for descriptor in watched[slot] { pollSet.remove(descriptor, of: token) }
        // Those of other streams of the connection stay.
        let owner = token.owner
        watched[slot].removeAll { pollSet.token(of: $0)?.owner != owner }
    }

    /// Has a deadline come up for a connection, which knows by then whether it still counts; see `Alarm`.
    package func arm(_ time: MonotonicTime, token: Token) {
        timers.arm(time, token: token)
    }

    /// A deadline that is over already comes up in the next round: in this one it would come up again and again.
    private func laterThanNow(_ time: MonotonicTime) -> MonotonicTime {
        max(time, now + Interval(nanoseconds: 1))
    }

    /// Has a deadline come up for a stream or a member, in place of any that was set before; `distantFuture` for none.
    package func setDeadline(_ time: MonotonicTime, for token: Token) {
        if let earlier = alarms[token, default: Alarm()].set(laterThanNow(time)) { timers.arm(earlier, token: token) }
    }

    /// For another thread: wakes who has this token.
    package func waker(for token: Token) -> Waker { Waker(mailbox, token: token) }

    // MARK: Parking

    private func sweep() {
        guard pollSet.count > Self.parkingThreshold else {
            nextSweep = .distantFuture
            return
        }
        nextSweep = now + Self.sweepInterval
        // Members are few, and must be heard at once. So must what exchanges wait for.
        let idle = pollSet.sweepIdle { descriptor, token in
            token.generation != Self.memberGeneration && Int(token.slot) == Int(descriptor)
        }
        for (descriptor, token) in idle {
            do throws(SystemError) {
                try parkingLot.park(descriptor, token: token)
            } catch {
                pollSet.watch(descriptor, for: .read, token: token)
            }
        }
    }
}
