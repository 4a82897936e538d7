import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// A worker's connections, found by descriptor number.
struct ConnectionTable: ~Copyable {
    /// A place that holds one connection. A class, since a table cannot change a noncopyable value in place.
    final class Slot {
        var connection: Connection
        let token: Token
        var alarm = Alarm()
        /// It has a request in progress, or a handshake, and may need another descriptor for it.
        var isBusy = true
        /// What `KeptMemory` counts for it.
        var keptByteCount = 0
        /// It stands in the worker's list of those that are runnable.
        var isListed = false

        init(_ connection: consuming Connection, token: Token) {
            self.connection = connection
            self.token = token
        }
    }

    private var slots: [Slot?] = []
    /// How many tenants each place has had.
    private var generations: [UInt32] = []
    private(set) var count = 0
    /// How many of them are busy.
    private(set) var busyCount = 0

    /// The token of a connection that is about to be taken in, under its descriptor's number.
    mutating func token(for descriptor: CInt) -> Token {
        let place = Int(descriptor)
        while slots.count <= place {
            slots.append(nil)
            generations.append(0)
        }
        generations[place] &+= 1
        // Generation 0 is the loop's own.
        if generations[place] == 0 { generations[place] = 1 }
        return Token(slot: place, generation: generations[place])
    }

    mutating func insert(_ connection: consuming Connection, _ token: Token) -> Slot {
        let slot = Slot(connection, token: token)
        slots[Int(token.slot)] = slot
        count += 1
        busyCount += 1
        return slot
    }

    /// To be called after a connection's turn: it may be idle now, or not any more.
    mutating func update(_ slot: Slot) {
        let isBusy = !slot.connection.isIdle
        guard isBusy != slot.isBusy else { return }
        slot.isBusy = isBusy
        busyCount += isBusy ? 1 : -1
    }

    /// The connection a token is for; nil when it is gone, whoever has its place now.
    subscript(token: Token) -> Slot? {
        let place = Int(token.slot)
        guard place < slots.count, let slot = slots[place], slot.token == token else { return nil }
        return slot
    }

    /// Gives the place free.
    mutating func remove(_ token: Token) {
        guard let slot = self[token] else { return }
        if slot.isBusy { busyCount -= 1 }
        slots[Int(token.slot)] = nil
        count -= 1
    }

    /// Every connection's token.
    var tokens: [Token] { slots.compactMap { $0?.token } }

    /// The connections whose clients have taken nothing since a moment though something waits for them; longest first.
    func stalled(since time: MonotonicTime) -> [Token] {
        let stalled = slots.compactMap { slot -> (time: MonotonicTime, token: Token)? in
            guard let slot, slot.connection.isStalled(since: time) else { return nil }
            return (slot.connection.lastTaken, slot.token)
        }
        return stalled.sorted { $0.time < $1.time }.map(\.token)
    }

    /// The idle connections whose deadlines are the nearest, which have been idle the longest.
    ///
    /// - Parameter spared: one that is not meant, idle or not.
    func oldestIdle(_ limit: Int, except spared: Token? = nil) -> [Token] {
        let idle = slots.compactMap { slot in
            slot.flatMap { slot in
                slot.connection.isIdle && slot.token != spared
                    ? (deadline: slot.connection.deadline, token: slot.token) : nil
            }
        }
        return idle.sorted { $0.deadline < $1.deadline }.prefix(limit).map(\.token)
    }
}
