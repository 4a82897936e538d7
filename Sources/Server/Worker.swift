package import Logging
import MartinetBytes
package import MartinetEventLoop
import MartinetEvents
package import MartinetHTTP
import MartinetHTTP1
package import MartinetPOSIX
package import MartinetTLS

/// Serves connections in one thread: gives each its turns, and holds them to their deadlines.
///
/// What else there is to serve, sockets to accept from, logs, children, a supervisor, is a member of the loop.
package final class Worker {
    /// What a worker can be told, from any thread, by its inbox.
    package enum Message: Sendable {
        /// Finish what is in progress, take on nothing new, and leave; nil stands for `Limits.drain`.
        case drain(within: Duration?)
        /// Leave now.
        case stop
        /// One more key for session tickets, and the oldest is over.
        case ticketKey(SecretBytes)
        /// A log goes on in another file, whose descriptor is the worker's to close.
        case log(LogFile.Kind, CInt)
        /// New connections get other certificates, and new requests other answers. The parts are made in the worker's thread.
        case replace(@Sendable () throws -> Parts)
    }

    /// What a worker answers with.
    package struct Parts {
        package let tls: TLSContext
        package let responder: any Responder
        package let redirects: Redirects

        package init(tls: TLSContext, responder: any Responder, redirects: Redirects) {
            self.tls = tls
            self.responder = responder
            self.redirects = redirects
        }
    }

    /// Puts a log's new file, whose number it gets, in the place of the process's standard stream that it is, if it is one.
    package typealias StreamReplacement = (LogFile.Kind, CInt) throws(SystemError) -> Void

    /// How many messages may wait.
    private static let inboxLimit = 1024

    /// Takes messages from any thread.
    package let inbox = Inbox<Message>(limit: inboxLimit)
    private let loop: EventLoop
    private let acceptor: Acceptor
    private let context: WorkerContext
    private let journal: AccessLog
    private let accessSink: LogSink?
    private let errorSink: LogSink?
    private let logger: Logger
    private let control: ControlChannel?
    private let children: ChildReaper?
    private let heap: HeapWatch?
    private let replaceStream: StreamReplacement?

    private var table = ConnectionTable()
    private var runnable: [Token] = []
    private var connectionNumber = 0
    private var acceptWarnings = LogPace()
    private var connectionErrors = LogPace()
    private var kept: KeptMemory
    private lazy var cutTimer = LoopTimer { [unowned self] in cutStalled() }
    /// Until when connections may finish; set when the worker was told to leave.
    private lazy var drainTimer = LoopTimer { [unowned self] in cutAll() }
    private var isDraining = false
    private var drainTime = Duration.zero
    /// Connections that were still busy have been cut: their scripts have until then to end.
    private lazy var leavingTimer = LoopTimer { [unowned self] in hasLeft = true }
    private var hasLeft = false
    private var dateSecond = -1
    /// For a worker that stands alone; a supervisor tells all of its workers of the same keys.
    private var ticketRotation: TicketKeyRotation?
    private lazy var ticketTimer = LoopTimer { [unowned self] in advanceTicketKeys() }

    /// - Parameters:
    ///   - listeners: the sockets to accept from, already listening.
    ///   - accessSink: where access log lines go; nil for nowhere.
    ///   - errorSink: what the logger writes to, if it may have to wait for it.
    ///   - control: the line to a supervisor; nil for a worker that stands alone.
    ///   - children: has the processes in its care that the responder starts; nil where it starts none.
    ///   - heap: hands memory back that turns have freed; nil where that is the process's own concern.
    ///   - replaceStream: nil where the standard streams are not the worker's concern.
    ///   - members: what else the loop is to serve.
    package init(
        listeners: [Listener], limits: Limits, parts: Parts,
        accessSink: LogSink?, logger: Logger, control: ControlChannel?,
        children: ChildReaper? = nil, errorSink: LogSink? = nil, heap: HeapWatch? = nil,
        replaceStream: StreamReplacement? = nil, members: [any LoopMember] = []
    ) throws {
        loop = try EventLoop()
        acceptor = Acceptor(listeners)
        self.logger = logger
        self.control = control
        ticketRotation = control == nil ? TicketKeyRotation(.now) : nil
        self.children = children
        self.accessSink = accessSink
        self.errorSink = errorSink
        self.heap = heap
        self.replaceStream = replaceStream
        journal = AccessLog(accessSink, logger: logger)
        context = try WorkerContext(
            limits: limits, parts: parts, journal: journal, logger: logger, needsServerAddress: children != nil,
            loop: loop)
        kept = KeptMemory(limit: limits.slowReaderMemory)
        addMembers(members)
    }

    /// The loop serves them in this order, after its connections.
    private func addMembers(_ others: [any LoopMember]) {
        if let control {
            loop.add(SupervisorLine(control, inbox) { [unowned self] in supervisorIsGone() })
        }
        loop.add(InboxReader(inbox) { [unowned self] in obey($0) })
        for sink in [accessSink, errorSink] { if let sink { loop.add(LogWatch(sink)) } }
        if let children { loop.add(ChildWatch(children)) }
        if let heap { loop.add(heap) }
        for member: any LoopMember in [journal, cutTimer, drainTimer, leavingTimer, ticketTimer] { loop.add(member) }
        for member in others { loop.add(member) }
        ticketTimer.set(ticketRotation?.due ?? .distantFuture)
        acceptor.delegate = self
    }

    /// Serves until it is told to drain and has done so, or its supervisor is gone.
    package func run() throws(SystemError) {
        noteTime()
        defer { endLogs() }
        try control?.send(.ready)
        // Last, since new clients come after all else.
        loop.add(acceptor)
        var events: [Event] = []
        while !isOver {
            try loop.wait(atMost: runnable.isEmpty ? nil : .zero, into: &events)
            noteTime()
            for event in events {
                if event.isOwn {
                    turn(event.token, event.readiness)
                } else {
                    handle(.ready(event.descriptor, event.readiness), event.token)
                }
            }
            runRunnable()
            for token in loop.serveMembers() { handle(.woken, token) }
            while let due = loop.takeDue() {
                if due.token.stream == 0 { expire(due.token, armedFor: due.time) } else { handle(.deadline, due.token) }
            }
        }
        children?.endAll()
    }

    // MARK: The loop

    private var isOver: Bool {
        guard isDraining else { return false }
        return hasLeft || table.count == 0 && !loop.hasBusyMembers
    }

    private func noteTime() {
        context.now = loop.now
        let wall = WallTime.now
        journal.setTime(wall)
        if wall.seconds != dateSecond {
            dateSecond = wall.seconds
            var text: [UInt8] = []
            HTTPDate.append(wall, to: &text)
            context.service.moment.dateText = text
            context.service.moment.date = wall.wholeSeconds
        }
    }

    /// The worker leaves. What the logs do not take now they never will.
    private func endLogs() {
        journal.writeRefusals()
        if let lost = accessSink?.end(), lost > 0 {
            logger.error("\(lost) lines of the access log are lost: it did not take them before the worker left")
        }
        errorSink?.endWithNote()
    }

    /// Lines go to another file from now on.
    private func reopen(_ log: LogFile.Kind, onto file: consuming FileDescriptor) {
        do throws(SystemError) {
            try replaceStream?(log, file.number)
            switch log {
            case .access: try accessSink?.reopen(onto: file)
            case .error: try errorSink?.reopen(onto: file)
            case .output: break
            }
        } catch {
            logger.error("a log goes on in its old file: \(error)")
        }
    }

    // MARK: Connections

    fileprivate func begin(_ accepted: consuming AcceptedSocket, isPlain: Bool) {
        connectionNumber += 1
        do throws(TLSError) {
            let token = table.token(for: accepted.descriptor.number)
            let connection = try Connection(
                accepted, token: token, number: connectionNumber, isPlain: isPlain, context)
            let slot = table.insert(connection, token)
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

    /// Something has happened to a connection's exchange, of which the client's socket says nothing.
    private func handle(_ event: ExchangeEvent, _ token: Token) {
        guard let slot = table[token.owner] else { return }
        if lacksDescriptors { _ = makeRoom(except: slot.token) }
        slot.connection.handle(event, stream: token.stream, context)
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
        heap?.notice()
        guard slot.connection.phase != .closed else {
            remove(slot)
            return
        }
        table.update(slot)
        let keptByteCount = slot.connection.keptByteCount
        if keptByteCount != slot.keptByteCount {
            kept.change(from: slot.keptByteCount, to: keptByteCount, now: context.now)
            slot.keptByteCount = keptByteCount
            cutTimer.set(kept.nextCut)
        }
        // Listed once: a readable connection that is runnable too would otherwise have one turn more each time.
        if slot.connection.isRunnable, !slot.isListed {
            slot.isListed = true
            runnable.append(slot.token)
        }
        if slot.connection.isWatched {
            loop.watch(slot.connection.descriptor, for: slot.connection.interest, token: slot.token)
        } else {
            loop.forget(slot.connection.descriptor, for: slot.token)
        }
        if let time = slot.alarm.set(slot.connection.deadline) { loop.arm(time, token: slot.token) }
    }

    private func remove(_ slot: ConnectionTable.Slot) {
        loop.remove(slot.connection.descriptor)
        table.remove(slot.token)
        kept.change(from: slot.keptByteCount, to: 0, now: context.now)
        acceptor.endPause()
    }

    private func expire(_ token: Token, armedFor time: MonotonicTime) {
        guard let slot = table[token] else { return }
        switch slot.alarm.take(time, now: context.now) {
        case .stale: return
        case .moved(let later): loop.arm(later, token: token)
        case .due:
            slot.connection.timeOut(context)
            updateInterest(slot)
        }
    }

    /// Whether the requests in progress could need more descriptors than are free: each busy connection one for its file,
    /// and the next turn `Limits.reservedDescriptors` for scripts.
    fileprivate var lacksDescriptors: Bool {
        OpenDescriptors.roomCount - table.busyCount < Limits.reservedDescriptors
    }

    /// Closes some of the connections that have been idle the longest; returns false when none is idle.
    fileprivate func makeRoom(except spared: Token? = nil) -> Bool {
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
        cutTimer.set(kept.nextCut)
        guard count > 0 else { return }
        logger.warning(
            """
            \(byteCount >> 10) KiB were kept for clients that do not read: cut \(count) that had taken nothing for \
            \(context.limits.stall) (the limit is \(context.limits.slowReaderMemory >> 10) KiB)
            """)
    }

    // MARK: What the worker is told

    private func advanceTicketKeys() {
        do throws(TLSError) {
            defer { ticketTimer.set(ticketRotation?.due ?? .distantFuture) }
            guard let key = try ticketRotation?.advance(context.now) else { return }
            context.parts.tls.advanceTicketKeys(to: key)
        } catch {
            logger.error("session tickets keep their key: \(error)")
        }
    }

    private func supervisorIsGone() {
        // Never live on alone: the port would be shared with whatever is started next.
        guard !isDraining else { return }
        logger.error("the supervisor is gone: draining")
        drain(within: nil)
    }

    private func obey(_ message: Message) {
        switch message {
        case .drain(let time): drain(within: time)
        case .stop:
            drain(within: .zero)
            cutAll()
            hasLeft = true
        case .log(let log, let number): reopen(log, onto: FileDescriptor(owning: number))
        case .ticketKey(let key): context.parts.tls.advanceTicketKeys(to: key)
        case .replace(let make):
            do {
                context.replace(try make())
            } catch {
                logger.error("the worker goes on as it was: \(error)")
            }
        }
    }

    /// Begins to leave: accepts only the clients that wait already, closes idle connections, and lets busy ones finish.
    private func drain(within time: Duration?) {
        guard !isDraining else { return }
        isDraining = true
        drainTime = time ?? context.limits.drain
        drainTimer.set(context.now + Interval(drainTime))
        context.beginDraining()
        loop.drain()
        noteTime()
        // One turn each, in which what has come meanwhile is read: a connection idle after a response finds that it is over,
        // and says so to its client.
        for token in table.tokens {
            guard let slot = table[token] else { continue }
            slot.connection.drain(context)
            updateInterest(slot)
        }
    }

    /// Who is still here has had the time to finish.
    private func cutAll() {
        if let children, children.count > 0 {
            leavingTimer.set(context.now + ChildReaper.grace)
        } else {
            hasLeft = true
        }
        if table.count > 0 {
            logger.warning("\(table.count) connections were still busy after \(drainTime): cut")
        }
        for token in table.tokens {
            guard let slot = table[token] else { continue }
            slot.connection.cut(context)
            updateInterest(slot)
        }
        loop.end()
    }
}

extension Worker: AcceptorDelegate {
    func makeRoom(isExhausted: Bool) -> Bool {
        guard isExhausted || lacksDescriptors else { return true }
        return makeRoom()
    }

    func accepted(_ socket: consuming AcceptedSocket, isPlain: Bool) {
        begin(socket, isPlain: isPlain)
    }

    func acceptingPauses(_ reason: String) {
        guard let others = acceptWarnings.admit(context.now) else { return }
        logger.warning("accepting pauses with \(table.count) connections: \(reason)\(others)")
    }
}
