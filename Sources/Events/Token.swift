/// Who an event is for: a slot of the owner's table, and which of the slot's successive tenants.
///
/// An event for a former tenant carries an old generation and is recognised by it.
package struct Token: Hashable, Sendable {
    package let slot: UInt32
    package let generation: UInt32

    package init(slot: Int, generation: UInt32) {
        self.slot = UInt32(truncatingIfNeeded: slot)
        self.generation = generation
    }

    /// Both halves in one word, as epoll(7) keeps them.
    package var mark: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    package init(mark: UInt64) {
        slot = UInt32(truncatingIfNeeded: mark)
        generation = UInt32(truncatingIfNeeded: mark >> 32)
    }
}
