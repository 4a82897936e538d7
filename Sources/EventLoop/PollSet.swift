package import MartinetEvents
package import MartinetPOSIX

/// The descriptors that are waited for now: a dense table for poll(2), found by descriptor number.
///
/// Changing an interest costs no system call. Crowds of idle descriptors belong in a `ParkingLot`, itself one entry here,
/// because a poll costs as much as the table is long.
package struct PollSet: ~Copyable {
    private var entries: [PollEntry] = []
    private var tokens: [Token] = []
    /// For each entry, whether it was ready since the last sweep.
    private var isFresh: [Bool] = []
    /// Where a descriptor's entry stands, by descriptor number; -1 for nowhere.
    private var positions: [Int32] = []

    package init() {}

    package var count: Int { entries.count }

    package func contains(_ descriptor: CInt) -> Bool {
        position(of: descriptor) != nil
    }

    /// Waits for `interest` on a descriptor, from now on in place of any earlier interest.
    ///
    /// An empty interest still reports a hang-up.
    package mutating func watch(_ descriptor: CInt, for interest: Readiness, token: Token) {
        if let position = position(of: descriptor) {
            entries[position].interest = interest
            tokens[position] = token
            return
        }
        while positions.count <= Int(descriptor) { positions.append(-1) }
        positions[Int(descriptor)] = Int32(entries.count)
        entries.append(PollEntry(descriptor: descriptor, interest: interest))
        tokens.append(token)
        isFresh.append(true)
    }

    /// Waits for a descriptor no longer. To be called before the descriptor is closed.
    package mutating func remove(_ descriptor: CInt) {
        guard let position = position(of: descriptor) else { return }
        positions[Int(descriptor)] = -1
        let last = entries.count - 1
        if position != last {
            entries[position] = entries[last]
            tokens[position] = tokens[last]
            isFresh[position] = isFresh[last]
            positions[Int(entries[position].descriptor)] = Int32(position)
        }
        entries.removeLast()
        tokens.removeLast()
        isFresh.removeLast()
    }

    /// Waits until something is ready or `timeout` is over (nil: for ever), and puts what is ready into `events`.
    package mutating func wait(timeout: Interval?, into events: inout [Event]) throws(SystemError) {
        events.removeAll(keepingCapacity: true)
        var table = entries.mutableSpan
        var remaining = try PollEntry.poll(&table, timeout: timeout)
        var position = 0
        while remaining > 0, position < entries.count {
            let readiness = entries[position].readiness
            if !readiness.isEmpty {
                remaining -= 1
                isFresh[position] = true
                events.append(
                    Event(token: tokens[position], descriptor: entries[position].descriptor, readiness: readiness))
            }
            position += 1
        }
    }

    /// The descriptors that wait for input only and had no event since the last sweep, removed from the set.
    package mutating func sweepIdle() -> [(descriptor: CInt, token: Token)] {
        var idle: [(descriptor: CInt, token: Token)] = []
        var position = 0
        while position < entries.count {
            if isFresh[position] || entries[position].interest != .read {
                isFresh[position] = false
                position += 1
            } else {
                let descriptor = entries[position].descriptor
                idle.append((descriptor, tokens[position]))
                remove(descriptor)
            }
        }
        return idle
    }

    private func position(of descriptor: CInt) -> Int? {
        guard descriptor >= 0, Int(descriptor) < positions.count else { return nil }
        let position = positions[Int(descriptor)]
        return position < 0 ? nil : Int(position)
    }
}

/// Something happened to a descriptor.
package struct Event: Sendable {
    package let token: Token
    package let descriptor: CInt
    package let readiness: Readiness

    /// Whether the descriptor is the one by whose number the token's owner is known.
    package var isOwn: Bool { Int(descriptor) == Int(token.slot) }
}
