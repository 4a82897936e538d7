import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

extension FileStatus {
    /// Change times come from a clock that moves in steps of up to 10 ms: a file that changes twice within one has the same
    /// time after both. Where a file system has whole seconds only, or two of them, that is longer.
    func isChangeVisible(at now: WallTime) -> Bool {
        let isCoarse = changeTime.nanoseconds == 0 && modificationTime.nanoseconds == 0
        return now - (isCoarse ? .seconds(2) : .milliseconds(10)) > changeTime
    }

    /// Whether what was read of the file can be kept: any later change changes its status, and it does not change all the
    /// time.
    func isSettled(at now: WallTime) -> Bool {
        now.seconds - modificationTime.seconds >= 2 && isChangeVisible(at: now)
    }
}

extension Request {
    /// The time of day as exactly as it is to be had; never before `date`.
    var moment: WallTime { max(date, .now) }
}
