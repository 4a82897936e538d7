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
    /// For each entry, whether what is reported is asked for no longer.
    private var isOnce: [Bool] = []
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
            isOnce[position] = false
            return
        }
        add(descriptor, interest, token, isOnce: false)
    }

    /// Waits for a descriptor until it is ready in one of the directions, which is asked for no longer then; a hang-up takes
    /// all of them back. Those that the same token has asked for before and that have not been reported stay.
    ///
    /// - Returns: whether the descriptor was not in the set for this token before.
    package mutating func watchOnce(_ descriptor: CInt, adding directions: Readiness, token: Token) -> Bool {
        guard let position = position(of: descriptor) else {
            add(descriptor, directions, token, isOnce: true)
            return true
        }
        if tokens[position] == token {
            entries[position].interest.formUnion(directions)
            return false
        }
        // It was another's before, who has closed it without a word.
        entries[position].interest = directions
        tokens[position] = token
        isOnce[position] = true
        return true
    }

    /// Whom a descriptor is waited for; nil where it is not.
    package func token(of descriptor: CInt) -> Token? { position(of: descriptor).map { tokens[$0] } }

    /// Waits no longer for a descriptor that is in the set for this token. To be called before the descriptor is closed.
    package mutating func remove(_ descriptor: CInt, of token: Token) {
        guard let position = position(of: descriptor), tokens[position] == token else { return }
        remove(descriptor)
    }

    private mutating func add(_ descriptor: CInt, _ interest: Readiness, _ token: Token, isOnce: Bool) {
        while positions.count <= Int(descriptor) { positions.append(-1) }
        positions[Int(descriptor)] = Int32(entries.count)
        entries.append(PollEntry(descriptor: descriptor, interest: interest))
        tokens.append(token)
        isFresh.append(true)
        self.isOnce.append(isOnce)
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
            isOnce[position] = isOnce[last]
            positions[Int(entries[position].descriptor)] = Int32(position)
        }
        entries.removeLast()
        tokens.removeLast()
        isFresh.removeLast()
        isOnce.removeLast()
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
                let descriptor = entries[position].descriptor
                events.append(Event(token: tokens[position], descriptor: descriptor, readiness: readiness))
                if isOnce[position], takeBack(readiness, at: position) {
                    // The last entry stands here now.
                    remove(descriptor)
                    continue
                }
            }
            position += 1
        }
    }

    /// The descriptors that wait for input only and had no event since the last sweep, removed from the set.
    ///
    /// - Parameter isMeant: for whom that may be done.
    package mutating func sweepIdle(
        where isMeant: (CInt, Token) -> Bool = { _, _ in true }
    ) -> [(descriptor: CInt, token: Token)] {
        var idle: [(descriptor: CInt, token: Token)] = []
        var position = 0
        while position < entries.count {
            let descriptor = entries[position].descriptor
            if isFresh[position] || entries[position].interest != .read || !isMeant(descriptor, tokens[position]) {
                isFresh[position] = false
                position += 1
            } else {
                idle.append((descriptor, tokens[position]))
                remove(descriptor)
            }
        }
        return idle
    }

    /// What was reported is asked for no longer, and after a hang-up nothing is, which would be reported again at once.
    ///
    /// - Returns: whether nothing is left.
    private mutating func takeBack(_ readiness: Readiness, at position: Int) -> Bool {
        let left = entries[position].interest.subtracting(readiness)
        if left.isEmpty || readiness.contains(.hangUp) { return true }
        entries[position].interest = left
        return false
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

    /// Whether it is the token's owner that it is for, and no stream of it.
    package var isOwn: Bool { token.stream == 0 }
}
