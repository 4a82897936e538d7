import MartinetEvents

/// Who is waited for while an answer is made, and since when.
struct GatewayTimes {
    enum Awaited {
        /// The backend has been asked for more than it had.
        case backend
        /// There is more to be taken.
        case client
        /// There is no more, and how the backend ends is waited for.
        case ending
    }

    /// How long a client may take nothing more of the output while others wait for the permit: what it takes at once is as
    /// much as a connection keeps for it.
    static let readerTime = Duration.seconds(30)

    private(set) var awaited = Awaited.backend
    /// When the backend last wrote something, or began to be waited for.
    private(set) var lastProgress: MonotonicTime
    /// Until when what its client has taken of the output suffices.
    private var outputEnd = MonotonicTime.start

    /// - Parameter now: when the backend began.
    init(at now: MonotonicTime) {
        lastProgress = now
    }

    /// The backend has written or said something.
    mutating func progressed(at now: MonotonicTime) { lastProgress = now }

    /// There is more to be taken, or the client has taken some: it is the client that is waited for.
    mutating func awaitClient(at now: MonotonicTime) {
        awaited = .client
        outputEnd = now + Interval(Self.readerTime)
    }

    /// The backend has written no more: it is the backend that is waited for.
    mutating func awaitBackend(at now: MonotonicTime) {
        // Until now it was the client.
        if awaited != .backend { lastProgress = now }
        awaited = .backend
    }

    /// Everything is taken, and it is not known yet how the backend ends.
    mutating func awaitEnding() { awaited = .ending }

    /// When the client has been too slow to take what was written; nil while it is not the client that is waited for.
    var readerEnd: MonotonicTime? { awaited == .client ? outputEnd : nil }

    /// Nobody waits: it does no harm that the client is slow.
    mutating func tolerateReader(at now: MonotonicTime) { outputEnd = now + ContentRate.nextLook }
}
