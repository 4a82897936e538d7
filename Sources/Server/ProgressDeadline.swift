import MartinetEvents
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

    /// The times of `Limits` in one word each, since they are looked at in every turn.
    struct Timeouts {
        let handshake, content, unreadContent, output, lingering: Interval
        var head, idle: Interval
        /// Bytes a second.
        let contentRate: Int

        init(_ limits: Limits) {
            handshake = Interval(limits.handshake)
            head = Interval(limits.head)
            content = Interval(limits.content)
            unreadContent = Interval(limits.unreadContent)
            output = Interval(limits.output)
            idle = Interval(limits.idle)
            lingering = Interval(limits.lingering)
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
    private var windowStart = MonotonicTime.start
    private var windowBase = 0

    init(_ timeouts: Timeouts, now: MonotonicTime) {
        deadline = now + timeouts.handshake
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
        case .handshake: if isNew { deadline = now + timeouts.handshake }
        case .head: if isNew { deadline = now + timeouts.head }
        case .unreadContent: if isNew { deadline = now + timeouts.unreadContent }
        case .lingering: if isNew { deadline = now + timeouts.lingering }
        case .idle: if isNew { deadline = now + timeouts.idle }
        case .output:
            // Where bytes come in so fast that more of them always wait, it is not the client that makes no progress.
            if isNew || progress.hasSent || progress.hasReceived { deadline = now + timeouts.output }
        case .response: deadline = .distantFuture
        case .content:
            if isNew { beginWindow(progress.contentByteCount, now) }
            if isNew || (progress.hasReceived && isFastEnough(progress, timeouts, now)) {
                deadline = now + timeouts.content
            }
        }
    }

    private mutating func beginWindow(_ contentByteCount: Int, _ now: MonotonicTime) {
        windowStart = now
        windowBase = contentByteCount
    }

    /// Whether request content comes at the least rate that is tolerated: now, not since its beginning, so that nobody can
    /// send most of it quickly and occupy a place with the rest.
    private mutating func isFastEnough(_ progress: Progress, _ timeouts: Timeouts, _ now: MonotonicTime) -> Bool {
        let elapsed = now - windowStart
        guard elapsed > timeouts.content else { return true }
        let byteCount = progress.contentByteCount - windowBase
        guard byteCount / timeouts.contentRate >= elapsed.wholeSeconds else { return false }
        beginWindow(progress.contentByteCount, now)
        return true
    }
}
