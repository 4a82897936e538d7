import MartinetEvents

/// Whether a client sends its content at the least rate that is asked of who occupies a place which others wait for.
///
/// What has come stands for some time, and only time in which it is the client that is waited for passes.
struct ContentRate {
    /// Four times what is asked of uploads that nobody else waits for. A modem does better.
    static let bytesPerSecond = 1024
    /// What a client has before anything has come: a few round trips, and less than others wait for a place.
    static let firstTime = Interval.seconds(5)
    /// The most that is kept for what has come. Bytes are seen only when the TLS record that they are in is whole, and that is
    /// how long one of 16 KiB takes.
    static let timeLimit = Interval.seconds(16)
    /// After which it is looked at again where nobody waits.
    static let nextLook = Interval.seconds(1)

    private var end: MonotonicTime
    /// Since when it is not the client that is waited for.
    private var pauseStart: MonotonicTime?

    init(at now: MonotonicTime) {
        end = now + Self.firstTime
    }

    /// When what has come will not suffice any longer; nil while it is not the client that is waited for.
    var deadline: MonotonicTime? { pauseStart == nil ? end : nil }

    mutating func received(_ byteCount: Int, at now: MonotonicTime) {
        let now = pauseStart ?? now
        end = min(end + .seconds(byteCount, each: Self.bytesPerSecond), now + Self.timeLimit)
    }

    mutating func pause(at now: MonotonicTime) {
        if pauseStart == nil { pauseStart = now }
    }

    mutating func resume(at now: MonotonicTime) {
        guard let pauseStart else { return }
        end += now - pauseStart
        self.pauseStart = nil
    }

    /// Nobody waits: it does no harm that the client is slow.
    mutating func tolerate(at now: MonotonicTime) {
        end = now + Self.nextLook
    }
}
