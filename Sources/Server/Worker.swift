package import Logging
import MartinetBytes
import MartinetEventLoop
import MartinetEvents
package import MartinetHTTP
import MartinetHTTP1
package import MartinetPOSIX
package import MartinetTLS

/// Serves connections in one thread, with one poll loop: accepts them, gives each its turns, and holds them to their
/// deadlines. It knows nothing of supervisors but an optional line to one.
package final class Worker {
    /// Entries of the poll set that are no connection: their tokens have this generation, and a slot each.
    private enum LoopSource {
        static let generation: UInt32 = 0
        static let control = Token(slot: 0, generation: generation)
        static let parkingLot = Token(slot: 1, generation: generation)
        static let accessLog = Token(slot: 2, generation: generation)
        static let children = Token(slot: 3, generation: generation)
        static let errorLog = Token(slot: 4, generation: generation)
        /// The listening sockets have this slot and those behind it.
        static let firstListener = Token(slot: 16, generation: generation)
    }

    /// Fewer descriptors than this are not worth parking.
    private static let parkingThreshold = 48
    /// A connection that is silent for between one and two of these is parked.
    private static let sweepInterval = Interval.milliseconds(100)
    /// How long accepting pauses when there is no descriptor left, or the kernel lets nobody in.
    private static let acceptPause = Interval.milliseconds(500)

    private var acceptor: Acceptor
    private let context: WorkerContext
    private let journal: AccessLog
    private let accessSink: LogSink?
    private let errorSink: LogSink?
    private var logs: [LogWatch] = []
    private let logger: Logger
    private let control: ControlChannel?
    private let children: ChildReaper?

    private var table = ConnectionTable()
    private var pollSet = PollSet()
    private var parkingLot: ParkingLot
    private var timers = TimerQueue()
    private var runnable: [Token] = []
    private var connectionNumber = 0
    private var nextSweep = MonotonicTime.distantFuture
    private var acceptWarnings = LogPace()
    private var connectionErrors = LogPace()
    private var drainsUntil: MonotonicTime?
    /// Set when connections that were still busy have been cut: their scripts have until this moment to end.
    private var leavesAt: MonotonicTime?
    private var kept: KeptMemory
    private var trimmer: HeapTrimmer
    private var dateSecond = -1
    /// For a worker that stands alone; a supervisor tells all of its workers of the same keys.
    private var ticketRotation: TicketKeyRotation?

    /// - Parameters:
    ///   - listeners: the sockets to accept from, already listening.
    ///   - plainListeners: those for plain HTTP.
    ///   - accessSink: where access log lines go; nil for nowhere.
    ///   - errorSink: what the logger writes to, if it may have to wait for it.
    ///   - control: the line to a supervisor; nil for a worker that stands alone.
    ///   - children: has the processes in its care that the responder starts; nil where it starts none.
    package init(
        listeners: [CInt], plainListeners: [CInt] = [], tls: TLSContext, limits: Limits,
        responder: any Responder, redirects: Redirects, accessSink: LogSink?, logger: Logger, control: ControlChannel?,
        children: ChildReaper? = nil, errorSink: LogSink? = nil
    ) throws {
        acceptor = try Acceptor(listeners: listeners, plain: plainListeners, firstToken: LoopSource.firstListener)
        self.logger = logger
        self.control = control
        ticketRotation = control == nil ? TicketKeyRotation(.now) : nil
        self.children = children
        self.accessSink = accessSink
        self.errorSink = errorSink
        if let accessSink { logs.append(LogWatch(accessSink, token: LoopSource.accessLog)) }
        if let errorSink { logs.append(LogWatch(errorSink, token: LoopSource.errorLog)) }
        journal = AccessLog(accessSink, logger: logger)
        context = try WorkerContext(
            limits: limits, tls: tls,
            service: HTTP1Service(responder: responder, journal: journal) { .now },
            redirects: redirects, logger: logger, needsServerAddress: children != nil)
        parkingLot = try ParkingLot()
        kept = KeptMemory(limit: limits.slowReaderMemory)
        trimmer = HeapTrimmer(freeByteCount: ThisProcess.freeHeapByteCount)
        let descriptorLimit = ThisProcess.raiseDescriptorLimit()
        if descriptorLimit < Limits.fewDescriptors {
            logger.warning(
                """
                few clients can be served at one time: this process may open no more than \(descriptorLimit) files \
                (ulimit -Hn), which connections, programs and files share
                """)
        }
    }

    /// Serves until it is told to drain and has done so, or its supervisor is gone.
    package func run() throws(SystemError) {
        setUp()
        defer { endLogs() }
        try control?.send(.ready)
        // A worker can be told to leave before it has begun.
        obey(control?.takeReceived() ?? [])
        var events: [Event] = []
        while !isOver {
            try pollSet.wait(timeout: timeout, into: &events)
            setTime()
            for event in events where event.token.generation != LoopSource.generation {
                // A descriptor of the connection's exchange says nothing of the client's.
                turn(event.token, event.isOwn ? event.readiness : .none)
                // What was calculated for it may have taken much, and left it.
                if !event.isOwn { trimmer.notice(context.now) }
            }
            runRunnable()
            for event in events where event.token.generation == LoopSource.generation { try handle(event) }
            runTimers()
            writeLogs()
        }
        children?.endAll()
    }

    // MARK: The loop

    private func setUp() {
        setTime()
        if let control { pollSet.watch(control.descriptor, for: .read, token: LoopSource.control) }
        pollSet.watch(parkingLot.descriptor, for: .read, token: LoopSource.parkingLot)
        if let children { pollSet.watch(children.descriptor, for: .read, token: LoopSource.children) }
        acceptor.begin(&pollSet)
    }

    private var isOver: Bool {
        guard drainsUntil != nil else { return false }
        if let leavesAt, context.now >= leavesAt { return true }
        guard table.count == 0, (children?.count ?? 0) == 0 else { return false }
        return !logs.contains { $0.isWaiting }
    }

    /// How long the next poll may wait; nil for ever.
    private var timeout: Interval? {
        guard runnable.isEmpty else { return .zero }
        var next = min(nextSweep, min(kept.nextCut, trimmer.nextRun))
        for log in logs { next = min(next, log.due) }
        next = min(next, journal.refusalsDue)
        if let ticketRotation { next = min(next, ticketRotation.due) }
        if let timer = timers.next { next = min(next, timer) }
        if let deadline = children?.deadline { next = min(next, deadline) }
        next = min(next, acceptor.resumeTime)
        if let end = leavesAt ?? drainsUntil { next = min(next, end) }
        return next == .distantFuture ? nil : max(.zero, next - .now)
    }

    private func setTime() {
        context.now = .now
        let wall = WallTime.now
        journal.setTime(wall)
        if wall.seconds != dateSecond {
            dateSecond = wall.seconds
            var line: [UInt8] = []
            line.append("Date: ")
            HTTPDate.append(wall, to: &line)
            line.append("\r\n")
            context.service.moment.dateLine = line
            context.service.moment.date = wall.wholeSeconds
        }
    }

    private func handle(_ event: Event) throws(SystemError) {
        switch event.token {
        case LoopSource.control: try readControl()
        case LoopSource.parkingLot: try wakeParked()
        case LoopSource.accessLog: accessSink?.flush()
        case LoopSource.errorLog: errorSink?.flush()
        case LoopSource.children: children?.reap()
        default: if let listener = acceptor.listener(event.token) { _ = accept(from: listener) }
        }
    }

    private func runTimers() {
        while let due = timers.takeDue(context.now) { expire(due.token, armedFor: due.time) }
        children?.enforce(context.now)
        if context.now >= nextSweep { sweep() }
        if let ticketRotation, context.now >= ticketRotation.due { advanceTicketKeys() }
        if context.now >= kept.nextCut { cutStalled() }
        if context.now >= trimmer.nextRun {
            trimmer.run(freeByteCount: { ThisProcess.freeHeapByteCount }, trim: ThisProcess.trimHeap)
        }
        if context.now >= acceptor.resumeTime { acceptor.begin(&pollSet) }
        if let drainsUntil, context.now >= drainsUntil, leavesAt == nil { cutAll() }
    }

    private func writeLogs() {
        journal.writeRefusals(context.now)
        // Nothing is worth waiting for that keeps the worker from leaving.
        if drainsUntil != nil, accessSink?.status == .pending { accessSink?.flush() }
        for index in logs.indices { logs[index].advance(context.now, &pollSet) }
    }

    /// The worker leaves. What the logs do not take now they never will.
    private func endLogs() {
        journal.writeRefusals(nil)
        if let lost = accessSink?.end(), lost > 0 {
            logger.error("\(lost) lines of the access log are lost: it did not take them before the worker left")
        }
        errorSink?.endWithNote()
    }

    /// Lines go to another file from now on.
    private func reopen(_ log: LogFile.Kind, onto file: consuming FileDescriptor) {
        do throws(SystemError) {
            switch log {
            case .access: try accessSink?.reopen(onto: file)
            case .error:
                try FileDescriptor.duplicate(file.number).replace(ThisProcess.standardError, staysOpen: true)
                try errorSink?.reopen(onto: file)
            case .output: try file.replace(ThisProcess.standardOutput, staysOpen: true)
            }
        } catch {
            logger.error("a log goes on in its old file: \(error)")
        }
    }

    // MARK: Connections

    /// Accepts some of those that wait; whether there may be more.
    private func accept(from listener: Acceptor.Listener) -> Bool {
        for _ in 0..<Limits.acceptsPerTurn {
            guard acceptor.isAccepting else { return false }
            if lacksDescriptors, !makeRoom() {
                pauseAccepting("every connection is busy")
                return false
            }
            do throws(SystemError) {
                guard let accepted = try listener.socket.accept() else { return false }
                begin(accepted, isPlain: listener.isPlain)
            } catch {
                // One idle client's place is worth more to one who asks for something.
                if error.isExhaustion, makeRoom() { continue }
                pauseAccepting(error.description)
                return false
            }
        }
        return true
    }

    /// Accepts the clients that wait in the kernel's queues, then closes the listening sockets. The number is bounded, since
    /// clients may come as fast as they are accepted.
    private func acceptLast() {
        // A pause would leave them to be reset.
        acceptor.begin(&pollSet)
        for listener in acceptor.listeners {
            var turns = 0
            while turns < Limits.lastAcceptTurns, accept(from: listener) {
                turns += 1
                setTime()
            }
        }
        acceptor.end(&pollSet)
    }

    private func pauseAccepting(_ reason: String) {
        guard acceptor.pause(until: context.now + Self.acceptPause, &pollSet),
            let others = acceptWarnings.admit(context.now)
        else { return }
        logger.warning("accepting pauses with \(table.count) connections: \(reason)\(others)")
    }

    private func begin(_ accepted: consuming AcceptedSocket, isPlain: Bool) {
        connectionNumber += 1
        do throws(TLSError) {
            let slot = table.insert(try Connection(accepted, number: connectionNumber, isPlain: isPlain, context))
            slot.connection.turn(.read, context)
            updateInterest(slot)
        } catch {
            guard let others = connectionErrors.admit(context.now) else { return }
            logger.error("a connection could not be taken on: \(error)\(others)")
        }
    }

    private func turn(_ token: Token, _ readiness: Readiness) {
        guard let slot = table[token] else { return }
        // What it is about to open comes before those who want nothing.
        if lacksDescriptors { _ = makeRoom(except: token) }
        slot.connection.turn(readiness, context)
        updateInterest(slot)
    }

    /// Connections that have more to do without waiting: one turn each, so that none holds up the others.
    private func runRunnable() {
        guard !runnable.isEmpty else { return }
        let tokens = runnable
        runnable.removeAll(keepingCapacity: true)
        for token in tokens {
            table[token]?.isListed = false
            turn(token, .none)
        }
    }

    /// After a turn: what the connection waits for now, and for how long.
    private func updateInterest(_ slot: ConnectionTable.Slot) {
        trimmer.notice(context.now)
        guard slot.connection.phase != .closed else {
            remove(slot)
            return
        }
        table.update(slot)
        let keptByteCount = slot.connection.keptByteCount
        if keptByteCount != slot.keptByteCount {
            kept.change(from: slot.keptByteCount, to: keptByteCount, now: context.now)
            slot.keptByteCount = keptByteCount
        }
        // Listed once: a readable connection that is runnable too would otherwise have one turn more each time.
        if slot.connection.isRunnable, !slot.isListed {
            slot.isListed = true
            runnable.append(slot.token)
        }
        pollSet.watch(slot.connection.descriptor, for: slot.connection.interest, token: slot.token)
        watchExchange(slot)
        if pollSet.count > Self.parkingThreshold, nextSweep == .distantFuture {
            nextSweep = context.now + Self.sweepInterval
        }
        let wakeTime = slot.connection.wakeTime
        if wakeTime < slot.armed {
            slot.armed = wakeTime
            timers.arm(slot.armed, token: slot.token)
        }
    }

    /// Has the poll set watch the descriptors that the connection's exchange waits for, and no longer those that it waited
    /// for before.
    ///
    /// To be called right after the connection's turn. A descriptor that the exchange closed is still in the poll set then,
    /// and its number may be given to another connection's descriptor in the next turn.
    private func watchExchange(_ slot: ConnectionTable.Slot) {
        let waits = slot.connection.waits
        if waits.isEmpty, slot.watched.isEmpty { return }
        for descriptor in slot.watched where !waits.contains(where: { $0.descriptor == descriptor }) {
            pollSet.remove(descriptor)
        }
        slot.watched.removeAll(keepingCapacity: !waits.isEmpty)
        for wait in waits {
            pollSet.watch(wait.descriptor, for: wait.direction == .reading ? .read : .write, token: slot.token)
            slot.watched.append(wait.descriptor)
        }
    }

    private func remove(_ slot: ConnectionTable.Slot) {
        for descriptor in slot.watched { pollSet.remove(descriptor) }
        pollSet.remove(slot.connection.descriptor)
        parkingLot.forget(slot.connection.descriptor)
        table.remove(slot.token)
        kept.change(from: slot.keptByteCount, to: 0, now: context.now)
        acceptor.endPause(context.now)
    }

    private func expire(_ token: Token, armedFor time: MonotonicTime) {
        // An entry that a later arming has replaced says nothing any more.
        guard let slot = table[token], slot.armed == time else { return }
        slot.armed = .distantFuture
        if slot.connection.wakeTime <= context.now { slot.connection.timeOut(context) }
        updateInterest(slot)
    }

    /// Whether the requests in progress could need more descriptors than are free: each busy connection one for its file,
    /// and the next turn `Limits.reservedDescriptors` for scripts.
    private var lacksDescriptors: Bool {
        OpenDescriptors.roomCount - table.busyCount < Limits.reservedDescriptors
    }

    /// Closes some of the connections that have been idle the longest; returns false when none is idle.
    private func makeRoom(except spared: Token? = nil) -> Bool {
        // Several at a time, since finding them means looking at all connections.
        let idle = table.oldestIdle(max(1, table.count / 64), except: spared)
        for token in idle {
            guard let slot = table[token] else { continue }
            slot.connection.cut(context)
            updateInterest(slot)
        }
        return !idle.isEmpty
    }

    /// Too much memory is kept for clients that do not read (`Limits.slowReaderMemory`): cuts those that have taken nothing
    /// for `Limits.stall`.
    private func cutStalled() {
        let byteCount = kept.byteCount
        var count = 0
        let time = context.now - Interval(context.limits.stall)
        for token in table.stalled(since: time) {
            guard kept.isTooMuch else { break }
            guard let slot = table[token] else { continue }
            slot.connection.cutStalled(context)
            updateInterest(slot)
            count += 1
        }
        kept.endCut(context.now)
        guard count > 0 else { return }
        logger.warning(
            """
            \(byteCount >> 10) KiB were kept for clients that do not read: cut \(count) that had taken nothing for \
            \(context.limits.stall) (the limit is \(context.limits.slowReaderMemory >> 10) KiB)
            """)
    }

    // MARK: Parking

    private func sweep() {
        guard pollSet.count > Self.parkingThreshold else {
            nextSweep = .distantFuture
            return
        }
        nextSweep = context.now + Self.sweepInterval
        for (descriptor, token) in pollSet.sweepIdle() {
            // The loop's own sources stay: they are few, and must be heard at once. So do the pipes of exchanges.
            if token.generation == LoopSource.generation || Int(token.slot) != Int(descriptor) {
                pollSet.watch(descriptor, for: .read, token: token)
                continue
            }
            do throws(SystemError) {
                try parkingLot.park(descriptor, token: token)
            } catch {
                pollSet.watch(descriptor, for: .read, token: token)
            }
        }
    }

    private func wakeParked() throws(SystemError) {
        for token in try parkingLot.wake() { turn(token, .read) }
    }

    private func advanceTicketKeys() {
        do throws(TLSError) {
            guard let key = try ticketRotation?.advance(context.now) else { return }
            context.tls.advanceTicketKeys(to: key)
        } catch {
            logger.error("session tickets keep their key: \(error)")
        }
    }

    // MARK: The supervisor

    private func readControl() throws(SystemError) {
        guard let control else { return }
        obey(try control.receiveAvailable())
        if control.isEnded {
            // Never live on alone: the port would be shared with whatever is started next.
            pollSet.remove(control.descriptor)
            if drainsUntil == nil {
                logger.error("the supervisor is gone: draining")
                drain()
            }
        }
    }

    private func obey(_ messages: [ControlChannel.Message]) {
        for message in messages {
            switch message {
            case .drain: drain()
            case .log(let log, let number): reopen(log, onto: FileDescriptor(owning: number))
            case .ticketKey(let key): context.tls.advanceTicketKeys(to: key)
            case .configuration, .ready: break
            }
        }
    }

    /// Begins to leave: accepts only the clients that wait already, closes idle connections, and lets busy ones finish.
    private func drain() {
        guard drainsUntil == nil else { return }
        drainsUntil = context.now + Interval(context.limits.drain)
        context.beginDraining()
        acceptLast()
        setTime()
        // One turn each, in which what has come meanwhile is read: a connection idle after a response finds that it is over,
        // and says so to its client.
        for token in table.tokens {
            table[token]?.connection.shortenDeadline(context)
            turn(token, .read)
        }
    }

    /// Who is still here has had the time to finish.
    private func cutAll() {
        leavesAt = context.now + (children == nil ? .zero : ChildReaper.grace)
        if table.count > 0 {
            logger.warning("\(table.count) connections were still busy after \(context.limits.drain): cut")
        }
        for token in table.tokens {
            guard let slot = table[token] else { continue }
            slot.connection.cut(context)
            updateInterest(slot)
        }
        children?.askAll(context.now)
    }
}
