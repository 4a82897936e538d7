import CMartinetLinux
import Glibc
package import MartinetEvents

/// One line of poll(2)'s table.
package struct PollEntry: BitwiseCopyable {
    private var raw: pollfd

    package init(descriptor: CInt, interest: Readiness) {
        raw = pollfd(fd: descriptor, events: Self.events(interest), revents: 0)
    }

    package var descriptor: CInt { raw.fd }

    package var interest: Readiness {
        get { Self.readiness(raw.events) }
        set { raw.events = Self.events(newValue) }
    }

    /// What the last poll found.
    package var readiness: Readiness { Self.readiness(raw.revents) }

    /// Waits until an entry is ready or the time is over, and returns how many are; 0 also when a signal came.
    ///
    /// - Parameter timeout: nil waits for ever. It is rounded up to milliseconds, so that nothing is polled early in a loop.
    package static func poll(_ entries: inout MutableSpan<PollEntry>, timeout: Interval?) throws(SystemError) -> Int {
        let milliseconds = timeout.map { CInt(clamping: max(0, $0.millisecondsRoundedUp)) } ?? -1
        let count = unsafe entries.withUnsafeMutableBytes { bytes in
            unsafe Glibc.poll(
                bytes.baseAddress?.assumingMemoryBound(to: pollfd.self),
                nfds_t(bytes.count / MemoryLayout<pollfd>.stride), milliseconds)
        }
        if count >= 0 { return Int(count) }
        guard errno == EINTR || errno == EAGAIN else { throw SystemError("poll") }
        return 0
    }

    private static func events(_ interest: Readiness) -> Int16 {
        (interest.contains(.read) ? Int16(POLLIN) : 0) | (interest.contains(.write) ? Int16(POLLOUT) : 0)
            | (interest.contains(.peerEnd) ? CLINUX_POLLRDHUP : 0)
    }

    private static func readiness(_ events: Int16) -> Readiness {
        var bits: UInt8 = 0
        if events & Int16(POLLIN) != 0 { bits |= 1 }
        if events & Int16(POLLOUT) != 0 { bits |= 2 }
        if events & Int16(POLLHUP | POLLERR | POLLNVAL) != 0 { bits |= 4 }
        if events & CLINUX_POLLRDHUP != 0 { bits |= 8 }
        return Readiness(rawValue: bits)
    }
}
