package import Logging
import MartinetEventLoop
package import MartinetEvents
package import MartinetPOSIX
import MartinetTLS

/// Keeps the listening sockets open and a worker on each of them alive. It speaks to no client.
package final class Supervisor {
    /// How a run ended.
    package enum Outcome: Equatable, Sendable {
        /// It was told to stop, and every worker has left.
        case stopped
        /// No worker ever got ready.
        case failedToStart
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
    final class WorkerSlot {
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
    static let leavingTime = Duration.seconds(5)

    var plan: Plan
    let logger: Logger
    let signals: SignalQueue
    let hasTerminal: () -> Bool
    /// Whether there was a terminal at the start whose end is to be this process's.
    let hadTerminal: Bool
    let errorSink: LogSink?
    private let errorLog: LogWatch?
    let whenReady: () -> Void

    let loop: EventLoop
    var slots: [WorkerSlot?]
    /// For each slot: how long a replacement waits, and until when the next one does.
    var policies: [RestartPolicy]
    var restartTimes: [MonotonicTime?]
    var ticketRotation = TicketKeyRotation(.now)
    var wasReady = false
    var stopsAt: MonotonicTime?
    var hasFailed = false

    /// - Parameters:
    ///   - errorSink: what the logger writes to, if it may have to wait for it.
    ///   - timedAction: what is to be done at a moment while this supervisor runs; nil for nothing.
    ///   - hasTerminal: whether this process has a terminal; where one is lost, that ends the run.
    ///   - whenReady: called once, when every worker accepts connections.
    package init(
        _ plan: consuming Plan, logger: Logger, errorSink: LogSink? = nil, timedAction: TimedAction? = nil,
        hasTerminal: @escaping () -> Bool, whenReady: @escaping () -> Void
    ) throws(SystemError) {
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

    static let workerGeneration: UInt32 = 1
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
}
