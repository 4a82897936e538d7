package import Logging
import MartinetEventLoop
package import MartinetEvents
package import MartinetPOSIX
package import MartinetTLS

/// Keeps the listening sockets open and a worker on each of them alive. It speaks to no client.
package final class Supervisor {
    /// How a run ended.
    package enum Outcome: Equatable, Sendable {
        /// It was told to stop, and every worker has left.
        case stopped
        /// No worker ever got ready.
        case failedToStart
    }

    /// What every worker is started with.
    package struct Plan: ~Copyable {
        /// Arguments for this executable that make it a worker; the worker's place is added as the last.
        package var arguments: [String]
        /// Sent to each worker as its configuration.
        package var snapshot: SecretBytes
        /// Sent behind it: what session tickets are sealed with. They change with time, for all workers at once.
        package var ticketKeys: TicketKeys
        /// The descriptors that they inherit.
        package var inheritance: Inheritance
        /// The logs that are opened anew when that is asked for.
        package var logs: [LogFile]

        package init(
            arguments: [String], snapshot: SecretBytes, ticketKeys: TicketKeys, inheritance: consuming Inheritance,
            logs: [LogFile] = []
        ) {
            self.arguments = arguments
            self.snapshot = snapshot
            self.ticketKeys = ticketKeys
            self.inheritance = inheritance
            self.logs = logs
        }
    }

    /// Something to be done at a moment, once.
    package struct TimedAction {
        let due: MonotonicTime
        let action: () -> Void

        package init(due: MonotonicTime, action: @escaping () -> Void) {
            self.due = due
            self.action = action
        }
    }

    /// One worker's place, and who has it now.
    private final class WorkerSlot {
        var process: ChildProcess
        let channel: ControlChannel
        /// When it began to accept connections; nil where it has not yet.
        var readySince: MonotonicTime?

        init(_ process: consuming ChildProcess, _ channel: ControlChannel) {
            self.process = process
            self.channel = channel
        }

        var isReady: Bool { readySince != nil }
    }

    /// What a worker needs beyond the drain time to cut what is left, and to end its scripts.
    private static let leavingTime = Duration.seconds(5)

    private var plan: Plan
    private let drainTime: Duration
    private let logger: Logger
    private let signals: SignalQueue
    private let hasTerminal: () -> Bool
    /// Whether there was a terminal at the start whose end is to be this process's.
    private let hadTerminal: Bool
    private let errorSink: LogSink?
    private let errorLog: LogWatch?
    private let whenReady: () -> Void

    private let loop: EventLoop
    private var slots: [WorkerSlot?]
    /// For each slot: how long a replacement waits, and until when the next one does.
    private var policies: [RestartPolicy]
    private var restartTimes: [MonotonicTime?]
    private var ticketRotation = TicketKeyRotation(.now)
    private var wasReady = false
    private var stopsAt: MonotonicTime?
    private var hasFailed = false

    /// - Parameters:
    ///   - drainTime: how long workers may take to finish what is in progress when they are told to stop.
    ///   - errorSink: what the logger writes to, if it may have to wait for it.
    ///   - timedAction: what is to be done at a moment while this supervisor runs; nil for nothing.
    ///   - hasTerminal: whether this process has a terminal; where one is lost, that ends the run.
    ///   - whenReady: called once, when every worker accepts connections.
    package init(
        _ plan: consuming Plan, drainTime: Duration, logger: Logger, errorSink: LogSink? = nil,
        timedAction: TimedAction? = nil,
        hasTerminal: @escaping () -> Bool, whenReady: @escaping () -> Void
    ) throws(SystemError) {
        self.drainTime = drainTime
        self.logger = logger
        self.whenReady = whenReady
        let workers = 0..<plan.inheritance.workerCount
        slots = workers.map { _ in nil }
        policies = workers.map { _ in RestartPolicy() }
        restartTimes = workers.map { _ in nil }
        self.plan = plan
        self.errorSink = errorSink
        errorLog = errorSink.map { LogWatch($0) }
        self.hasTerminal = hasTerminal
        hadTerminal = hasTerminal()
        // Nobody could wait for a child otherwise.
        Signal.restoreDefaults([.child])
        signals = try SignalQueue([.child] + Self.orders.filter { !$0.isIgnored })
        loop = try EventLoop()
        if let errorLog { loop.add(errorLog) }
        if let timedAction {
            let timer = LoopTimer(timedAction.action)
            timer.set(timedAction.due)
            loop.add(timer)
        }
    }

    /// The signals that say something to a supervisor. One that was ignored at its start, by nohup(1) or by a shell for what
    /// runs in the background, stays so.
    package static let orders: [Signal] = [.interrupt, .terminate, .hangUp, .user1, .user2]

    /// Starts the workers and keeps them alive until told to stop (SIGTERM, SIGINT), or until the terminal has gone.
    package func run() throws(SystemError) -> Outcome {
        // What a worker that was killed leaves behind comes here, and is ended.
        AdoptedProcesses.adopt()
        loop.watch(signals.descriptor.number, for: .read, token: Self.signalToken)
        for index in slots.indices { start(index) }
        var events: [Event] = []
        while !isOver {
            try loop.wait(atMost: timeout, into: &events)
            for event in events where event.token.generation == Self.workerGeneration {
                listen(to: Int(event.token.slot))
            }
            readSignals()
            restart()
            advanceTicketKeys()
            enforceStop()
            _ = loop.serveMembers()
            while loop.takeDue() != nil {}
        }
        errorSink?.endWithNote()
        return hasFailed ? .failedToStart : .stopped
    }

    private static let workerGeneration: UInt32 = 1
    private static let signalToken = Token(slot: 0, generation: 2)

    /// The last lines are waited for as long as a worker would be.
    private var isOver: Bool {
        guard stopsAt != nil || hasFailed, slots.allSatisfy({ $0 == nil }) else { return false }
        return errorLog?.isBusy != true || stopsAt.map { $0 <= .now || $0 == .distantFuture } ?? true
    }

    private var timeout: Interval? {
        var times = restartTimes.compactMap { $0 }
        if let stopsAt { times.append(stopsAt) }
        times.append(ticketRotation.due)
        times.removeAll { $0 == .distantFuture }
        return times.min().map { max(.zero, $0 - .now) }
    }

    // MARK: Workers

    private func start(_ index: Int) {
        restartTimes[index] = nil
        do throws(SystemError) {
            let pair = try SocketPair()
            let process = try ChildProcess(
                ChildProcess.thisExecutable, arguments: plan.arguments + ["\(index)"],
                descriptors: [pair.second.number] + plan.inheritance.numbers(forWorker: index),
                blocking: Self.orders)
            let channel = ControlChannel(pair.takeFirst(), at: .supervisor)
            let slot = WorkerSlot(process, channel)
            slots[index] = slot
            loop.watch(
                channel.descriptor, for: .read, token: Token(slot: index, generation: Self.workerGeneration))
            try channel.send(.configuration(.joined([plan.snapshot, plan.ticketKeys.encoded])))
            logger.debug("worker \(index) started as process \(slot.process.identifier)")
        } catch {
            logger.error("worker \(index) could not be started: \(error)")
            // One that cannot be told what to do is no worker.
            if let slot = slots[index] { slot.process.kill() } else { restart(index, in: policies[index].failed()) }
        }
    }

    private func listen(to index: Int) {
        guard let slot = slots[index] else { return }
        let messages = (try? slot.channel.receiveAvailable()) ?? []
        if slot.channel.isBroken || messages.count > (slot.isReady ? 0 : 1) {
            logger.error("worker \(index) (process \(slot.process.identifier)) says what no worker says: ending it")
            loop.remove(slot.channel.descriptor)
            return slot.process.kill()
        }
        if messages.contains(.ready) {
            slot.readySince = .now
            announceReadiness()
        }
        // A worker that closes its end is about to exit; SIGCHLD tells when it has.
        if slot.channel.isEnded { loop.remove(slot.channel.descriptor) }
    }

    /// A worker that is not told opens what the others seal for another hour, and lets its own tickets live on for as long.
    private func advanceTicketKeys() {
        do throws(TLSError) {
            guard let key = try ticketRotation.advance(.now) else { return }
            plan.ticketKeys.advance(to: key)
            for (index, slot) in slots.enumerated() {
                do throws(SystemError) {
                    try slot?.channel.send(.ticketKey(key))
                } catch {
                    logger.warning("worker \(index) could not be given a new key for session tickets: \(error)")
                }
            }
        } catch {
            logger.error("session tickets keep their key: \(error)")
        }
    }

    private func announceReadiness() {
        guard !wasReady, slots.allSatisfy({ $0?.isReady == true }) else { return }
        wasReady = true
        whenReady()
    }

    private func reap() {
        reapWorkers()
        AdoptedProcesses.reap(except: workers)
    }

    private var workers: [Int] { slots.compactMap { $0?.process.identifier } }

    private func reapWorkers() {
        for (index, slot) in slots.enumerated() {
            guard let slot, let ending = slot.process.reap() else { continue }
            loop.remove(slot.channel.descriptor)
            slots[index] = nil
            // A worker that leaves by itself has ended its children.
            if case .killed = ending { AdoptedProcesses.end(except: workers) }
            if stopsAt != nil || hasFailed { continue }
            guard wasReady || slot.isReady else {
                logger.critical("worker \(index) ended with \(ending) before it was ready: giving up")
                hasFailed = true
                stop()
                continue
            }
            logger.error("worker \(index) (process \(slot.process.identifier)) ended with \(ending): replacing it")
            let now = MonotonicTime.now
            let delay = policies[index].delay(after: ending, readyFor: slot.readySince.map { now - $0 })
            if delay == .zero { start(index) } else { restart(index, in: delay) }
        }
    }

    private func restart(_ index: Int, in delay: Interval) {
        restartTimes[index] = .now + delay
    }

    private func restart() {
        guard stopsAt == nil, !hasFailed else { return }
        let now = MonotonicTime.now
        for index in restartTimes.indices {
            if let time = restartTimes[index], time <= now { start(index) }
        }
    }

    // MARK: Stopping

    private func readSignals() {
        while let signal = signals.next() {
            switch signal {
            case .child: reap()
            case .interrupt, .terminate:
                if stopsAt == nil {
                    logger.debug("stopping: waiting up to \(drainTime) for requests in progress")
                    stop()
                } else {
                    killAll()
                }
            case .hangUp: hangUp()
            case .user1: reopenLogs()
            case .user2: logger.notice("SIGUSR2 changes nothing here")
            case .pipe: break
            }
        }
    }

    /// Where the terminal itself has gone, so has whoever would end this process. Without one at the start there is none to
    /// go: then the signal was sent by somebody.
    private func hangUp() {
        guard hadTerminal, !hasTerminal() else {
            logger.notice("SIGHUP changes nothing here: options and certificates are read again at the next start")
            return
        }
        guard stopsAt == nil else { return }
        logger.notice("the terminal has gone: waiting up to \(drainTime) for requests in progress")
        stop()
    }

    private func reopenLogs() {
        guard !plan.logs.isEmpty else {
            logger.notice("SIGUSR1 changes nothing here: no log is a file that could be opened anew")
            return
        }
        for log in plan.logs {
            do throws(SystemError) {
                try reopen(log)
            } catch {
                logger.error("the log \(log.path) could not be opened anew (\(error)): its lines go where they went")
            }
        }
        let paths = Set(plan.logs.map(\.path)).sorted().joined(separator: ", ")
        logger.notice("SIGUSR1: opened anew: \(paths)")
    }

    private func reopen(_ log: LogFile) throws(SystemError) {
        let file = try log.reopen()
        for (index, slot) in slots.enumerated() {
            do throws(SystemError) {
                try slot?.channel.send(.log(log.kind, file.number))
            } catch {
                logger.error(
                    "worker \(index) could not be given the log \(log.path) (\(error)): it goes on in the old one")
            }
        }
        if log.kind == .error { try errorSink?.reopen(onto: file) }
    }

    private func stop() {
        stopsAt = .now + Interval(drainTime + Self.leavingTime)
        restartTimes = restartTimes.map { _ in nil }
        // Workers accept who waits already, and close theirs; whoever comes then is refused at once.
        plan.inheritance.close { $0.isListener }
        // A worker that cannot be told will not be asked: it loses its supervisor's socket soon enough.
        for slot in slots { try? slot?.channel.send(.drain) }
    }

    private func enforceStop() {
        guard let stopsAt, stopsAt <= .now else { return }
        logger.warning("some workers had not left \(drainTime + Self.leavingTime) after they were told to: ending them")
        killAll()
    }

    private func killAll() {
        for slot in slots { slot?.process.kill() }
        stopsAt = .distantFuture
    }
}
