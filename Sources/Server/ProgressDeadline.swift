import MartinetEvents
import MartinetHTTP

/// What a connection waits for, and until when it may.
struct ProgressDeadline {
    /// What is waited for, as far as the time for it differs.
    enum Reason: Equatable {
        case handshake, lingering
        /// The client, to take what is on its way.
        case flushing
        /// What the protocol waits for, in the exchange with this number.
        case conversation(Waiting, exchange: Int)

        /// Whether it is request content that somebody needs, which has to come at a least rate.
        fileprivate var isContent: Bool { if case .conversation(.content, _) = self { true } else { false } }
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

        /// How long it may be waited for; nil where only exchanges have deadlines.
        func time(for reason: Reason) -> Interval? {
            switch reason {
            case .handshake: handshake
            case .lingering: lingering
            case .flushing: output
            case .conversation(let waiting, _):
                switch waiting {
                case .request, .tunnelEnd: idle
                case .head: head
                case .content: content
                case .unreadContent: unreadContent
                case .response, .tunnel: nil
                case .output, .turn: output
                }
            }
        }
    }

    /// What has moved in a turn.
    struct Progress {
        var sentByteCount = 0
        /// As it came, encrypted or not.
        var receivedByteCount = 0
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
        guard let time = timeouts.time(for: reason) else {
            deadline = .distantFuture
            return
        }
        if isNew, reason.isContent { beginWindow(progress.contentByteCount, now) }
        if isNew || isExtended(by: progress, timeouts, now) { deadline = now + time }
    }

    /// Whether the same is waited for anew, since the client does its part.
    private mutating func isExtended(by progress: Progress, _ timeouts: Timeouts, _ now: MonotonicTime) -> Bool {
        // Where bytes come in so fast that more of them always wait, it is not the client that makes no progress.
        if case .flushing = reason { return progress.sentByteCount > 0 || progress.receivedByteCount > 0 }
        if case .conversation(.tunnelEnd, _) = reason { return progress.receivedByteCount > 0 }
        return reason.isContent && progress.receivedByteCount > 0 && isFastEnough(progress, timeouts, now)
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
