import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// Sees to it that a log's lines are written: together with others that come soon, and as soon as the log takes them.
///
/// What the poll set watches follows the sink's state, and nothing else does.
struct LogWatch {
    /// How long a line may wait for others to be written with.
    private static let delay = Interval.milliseconds(100)
    /// How long a log that failed is left alone.
    private static let pause = Interval.seconds(1)

    private let sink: LogSink
    private let token: Token
    private var isWatched = false
    /// When the lines are to be written.
    private(set) var due = MonotonicTime.distantFuture

    init(_ sink: LogSink, token: Token) {
        self.sink = sink
        self.token = token
    }

    /// Whether lines wait to be taken by a log that may still take them.
    var isWaiting: Bool { sink.status == .pending || sink.status == .blocked }

    /// Writes what is due, and has the poll set watch the log while it takes no more.
    mutating func advance(_ now: MonotonicTime, _ pollSet: inout PollSet) {
        if now >= due {
            sink.flush()
            due = .distantFuture
        }
        let status = sink.status
        switch status {
        case .empty, .blocked: due = .distantFuture
        case .pending: due = min(due, now + Self.delay)
        case .failed: due = min(due, now + Self.pause)
        }
        // A log that failed would be reported at once, again and again.
        guard (status == .blocked) != isWatched else { return }
        isWatched.toggle()
        if isWatched {
            pollSet.watch(sink.descriptor, for: .write, token: token)
        } else {
            pollSet.remove(sink.descriptor)
        }
    }

    /// The log takes more, or is gone.
    func resume() {
        sink.flush()
    }
}
