import MartinetBytes
import MartinetEvents
import MartinetHTTP

/// A backend at work: content goes to it, what it writes is a header and then content, and its time is watched.
///
/// To be left before it is dropped.
final class RunningBackend {
    private let backend: any GatewayBackend
    private let gateway: Gateway
    private let log: GatewayLog
    private var input: GatewayInput
    private var head: GatewayHead
    private var times: GatewayTimes
    /// The deadline that is registered.
    private var registeredDeadline = MonotonicTime.distantFuture
    private var outputByteCount = 0
    /// Whether its answer was taken as far as anybody wants it.
    private(set) var isFinished = false

    /// What is read at once of a header.
    private static let readByteCount = 8 * 1024

    /// - Parameters:
    ///   - buffered: what has come of its content, and is to be written to it.
    ///   - now: when it began.
    init(
        _ backend: any GatewayBackend, _ form: GatewayHead.Form, _ gateway: Gateway, _ log: GatewayLog,
        _ buffered: ContentBuffer?, at now: MonotonicTime
    ) {
        self.backend = backend
        self.gateway = gateway
        self.log = log
        head = GatewayHead(form)
        input = GatewayInput(backend, buffered, at: now)
        times = GatewayTimes(at: now)
    }

    /// Begins to write what was buffered.
    ///
    /// - Parameter isContentComplete: whether that is all of its content.
    func begin(isContentComplete: Bool, _ host: inout ExchangeHost) throws(GatewayFailure) {
        try input.resume(&host)
        if isContentComplete { input.end(&host) }
        register(&host)
    }

    /// The answer is complete as far as anybody wants it: the backend may do what else it has to do.
    func finish() { isFinished = true }

    /// Nobody waits for the backend any more.
    func leave(_ host: inout ExchangeHost) { backend.leave(isComplete: isFinished, &host) }

    // MARK: The request's content

    /// Whether the backend still reads its content.
    var takesContent: Bool { input.isWanted }

    /// Returns how many bytes the backend took, 0 for "not now".
    func receive(_ content: Span<UInt8>, _ host: inout ExchangeHost) throws(GatewayFailure) -> Int {
        defer { register(&host) }
        return try input.receive(content, &host)
    }

    func endContent(_ host: inout ExchangeHost) {
        input.end(&host)
        register(&host)
    }

    // MARK: Events

    /// Something has happened.
    ///
    /// - Throws: `GatewayFailure` when there will be no answer, or no more of it.
    func handle(_ event: ExchangeEvent, _ host: inout ExchangeHost) throws(GatewayFailure) {
        let progress = backend.handle(event, &host)
        let now = host.now
        // Who complains is not silent.
        if progress.contains(.messages) { times.progressed(at: now) }
        if progress.contains(.output) { times.awaitClient(at: now) }
        if progress.contains(.input) { try input.resume(&host) }
        switch event {
        case .woken: try input.goOn(&host)
        case .deadline:
            registeredDeadline = .distantFuture
            try checkReader(now)
            try checkBackend(now)
        default: break
        }
        register(&host)
    }

    // MARK: Time

    /// Registers until when the backend or the client may take their time.
    private func register(_ host: inout ExchangeHost) {
        input.watchRate(isOutputAwaited: times.awaited == .backend, at: host.now)
        let never = MonotonicTime.distantFuture
        let time = min(backend.deadline, readerEnd ?? never, silenceEnd ?? never, rateEnd ?? never)
        guard time != registeredDeadline else { return }
        registeredDeadline = time
        host.setDeadline(time)
    }

    /// When the client has been too slow to take what was written; nil while it is not the client that is waited for, or
    /// there is no permit to give up.
    private var readerEnd: MonotonicTime? { backend.hasEnded ? nil : times.readerEnd }

    /// When the client has been too slow to send content; nil while it is not waited for.
    private var rateEnd: MonotonicTime? { times.awaited == .backend ? input.rateEnd : nil }

    /// When the backend has been silent for too long; nil while it is not the backend that is waited for. One that is
    /// offered content and takes none is not silent as long as nobody takes what it writes.
    private var silenceEnd: MonotonicTime? {
        guard times.awaited == .backend, !backend.hasEnded, !input.awaitsMore else { return nil }
        return max(times.lastProgress, input.lastProgress) + Interval(gateway.settings.timeout)
    }

    /// Gives up a backend that has been silent for too long, or whose client has been too slow while others wait.
    private func checkBackend(_ now: MonotonicTime) throws(GatewayFailure) {
        input.watchRate(isOutputAwaited: times.awaited == .backend, at: now)
        if let silenceEnd, now >= silenceEnd {
            let deed = input.isBlocked ? "took no content" : head.isComplete ? "wrote nothing" : "wrote no header"
            throw .late("\(deed) for \(gateway.settings.timeout) and \(end)")
        }
        guard let rateEnd, now >= rateEnd else { return }
        guard gateway.permits.hasWaiting else { return input.tolerate(at: now) }
        throw .slowClient(
            "\(end): its client sent less than \(ContentRate.bytesPerSecond) bytes a second while others waited")
    }

    /// Gives up a backend whose client takes its output too slowly while others wait.
    private func checkReader(_ now: MonotonicTime) throws(GatewayFailure) {
        guard let readerEnd, now >= readerEnd else { return }
        guard gateway.permits.hasWaiting else { return times.tolerateReader(at: now) }
        throw .slowClient("\(end): its client took nothing for \(GatewayTimes.readerTime) while others waited")
    }

    /// What is done about it, as a predicate.
    private var end: String { "was \(gateway.words.ended)" }

    // MARK: The head

    /// The beginning of the answer, once, when it is complete.
    ///
    /// - Throws: `GatewayFailure` when there will be no answer.
    func start(_ host: inout ExchangeHost) throws(GatewayFailure) -> GatewayHead.Start? {
        defer { register(&host) }
        guard let start = try readStart(&host) else { return nil }
        // What it has said before that stands before what comes of the head, another's messages among it.
        backend.flushMessages(&host)
        times.awaitClient(at: host.now)
        return start
    }

    private func readStart(_ host: inout ExchangeHost) throws(GatewayFailure) -> GatewayHead.Start? {
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        while true {
            var room = buffer.mutableSpan
            switch backend.read(into: &room, &host) {
            case .bytes(let count):
                if let excess = excess(count, host.now) { throw .badGateway(excess) }
                if let start = try append(buffer.span.extracting(0..<count)) { return start }
            case .notYet:
                times.awaitBackend(at: host.now)
                return nil
            case .ending:
                times.awaitEnding()
                return nil
            case .end(let ending):
                throw GatewayFailure(ending, hasWritten: !head.isEmpty)
            }
        }
    }

    private func append(_ bytes: Span<UInt8>) throws(GatewayFailure) -> GatewayHead.Start? {
        do throws(ScriptHeader.Mistake) {
            let start = try head.append(bytes)
            if case .header(let header) = start, let omission = header.omission {
                log.warn("wrote what was left out of its answer: \(omission)")
            }
            return start
        } catch {
            throw .badGateway("wrote a bad header: \(error.text)")
        }
    }

    /// Counts bytes that were read, and says what is wrong if they are more than may be.
    private func excess(_ count: Int, _ now: MonotonicTime) -> String? {
        times.progressed(at: now)
        outputByteCount += count
        guard let limit = gateway.settings.outputByteLimit, outputByteCount > limit else { return nil }
        return "wrote more than \(limit) bytes and \(end)"
    }

    // MARK: The content

    func produce(into room: inout MutableSpan<UInt8>, _ host: inout ExchangeHost) -> Production {
        defer { register(&host) }
        if let count = head.takeContent(&room) {
            times.awaitClient(at: host.now)
            return .bytes(count)
        }
        switch backend.read(into: &room, &host) {
        case .bytes(let count):
            times.awaitClient(at: host.now)
            if let excess = excess(count, host.now) { return .failed(log.sentence(excess)) }
            return .bytes(count)
        case .notYet:
            times.awaitBackend(at: host.now)
            return .notYet
        case .ending:
            times.awaitEnding()
            return .notYet
        case .end(let ending):
            times.awaitClient(at: host.now)
            return end(ending)
        }
    }

    /// Whether the content is whole depends on how it has ended.
    private func end(_ ending: GatewayEnding) -> Production {
        switch ending {
        case .complete: return .end
        case .failed(let how):
            log.note("ended with \(how)")
            return .end
        case .cut(let how): return .failed(log.sentence("was ended by \(how)"))
        case .overdue(let predicate): return .failed(log.sentence(predicate))
        }
    }
}
