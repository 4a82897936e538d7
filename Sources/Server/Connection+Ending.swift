import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// How a connection comes to its end: it drains, lingers and closes, or is lost.
extension Connection {
    /// Nothing more will be said but what is on its way.
    mutating func end(_ ending: ConnectionEnding) {
        isEndExpected = ending == .complete(isExpected: true)
        channel.close(isTruncated: ending == .truncated)
        conversation = nil
        phase = .draining
    }

    /// The TLS stream cannot go on: what OpenSSL wrote last is the alert that tells the client why (RFC 8446 §6.2).
    ///
    /// - Returns: how many bytes the socket took.
    mutating func refuse(_ worker: WorkerContext) -> Int {
        abandon(worker)
        isEndExpected = false
        phase = .draining
        do throws(SystemError) {
            return try flush(worker)
        } catch {
            lose(worker)
            return 0
        }
    }

    /// Sends what has gathered; returns how many bytes the socket took.
    mutating func flush(_ worker: WorkerContext) throws(SystemError) -> Int {
        let count = try channel.flush()
        if phase == .draining, !channel.isBlocked { try beginLingering() }
        return count
    }

    /// RFC 9112 §9.6: closing while the peer still sends would destroy what it has not read yet.
    private mutating func beginLingering() throws(SystemError) {
        if channel.isAtEnd {
            phase = .closed
            return
        }
        // Where nothing that matters is to come, what has come, such as a close_notify, is read nevertheless: the kernel answers
        // a close before that with a reset. Who has sent more than that may be sending still.
        if isEndExpected {
            let rest = try channel.linger()
            if rest.isOver || rest.isFarewell {
                phase = .closed
                return
            }
        }
        channel.beginLingering()
        phase = .lingering
    }

    mutating func lose(_ worker: WorkerContext) {
        channel.discard()
        abandon(worker)
        phase = .closed
    }

    private mutating func abandon(_ worker: WorkerContext) {
        worker.output.removeAll()
        conversation?.abandon(worker)
        conversation = nil
    }
}
