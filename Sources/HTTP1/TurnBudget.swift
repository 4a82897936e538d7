import MartinetEvents
import MartinetHTTP

/// How long the requests that a connection has sent at one time may keep others waiting.
///
/// The first is free, so that a connection always gets on; then the clock is read for every fourth, since reading it costs
/// as much as a part of a small request.
struct TurnBudget {
    private static let limit = Interval.milliseconds(1)
    private static let requestsPerLook = 4

    private var requestCount = 0
    private var start = MonotonicTime.start

    /// Whether another request may begin.
    mutating func takeRequest(_ loop: any ExchangeLoop) -> Bool {
        requestCount += 1
        switch requestCount {
        case 1: return true
        case 2:
            start = loop.readClock()
            return true
        default:
            guard (requestCount - 2) % Self.requestsPerLook == 0 else { return true }
            return loop.readClock() - start < Self.limit
        }
    }
}
