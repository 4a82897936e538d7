import MartinetPOSIX

/// What a connection waits for, and until when it may.
struct Patience {
    /// What is waited for, as far as the time for it differs.
    enum Cause: Equatable {
        case handshake, output, lingering, response
        /// For the exchange with this number.
        case idle(Int)
        case head(Int)
        case content(Int)
        case leftover(Int)
    }

    /// The times of `Limits` in nanoseconds, since a `Duration` is 128 bits wide and is looked at in every turn.
    struct Times {
        let handshake, content, leftover, output, lingering: Int64
        var head, idle: Int64
        /// Bytes a second.
        let contentRate: Int

        init(_ limits: Limits) {
            handshake = limits.handshake.nanoseconds
            head = limits.head.nanoseconds
            content = limits.content.nanoseconds
            leftover = limits.leftover.nanoseconds
            output = limits.output.nanoseconds
            idle = limits.idle.nanoseconds
            lingering = limits.lingering.nanoseconds
            contentRate = limits.contentRate
        }
    }

    /// What has moved in a turn.
    struct Progress {
        var hasSent = false
        var hasReceived = false
        /// Request content received so far in the exchange.
        var contentByteCount = 0
    }

    private(set) var cause = Cause.handshake
    private(set) var deadline: MonotonicTime
    /// When the stretch of content began whose rate is looked at, and how much had come by then.
    private var stretchStart: Int64 = 0
    private var stretchBase = 0

    init(_ times: Times, now: MonotonicTime) {
        deadline = now.advanced(by: times.handshake)
    }

    /// Whatever is waited for, it must come by then.
    mutating func shorten(to time: MonotonicTime) {
        deadline = min(deadline, time)
    }

    /// After a turn: the time starts anew where something else is waited for, or there was progress.
    mutating func wait(for cause: Cause, _ progress: Progress, _ times: Times, now: MonotonicTime) {
        let isNew = cause != self.cause
        self.cause = cause
        switch cause {
        case .handshake: if isNew { deadline = now.advanced(by: times.handshake) }
        case .head: if isNew { deadline = now.advanced(by: times.head) }
        case .leftover: if isNew { deadline = now.advanced(by: times.leftover) }
        case .lingering: if isNew { deadline = now.advanced(by: times.lingering) }
        case .idle: if isNew { deadline = now.advanced(by: times.idle) }
        case .output:
            // Where bytes come in so fast that more of them always wait, it is not the client that makes no progress.
            if isNew || progress.hasSent || progress.hasReceived { deadline = now.advanced(by: times.output) }
        case .response: deadline = .distantFuture
        case .content:
            if isNew { beginStretch(progress.contentByteCount, now) }
            if isNew || (progress.hasReceived && isFastEnough(progress, times, now)) {
                deadline = now.advanced(by: times.content)
            }
        }
    }

    private mutating func beginStretch(_ contentByteCount: Int, _ now: MonotonicTime) {
        stretchStart = now.nanoseconds
        stretchBase = contentByteCount
    }

    /// Whether request content comes at the least rate that is tolerated: now, not since its beginning, so that nobody can
    /// send most of it quickly and occupy a place with the rest.
    private mutating func isFastEnough(_ progress: Progress, _ times: Times, _ now: MonotonicTime) -> Bool {
        let elapsed = now.nanoseconds - stretchStart
        guard elapsed > times.content else { return true }
        let byteCount = progress.contentByteCount - stretchBase
        guard byteCount / times.contentRate >= Int(elapsed / 1_000_000_000) else { return false }
        beginStretch(progress.contentByteCount, now)
        return true
    }
}
