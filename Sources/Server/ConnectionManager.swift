import Logging
import MartinetEventLoop
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

/// Gives a worker's connections their turns, and holds them to their deadlines and to what they may keep, all together.
final class ConnectionManager {
    private let loop: EventLoop
    private let context: WorkerContext
    private let heap: HeapWatch?
    /// Accepts them. A member of the loop that comes last, since new clients come after all else.
    let acceptor: Acceptor
    private var table = ConnectionTable()
    private var runnable: [Token] = []
    private var acceptWarnings = LogPace()
    private var connectionErrors = LogPace()
    private var kept: KeptMemory
    /// A member of the loop, too.
    private(set) lazy var cutTimer = LoopTimer { [unowned self] in cutStalled() }

    /// - Parameter heap: hears of each turn, which may have freed memory.
    init(_ listeners: [Listener], _ context: WorkerContext, _ loop: EventLoop, heap: HeapWatch?) {
        self.loop = loop
        self.context = context
        self.heap = heap
        acceptor = Acceptor(listeners)
        kept = KeptMemory(limit: context.limits.slowReaderMemory)
        acceptor.delegate = self
    }

    var count: Int { table.count }
    /// Whether some have more to do without waiting.
    var hasRunnable: Bool { !runnable.isEmpty }

    // MARK: What can happen

    /// Descriptors of clients, or of what exchanges wait for, are ready.
    func serve(_ events: [Event]) {
        for event in events {
            if event.isOwn {
                turn(event.token, event.readiness)
            } else {
                handle(.ready(event.descriptor, event.readiness), event.token)
            }
        }
        runRunnable()
    }

    /// Somebody has used an exchange's waker.
    func wake(_ token: Token) { handle(.woken, token) }

    /// A deadline that was armed for that moment has come up.
    func expire(_ token: Token, armedFor time: MonotonicTime) {
        guard token.stream == 0 else { return handle(.deadline, token) }
        guard let slot = table[token] else { return }
        switch slot.alarm.take(time, now: context.now) {
        case .stale: return
        case .moved(let later): loop.arm(later, token: token)
        case .due:
            slot.connection.timeOut(context)
            update(slot)
        }
    }

    /// The worker is about to leave: one turn each, in which what has come meanwhile is read. A connection that is idle after
    /// a response finds that it is over, and says so to its client.
    func drain() { forEach { $0.drain(context) } }

    /// Who is still here has had the time to finish.
    func cutAll() { forEach { $0.cut(context) } }

    private func forEach(_ body: (inout Connection) -> Void) {
        for token in table.tokens {
            guard let slot = table[token] else { continue }
            body(&slot.connection)
            update(slot)
        }
    }

    // MARK: Turns

    private func begin(_ accepted: consuming AcceptedSocket, isPlain: Bool) {
        do throws(TLSError) {
            let token = table.token(for: accepted.descriptor.number)
            let connection = try Connection(accepted, token: token, isPlain: isPlain, context)
            let slot = table.insert(connection, token)
            slot.connection.turn(.read, context)
            update(slot)
        } catch {
            guard let others = connectionErrors.admit(context.now) else { return }
            context.logger.error("a connection could not be taken on: \(error)\(others)")
        }
    }

    private func turn(_ token: Token, _ readiness: Readiness) {
        guard let slot = table[token] else { return }
        // What it is about to open comes before those who want nothing.
        if lacksDescriptors { _ = makeRoom(except: token) }
        slot.connection.turn(readiness, context)
        update(slot)
    }

    /// Something has happened to a connection's exchange, of which the client's socket says nothing.
    private func handle(_ event: ExchangeEvent, _ token: Token) {
        guard let slot = table[token.owner] else { return }
        if lacksDescriptors { _ = makeRoom(except: slot.token) }
        slot.connection.handle(event, stream: token.stream, context)
        update(slot)
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
    private func update(_ slot: ConnectionTable.Slot) {
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

    // MARK: What there is for all

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
            update(slot)
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
            update(slot)
            count += 1
        }
        kept.endCut(context.now)
        cutTimer.set(kept.nextCut)
        guard count > 0 else { return }
        context.logger.warning(
            """
            \(byteCount >> 10) KiB were kept for clients that do not read: cut \(count) that had taken nothing for \
            \(context.limits.stall) (the limit is \(context.limits.slowReaderMemory >> 10) KiB)
            """)
    }
}

extension ConnectionManager: AcceptorDelegate {
    func makeRoom(isExhausted: Bool) -> Bool {
        guard isExhausted || lacksDescriptors else { return true }
        return makeRoom()
    }

    func accepted(_ socket: consuming AcceptedSocket, isPlain: Bool) {
        begin(socket, isPlain: isPlain)
    }

    func acceptingPauses(_ reason: String) {
        guard let others = acceptWarnings.admit(context.now) else { return }
        context.logger.warning("accepting pauses with \(table.count) connections: \(reason)\(others)")
    }
}
