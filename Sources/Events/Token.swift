/// Who an event is for: a slot of the owner's table, which of the slot's successive tenants, and which of its streams.
///
/// An event for a former tenant carries an old generation and is recognised by it. Stream 0 is the tenant itself; the
/// exchanges of an HTTP/1.1 connection are streams 1, 2, 3 …, those of HTTP/2 have the protocol's own numbers.
package struct Token: Hashable, Sendable {
    package let slot: UInt32
    package let generation: UInt32
    package let stream: UInt32

    package init(slot: Int, generation: UInt32, stream: UInt32 = 0) {
        self.slot = UInt32(truncatingIfNeeded: slot)
        self.generation = generation
        self.stream = stream
    }

    /// A stream of the same tenant.
    package func stream(_ number: UInt32) -> Token { Token(slot: Int(slot), generation: generation, stream: number) }

    /// The tenant, whichever stream of it this is.
    package var owner: Token { stream(0) }

    /// The tenant in one word, as epoll(7) keeps it.
    package var mark: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    package init(mark: UInt64) {
        slot = UInt32(truncatingIfNeeded: mark)
        generation = UInt32(truncatingIfNeeded: mark >> 32)
        stream = 0
    }
}
