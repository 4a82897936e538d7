import MartinetEvents
import MartinetPOSIX

/// What a worker keeps in memory for clients that do not read, all together, and when it is to be made less.
///
/// Each connection's share is bounded, but not by what clients do: a thousand that ask for much and read nothing have a
/// worker keep a hundred mebibytes for as long as they may be silent.
struct KeptMemory {
    /// Between two looks at all connections.
    static let interval = Interval.seconds(1)

    private let limit: Int
    private(set) var byteCount = 0
    /// When clients are to be cut; the distant future while there is room for all.
    private(set) var nextCut = MonotonicTime.distantFuture
    private var earliestCut = MonotonicTime.start

    init(limit: Int) {
        self.limit = limit
    }

    /// A connection keeps another number of bytes than before.
    mutating func change(from former: Int, to current: Int, now: MonotonicTime) {
        byteCount += current - former
        if isTooMuch, nextCut == .distantFuture { nextCut = max(now, earliestCut) }
    }

    var isTooMuch: Bool { byteCount > limit }

    /// Clients were cut, as far as they may be; the next are not before a while from now.
    mutating func endCut(_ now: MonotonicTime) {
        earliestCut = now + Self.interval
        nextCut = isTooMuch ? earliestCut : .distantFuture
    }
}
