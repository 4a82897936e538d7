import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX

/// Sees to it that a log's lines are written: together with others that come soon, and as soon as the log takes them.
final class LogWatch: LoopMember {
    /// How long a line may wait for others to be written with.
    private static let delay = Interval.milliseconds(100)
    /// How long a log that failed is left alone.
    private static let pause = Interval.seconds(1)

    private let sink: LogSink
    private var place: LoopPlace?
    /// Nothing is worth waiting for that keeps the process from leaving.
    private var isDraining = false
    /// When the lines are to be written.
    private var due = MonotonicTime.distantFuture

    init(_ sink: LogSink) {
        self.sink = sink
    }

    func join(_ place: LoopPlace) {
        self.place = place
        sink.wake(place.waker)
    }

    /// Whether lines wait to be taken by a log that may still take them.
    var isBusy: Bool { sink.status == .pending || sink.status == .blocked }

    func handle(_ event: LoopEvent) {
        switch event {
        case .ready: sink.flush()
        case .deadline:
            due = .distantFuture
            sink.flush()
        case .woken: if isDraining { sink.flush() }
        case .draining:
            isDraining = true
            sink.flush()
        case .ending: return
        }
        wait()
    }

    /// Waits for what the lines that are left wait for.
    private func wait() {
        guard let place else { return }
        switch sink.status {
        case .empty: setDue(.distantFuture)
        case .pending: setDue(min(due, place.now + Self.delay))
        // A log that failed would be reported at once, again and again.
        case .failed: setDue(min(due, place.now + Self.pause))
        case .blocked:
            setDue(.distantFuture)
            place.watchOnce(sink.descriptor, for: .write)
        }
    }

    private func setDue(_ time: MonotonicTime) {
        guard time != due else { return }
        due = time
        place?.setDeadline(time)
    }
}
