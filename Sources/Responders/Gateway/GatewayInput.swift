import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Content on its way to a backend: what was buffered first, then what comes.
struct GatewayInput {
    /// What is written at one time of what was buffered: others wait for their turn.
    private static let turnByteLimit = 1 << 20

    private let backend: any GatewayBackend
    /// As long as there is some of it left to write.
    private var buffered: ContentBuffer?
    /// How fast the client sends the rest.
    private var rate: ContentRate
    /// The backend has been offered more than it took.
    private(set) var isBlocked = false
    /// All of it has come from the client.
    private var isComplete = false
    /// Whether the backend still reads its content.
    private(set) var isWanted = true
    /// When the backend last took some of it, or was given the last of it.
    private(set) var lastProgress: MonotonicTime

    /// - Parameter buffered: what has come before the backend began, and is to be written to it; `resume` does so.
    init(_ backend: any GatewayBackend, _ buffered: ContentBuffer?, at now: MonotonicTime) {
        self.backend = backend
        self.buffered = buffered
        rate = ContentRate(at: now)
        lastProgress = now
    }

    /// Returns how many bytes the backend took, 0 for "not now".
    mutating func receive(_ content: Span<UInt8>, _ host: inout ExchangeHost) throws(GatewayFailure) -> Int {
        try writeBuffered(&host)
        guard buffered == nil else { return 0 }
        let count = write(content, &host)
        rate.received(count, at: host.now)
        return count
    }

    /// The backend takes more.
    mutating func resume(_ host: inout ExchangeHost) throws(GatewayFailure) {
        isBlocked = false
        try writeBuffered(&host)
    }

    /// Others have had their turn.
    mutating func goOn(_ host: inout ExchangeHost) throws(GatewayFailure) {
        if !isBlocked { try writeBuffered(&host) }
    }

    /// There is no more of it.
    mutating func end(_ host: inout ExchangeHost) {
        guard !isComplete else { return }
        isComplete = true
        lastProgress = host.now
        if buffered == nil { close(&host) }
    }

    /// Writes what was buffered, as far as the backend takes it now.
    private mutating func writeBuffered(_ host: inout ExchangeHost) throws(GatewayFailure) {
        guard let buffered else { return }
        var byteCount = 0
        while isWanted, buffered.byteCount > 0 {
            guard byteCount < Self.turnByteLimit else { return host.waker.wake() }
            do throws(SystemError) {
                try buffered.drain { bytes in
                    let count = write(bytes, &host)
                    byteCount += count
                    return count
                }
            } catch {
                throw GatewayFailure(reading: error)
            }
            if isBlocked { return }
        }
        self.buffered = nil
        if isComplete { close(&host) }
    }

    private mutating func write(_ content: Span<UInt8>, _ host: inout ExchangeHost) -> Int {
        guard let count = backend.write(content, &host) else {
            // It reads no more: it may, and the rest is read for nobody.
            isWanted = false
            isBlocked = false
            return content.count
        }
        isBlocked = count == 0
        if count > 0 { lastProgress = host.now }
        return count
    }

    private mutating func close(_ host: inout ExchangeHost) {
        isBlocked = false
        backend.endInput(&host)
    }

    /// Whether the backend takes more than there is: it is not the backend that is waited for.
    var awaitsMore: Bool { isWanted && !isBlocked && !isComplete }

    // MARK: The client's time

    /// Whether it is only the client that keeps content from the backend.
    private var awaitsClient: Bool { awaitsMore && buffered == nil }

    /// When the client has sent too little, as far as others wait; nil while it is not waited for.
    var rateEnd: MonotonicTime? { awaitsClient ? rate.deadline : nil }

    /// To be called whenever something may have changed: what passes is only time in which the client is waited for.
    ///
    /// - Parameter isOutputAwaited: false while it is the client that is to take output.
    mutating func watchRate(isOutputAwaited: Bool, at now: MonotonicTime) {
        if awaitsClient, isOutputAwaited { rate.resume(at: now) } else { rate.pause(at: now) }
    }

    /// Nobody waits: it does no harm that the client is slow.
    mutating func tolerate(at now: MonotonicTime) { rate.tolerate(at: now) }
}
