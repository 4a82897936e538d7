import MartinetEvents
import MartinetPOSIX

/// Lets one log line of a kind through each second: strangers cause some of them as often as they like.
struct LogPace {
    private static let interval = Interval.seconds(1)

    private var next = MonotonicTime.distantPast
    private var heldBackCount = 0

    /// Whether the line is to be written: what to put behind it then, which is empty unless others were not.
    mutating func admit(_ now: MonotonicTime) -> String? {
        guard now >= next else {
            heldBackCount += 1
            return nil
        }
        next = now + Self.interval
        defer { heldBackCount = 0 }
        return heldBackCount == 0 ? "" : " (and \(heldBackCount) times more since the last such line)"
    }
}
