/// How long the requests that a connection has sent at one time may keep others waiting.
///
/// The first is free, so that a connection always gets on; then the clock is read for every fourth, since reading it costs
/// as much as a part of a small request.
struct TurnBudget {
    /// In nanoseconds.
    private static let limit: Int64 = 1_000_000
    private static let requestsPerLook = 4

    private var requestCount = 0
    private var start: Int64 = 0

    /// Whether another request may begin.
    mutating func takeRequest(_ clock: () -> Int64) -> Bool {
        requestCount += 1
        switch requestCount {
        case 1: return true
        case 2:
            start = clock()
            return true
        default:
            guard (requestCount - 2) % Self.requestsPerLook == 0 else { return true }
            return clock() - start < Self.limit
        }
    }
}
