/// Whether a client sends its content at the least rate that is asked of who occupies a place which others wait for.
///
/// What has come stands for some time, and only time in which it is the client that is waited for passes.
struct ContentRate {
    /// Four times what is asked of uploads that nobody else waits for. A modem does better.
    static let bytesPerSecond = 1024
    /// What a client has before anything has come: a few round trips, and less than others wait for a place.
    static let firstTime: Int64 = 5_000_000_000
    /// The most that is kept for what has come. Bytes are seen only when the TLS record that they are in is whole, and that is
    /// how long one of 16 KiB takes.
    static let timeLimit: Int64 = 16_000_000_000
    /// After which it is looked at again where nobody waits.
    static let nextLook: Int64 = 1_000_000_000

    private var end: Int64
    /// Since when it is not the client that is waited for.
    private var pauseStart: Int64?

    init(at now: Int64) {
        end = now + Self.firstTime
    }

    /// When what has come will not suffice any longer, in nanoseconds of the monotonic clock; nil while it is not the client
    /// that is waited for.
    var deadline: Int64? { pauseStart == nil ? end : nil }

    mutating func received(_ byteCount: Int, at now: Int64) {
        let now = pauseStart ?? now
        let limit = Int64(Self.bytesPerSecond) * Self.timeLimit / 1_000_000_000
        let time = min(Int64(byteCount), limit) * 1_000_000_000 / Int64(Self.bytesPerSecond)
        end = min(end + time, now + Self.timeLimit)
    }

    mutating func pause(at now: Int64) {
        if pauseStart == nil { pauseStart = now }
    }

    mutating func resume(at now: Int64) {
        guard let pauseStart else { return }
        end += now - pauseStart
        self.pauseStart = nil
    }

    /// Nobody waits: it does no harm that the client is slow.
    mutating func tolerate(at now: Int64) {
        end = now + Self.nextLook
    }
}
