import CMartinetLinux
import Glibc

/// Something to poll for that code in the same process makes readable (eventfd(2)).
package struct Wakeup: ~Copyable, Sendable {
    private let event: FileDescriptor

    package init() throws(SystemError) {
        let number = clinux_eventfd()
        guard number >= 0 else { throw SystemError("eventfd") }
        event = FileDescriptor(owning: number)
    }

    /// Readable once `signal()` was called.
    package var descriptor: CInt { event.number }

    package func signal() {
        // It fails only where it is signalled 2^64 times already.
        _ = clinux_add_to_event(event.number, 1)
    }

    /// Takes every signal that there was: it is readable no longer.
    package func clear() {
        var count: [8 of UInt8] = .init(repeating: 0)
        var room = count.mutableSpan
        _ = try? event.read(into: &room)
    }
}
