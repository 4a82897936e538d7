import CMartinetLinux
import MartinetEvents

/// What one of several processes may have at a time: a permit that is taken and may be given back (eventfd(2)).
///
/// A process that ends while it has the permit keeps it: nobody gets it any more.
package final class SharedPermit: Sendable {
    private let event: FileDescriptor

    /// A permit that nobody has yet.
    package init() throws(SystemError) {
        let number = clinux_permit()
        guard number >= 0 else { throw SystemError("eventfd") }
        event = FileDescriptor(owning: number)
    }

    /// The permit of a process that handed down its descriptor.
    package init(inheriting descriptor: consuming FileDescriptor) {
        event = descriptor
    }

    /// To be handed down to others.
    package var descriptor: CInt { event.number }

    /// Whether it could be taken now.
    package var isFree: Bool {
        var entries = [PollEntry(descriptor: event.number, interest: .read)]
        var table = entries.mutableSpan
        return (try? PollEntry.poll(&table, timeout: .zero)) == 1
    }

    /// Takes it; false where somebody else has it.
    package func take() -> Bool {
        var count = [UInt8](repeating: 0, count: 8)
        var room = count.mutableSpan
        guard case .bytes = try? event.read(into: &room) else { return false }
        return true
    }

    /// Gives back what was taken.
    package func giveBack() {
        _ = clinux_add_to_event(event.number, 1)
    }
}
