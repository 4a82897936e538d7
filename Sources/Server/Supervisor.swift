import EventLoop
package import Logging
package import POSIX

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
    package struct Plan {
        /// Arguments for this executable that make it a worker; the worker's place is added as the last.
        package var arguments: [String]
        /// Sent to each worker as its configuration.
        package var snapshot: [UInt8]
        /// The listening sockets of each worker, one for each address; the supervisor's to close.
        package var listeners: [[CInt]]
        /// Descriptors that every worker gets behind its listening sockets.
        package var shared: [CInt]

        package init(arguments: [String], snapshot: [UInt8], listeners: [[CInt]], shared: [CInt]) {
            self.arguments = arguments
            self.snapshot = snapshot
            self.listeners = listeners
            self.shared = shared
        }
    }

    /// One worker's place, and who has it now.
    private final class Seat {
        var process: ChildProcess
        let channel: ControlChannel
        let startedAt: MonotonicTime
        var isReady = false

        init(_ process: consuming ChildProcess, _ channel: ControlChannel, at time: MonotonicTime) {
            self.process = process
            self.channel = channel
            startedAt = time
        }
    }

    /// A worker that lives shorter than this died young, and its replacement waits.
    private static let youth = Duration.seconds(2)
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)
    /// What a worker needs beyond the drain time to cut what is left, and to end its scripts.
    private static let leavingTime = Duration.seconds(5)

    private var plan: Plan
    private let drainTime: Duration
    private let logger: Logger
    private let signals: SignalQueue
    private let whenReady: () -> Void

    private var pollSet = PollSet()
    private var seats: [Seat?]
    /// For each seat: how long the next replacement waits, and until when it does.
    private var pauses: [Duration]
    private var restartTimes: [MonotonicTime?]
    private var wasReady = false
    private var stopsAt: MonotonicTime?
    private var hasFailed = false

    /// - Parameters:
    ///   - drainTime: how long workers may take to finish what is in progress when they are told to stop.
    ///   - whenReady: called once, when every worker accepts connections.
    package init(
        _ plan: Plan, drainTime: Duration, logger: Logger, whenReady: @escaping () -> Void
    ) throws(SystemError) {
        self.plan = plan
        self.drainTime = drainTime
        self.logger = logger
        self.whenReady = whenReady
        seats = plan.listeners.map { _ in nil }
        pauses = plan.listeners.map { _ in Self.firstPause }
        restartTimes = plan.listeners.map { _ in nil }
        signals = try SignalQueue([.interrupt, .terminate, .child, .hangUp])
    }

    /// Starts the workers and keeps them alive until told to stop (SIGTERM, SIGINT).
    package func run() throws(SystemError) -> Outcome {
        // What a worker that was killed leaves behind comes here, and is ended.
        AdoptedProcesses.adopt()
        pollSet.watch(signals.descriptor.number, for: .read, token: Self.signalToken)
        for index in seats.indices { start(index) }
        var events: [Event] = []
        while !isOver {
            try pollSet.wait(timeout: timeout, into: &events)
            for event in events where event.token != Self.signalToken { listen(to: Int(event.token.slot)) }
            readSignals()
            restart()
            enforceStop()
        }
        return hasFailed ? .failedToStart : .stopped
    }

    private static let signalToken = Token(slot: 0, generation: 0)

    private var isOver: Bool { (stopsAt != nil || hasFailed) && seats.allSatisfy { $0 == nil } }

    private var timeout: Duration? {
        var times = restartTimes.compactMap { $0 }
        if let stopsAt { times.append(stopsAt) }
        return times.min().map { max(.zero, $0 - .now) }
    }

    // MARK: Workers

    private func start(_ index: Int) {
        restartTimes[index] = nil
        do throws(SystemError) {
            let pair = try SocketPair()
            let process = try ChildProcess(
                ChildProcess.thisExecutable, arguments: plan.arguments + ["\(index)"],
                descriptors: [pair.second.number] + plan.listeners[index] + plan.shared)
            let channel = ControlChannel(pair.takeFirst())
            let seat = Seat(process, channel, at: .now)
            seats[index] = seat
            pollSet.watch(channel.descriptor, for: .read, token: Token(slot: index, generation: 1))
            try channel.send(.configuration(plan.snapshot))
            logger.debug("worker \(index) started as process \(seat.process.identifier)")
        } catch {
            logger.error("worker \(index) could not be started: \(error)")
            if seats[index] == nil { scheduleRestart(index) }
        }
    }

    private func listen(to index: Int) {
        guard let seat = seats[index] else { return }
        let messages = (try? seat.channel.receiveAvailable()) ?? []
        if messages.contains(.ready) {
            seat.isReady = true
            announceReadiness()
        }
        // A worker that closes its end is about to exit; SIGCHLD tells when it has.
        if seat.channel.isEnded { pollSet.remove(seat.channel.descriptor) }
    }

    private func announceReadiness() {
        guard !wasReady, seats.allSatisfy({ $0?.isReady == true }) else { return }
        wasReady = true
        whenReady()
    }

    private func reap() {
        reapWorkers()
        AdoptedProcesses.reap(except: workers)
    }

    private var workers: [Int] { seats.compactMap { $0?.process.identifier } }

    private func reapWorkers() {
        for (index, seat) in seats.enumerated() {
            guard let seat, let ending = seat.process.reap() else { continue }
            pollSet.remove(seat.channel.descriptor)
            seats[index] = nil
            // A worker that leaves by itself has ended its children.
            if case .killed = ending { AdoptedProcesses.end(except: workers) }
            if stopsAt != nil || hasFailed { continue }
            guard wasReady || seat.isReady else {
                logger.critical("worker \(index) ended with \(ending) before it was ready: giving up")
                hasFailed = true
                stop()
                continue
            }
            logger.error("worker \(index) (process \(seat.process.identifier)) ended with \(ending): replacing it")
            if MonotonicTime.now - seat.startedAt < Self.youth {
                scheduleRestart(index)
            } else {
                pauses[index] = Self.firstPause
                start(index)
            }
        }
    }

    private func scheduleRestart(_ index: Int) {
        restartTimes[index] = .now + pauses[index]
        pauses[index] = min(pauses[index] * 2, Self.longestPause)
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
            case .interrupt, .terminate, .hangUp:
                if stopsAt == nil {
                    logger.debug("stopping: waiting up to \(drainTime) for requests in progress")
                    stop()
                } else {
                    killAll()
                }
            default: break
            }
        }
    }

    private func stop() {
        stopsAt = .now + drainTime + Self.leavingTime
        restartTimes = restartTimes.map { _ in nil }
        // Workers accept who waits already, and close theirs; whoever comes then is refused at once.
        for number in plan.listeners.joined() { _ = FileDescriptor(owning: number) }
        plan.listeners = []
        // A worker that cannot be told will not be asked: it loses its supervisor's socket soon enough.
        for seat in seats { try? seat?.channel.send(.drain) }
    }

    private func enforceStop() {
        guard let stopsAt, stopsAt <= .now else { return }
        logger.warning("some workers had not left \(drainTime + Self.leavingTime) after they were told to: ending them")
        killAll()
    }

    private func killAll() {
        for seat in seats { seat?.process.kill() }
        stopsAt = .distantFuture
    }
}
