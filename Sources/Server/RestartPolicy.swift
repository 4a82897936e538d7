import MartinetEvents
import MartinetPOSIX

/// How long the replacement of a worker waits: not at all, unless workers fail one after the other.
struct RestartPolicy {
    private static let firstPause = Interval.milliseconds(100)
    private static let longestPause = Interval.seconds(5)
    /// A worker that crashes within this time failed as if it had never been ready.
    private static let youth = Interval.seconds(2)

    private var pause = firstPause

    /// A worker has ended.
    ///
    /// - Parameter readyTime: for how long it had been ready; nil where it never was.
    /// - Returns: how long to wait before another is started in its place.
    mutating func delay(after ending: ChildProcess.Ending, readyFor readyTime: Interval?) -> Interval {
        guard let readyTime, !(ending.isCrash && readyTime < Self.youth) else { return failed() }
        // Its clients have done nothing wrong, and wait.
        pause = Self.firstPause
        return .zero
    }

    /// A worker could not be started at all; returns how long to wait before it is tried again.
    mutating func failed() -> Interval {
        defer { pause = min(pause * 2, Self.longestPause) }
        return pause
    }
}
