import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Content on its way to a running script: what was buffered first, then what comes.
struct ScriptInput {
    private let process: ScriptProcess
    /// As long as there is some of it left to write.
    private var buffered: BufferedContent?
    /// How fast the client sends the rest.
    private var rate: ContentRate
    /// The script has been offered more than it took.
    private(set) var isBlocked = false
    /// All of it has come from the client.
    private(set) var isComplete = false
    /// Whether the script still reads its content.
    private(set) var isWanted = true
    /// When the script last took some of it, or was given the last of it.
    private(set) var lastProgress: MonotonicTime

    /// - Parameter buffered: what has come before the script was started.
    init(_ process: ScriptProcess, _ buffered: BufferedContent?, at now: MonotonicTime) {
        self.process = process
        self.buffered = buffered
        rate = ContentRate(at: now)
        lastProgress = now
        writeBuffered(now)
    }

    /// Returns how many bytes the script took, 0 for "not now".
    mutating func receive(_ content: Span<UInt8>, at now: MonotonicTime) -> Int {
        writeBuffered(now)
        guard buffered == nil else { return 0 }
        let count = write(content, now)
        rate.received(count, at: now)
        return count
    }

    /// The script takes more.
    mutating func resume(_ now: MonotonicTime) {
        isBlocked = false
        writeBuffered(now)
    }

    /// There is no more of it.
    mutating func end(at now: MonotonicTime) {
        isComplete = true
        lastProgress = now
        if buffered == nil { close() }
    }

    /// Writes what was buffered, as far as the script takes it now.
    mutating func writeBuffered(_ now: MonotonicTime) {
        guard let buffered else { return }
        while buffered.byteCount > 0 {
            buffered.drain { write($0, now) }
            if isBlocked { return }
        }
        self.buffered = nil
        if isComplete { close() }
    }

    private mutating func write(_ content: Span<UInt8>, _ now: MonotonicTime) -> Int {
        guard let count = process.write(content) else {
            // It has closed its standard input: it may, and the rest is read for nobody.
            isWanted = false
            isBlocked = false
            return content.count
        }
        isBlocked = count == 0
        if count > 0 { lastProgress = now }
        return count
    }

    private mutating func close() {
        isBlocked = false
        process.endInput()
    }

    // MARK: The client's time

    /// Whether it is only the client that keeps content from the script.
    private var awaitsClient: Bool { isWanted && !isBlocked && !isComplete && buffered == nil }

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
