import MartinetPOSIX

/// What a connection waits for, and until when it may.
struct ProgressDeadline {
    /// What is waited for, as far as the time for it differs.
    enum Reason: Equatable {
        case handshake, output, lingering, response
        /// For the exchange with this number.
        case idle(Int)
        case head(Int)
        case content(Int)
        case unreadContent(Int)
    }

    /// The times of `Limits` in nanoseconds, since a `Duration` is 128 bits wide and is looked at in every turn.
    struct Timeouts {
        let handshake, content, unreadContent, output, lingering: Int64
        var head, idle: Int64
        /// Bytes a second.
        let contentRate: Int

        init(_ limits: Limits) {
            handshake = limits.handshake.nanoseconds
            head = limits.head.nanoseconds
            content = limits.content.nanoseconds
            unreadContent = limits.unreadContent.nanoseconds
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

    private(set) var reason = Reason.handshake
    private(set) var deadline: MonotonicTime
    /// When the window began whose rate is looked at, and how much had come by then.
    private var windowStart: Int64 = 0
    private var windowBase = 0

    init(_ timeouts: Timeouts, now: MonotonicTime) {
        deadline = now.advanced(by: timeouts.handshake)
    }

    /// Whatever is waited for, it must come by then.
    mutating func shorten(to time: MonotonicTime) {
        deadline = min(deadline, time)
    }

    /// After a turn: the time starts anew where something else is waited for, or there was progress.
    mutating func wait(for reason: Reason, _ progress: Progress, _ timeouts: Timeouts, now: MonotonicTime) {
        let isNew = reason != self.reason
        self.reason = reason
        switch reason {
        case .handshake: if isNew { deadline = now.advanced(by: timeouts.handshake) }
        case .head: if isNew { deadline = now.advanced(by: timeouts.head) }
        case .unreadContent: if isNew { deadline = now.advanced(by: timeouts.unreadContent) }
        case .lingering: if isNew { deadline = now.advanced(by: timeouts.lingering) }
        case .idle: if isNew { deadline = now.advanced(by: timeouts.idle) }
        case .output:
            // Where bytes come in so fast that more of them always wait, it is not the client that makes no progress.
            if isNew || progress.hasSent || progress.hasReceived { deadline = now.advanced(by: timeouts.output) }
        case .response: deadline = .distantFuture
        case .content:
            if isNew { beginWindow(progress.contentByteCount, now) }
            if isNew || (progress.hasReceived && isFastEnough(progress, timeouts, now)) {
                deadline = now.advanced(by: timeouts.content)
            }
        }
    }

    private mutating func beginWindow(_ contentByteCount: Int, _ now: MonotonicTime) {
        windowStart = now.nanoseconds
        windowBase = contentByteCount
    }

    /// Whether request content comes at the least rate that is tolerated: now, not since its beginning, so that nobody can
    /// send most of it quickly and occupy a place with the rest.
    private mutating func isFastEnough(_ progress: Progress, _ timeouts: Timeouts, _ now: MonotonicTime) -> Bool {
        let elapsed = now.nanoseconds - windowStart
        guard elapsed > timeouts.content else { return true }
        let byteCount = progress.contentByteCount - windowBase
        guard byteCount / timeouts.contentRate >= Int(elapsed / 1_000_000_000) else { return false }
        beginWindow(progress.contentByteCount, now)
        return true
    }
}
