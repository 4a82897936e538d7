import Logging
import MartinetBytes
package import MartinetEventLoop
import MartinetEvents
import MartinetHTTP
package import MartinetPOSIX
import MartinetTLS

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
        case replace(@Sendable () throws -> WorkerParts)
    }

    /// What a worker has to do with the process that it is in.
    package struct Process {
        let control: ControlChannel?
        let children: ChildReaper?
        let heap: HeapWatch?

        /// - Parameters:
        ///   - control: the line to a supervisor; nil for a worker that stands alone.
        ///   - children: has the processes in its care that the responder starts; nil where it starts none.
        ///   - heap: hands memory back that turns have freed; nil where that is the process's own concern.
        package init(control: ControlChannel? = nil, children: ChildReaper? = nil, heap: HeapWatch? = nil) {
            self.control = control
            self.children = children
            self.heap = heap
        }
    }

    /// How many messages may wait.
    private static let inboxLimit = 1024

    /// Takes messages from any thread.
    package let inbox = Inbox<Message>(limit: inboxLimit)
    private let loop: EventLoop
    private let context: WorkerContext
    private let connections: ConnectionManager
    private let journal: AccessLog
    private let logs: WorkerLogs
    private let process: Process

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
    ///   - members: what else the loop is to serve.
    package init(
        listeners: [Listener], limits: Limits, parts: WorkerParts, logs: WorkerLogs, process: Process,
        members: [any LoopMember] = []
    ) throws {
        loop = try EventLoop()
        self.logs = logs
        self.process = process
        ticketRotation = process.control == nil ? TicketKeyRotation(.now) : nil
        journal = AccessLog(logs.access, logger: logs.logger)
        context = try WorkerContext(limits: limits, parts: parts, journal: journal, logger: logs.logger, loop: loop)
        connections = ConnectionManager(listeners, context, loop, heap: process.heap)
        addMembers(members)
    }

    /// The loop serves them in this order, after its connections.
    private func addMembers(_ others: [any LoopMember]) {
        if let control = process.control {
            loop.add(SupervisorLine(control, inbox) { [unowned self] in supervisorIsGone() })
        }
        loop.add(InboxReader(inbox) { [unowned self] in obey($0) })
        for sink in logs.sinks { loop.add(LogWatch(sink)) }
        if let children = process.children { loop.add(ChildWatch(children)) }
        if let heap = process.heap { loop.add(heap) }
        for member: any LoopMember in [journal, connections.cutTimer, drainTimer, leavingTimer, ticketTimer] {
            loop.add(member)
        }
        for member in others { loop.add(member) }
        ticketTimer.set(ticketRotation?.due ?? .distantFuture)
    }

    /// Serves until it is told to drain and has done so, or its supervisor is gone.
    package func run() throws(SystemError) {
        noteTime()
        defer { endLogs() }
        try process.control?.send(.ready)
        // Last, since new clients come after all else.
        loop.add(connections.acceptor)
        var events: [Event] = []
        while !isOver {
            try loop.wait(atMost: connections.hasRunnable ? .zero : nil, into: &events)
            noteTime()
            connections.serve(events)
            for token in loop.serveMembers() { connections.wake(token) }
            while let due = loop.takeDue() { connections.expire(due.token, armedFor: due.time) }
        }
        process.children?.endAll()
    }

    // MARK: The loop

    private var isOver: Bool {
        guard isDraining else { return false }
        return hasLeft || connections.count == 0 && !loop.hasBusyMembers
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

    private func endLogs() {
        journal.writeRefusals()
        logs.end()
    }

    // MARK: What the worker is told

    private func advanceTicketKeys() {
        do throws(TLSError) {
            defer { ticketTimer.set(ticketRotation?.due ?? .distantFuture) }
            guard let key = try ticketRotation?.advance(context.now) else { return }
            context.parts.tls.advanceTicketKeys(to: key)
        } catch {
            context.logger.error("session tickets keep their key: \(error)")
        }
    }

    private func supervisorIsGone() {
        // Never live on alone: the port would be shared with whatever is started next.
        guard !isDraining else { return }
        context.logger.error("the supervisor is gone: draining")
        drain(within: nil)
    }

    private func obey(_ message: Message) {
        switch message {
        case .drain(let time): drain(within: time)
        case .stop:
            drain(within: .zero)
            cutAll()
            hasLeft = true
        case .log(let log, let number): logs.reopen(log, onto: FileDescriptor(owning: number))
        case .ticketKey(let key): context.parts.tls.advanceTicketKeys(to: key)
        case .replace(let make):
            do {
                context.replace(try make())
            } catch {
                context.logger.error("the worker goes on as it was: \(error)")
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
        connections.drain()
    }

    /// Who is still here has had the time to finish.
    private func cutAll() {
        if let children = process.children, children.count > 0 {
            leavingTimer.set(context.now + ChildReaper.grace)
        } else {
            hasLeft = true
        }
        if connections.count > 0 {
            context.logger.warning("\(connections.count) connections were still busy after \(drainTime): cut")
        }
        connections.cutAll()
        loop.end()
    }
}
