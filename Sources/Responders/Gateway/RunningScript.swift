import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A script at work: content goes to it, what it writes is a header and then content, and its time is watched.
///
/// Dropping it ends the script; `finish()` lets it go on by itself for a while.
final class RunningScript {
    /// What a script's answer begins with.
    enum Head {
        case header(ScriptHeader)
        /// A whole message follows, with this status; its first line is part of the content.
        case verbatim(StatusCode)
    }

    private let process: ScriptProcess
    private let run: ScriptRun
    private let host: HostReference
    private let report: (String) -> Void
    /// The deadline that is registered.
    private var registeredDeadline = MonotonicTime.distantFuture
    /// When the script last wrote something, or began to be waited for.
    private var lastProgress: MonotonicTime
    private var hasHead = false
    /// The script has been asked for more than it had.
    private var isOutputBlocked = true
    private(set) var isFinished = false
    private var input: ScriptInput
    /// Until when what its client has taken of its output suffices.
    private var outputEnd = MonotonicTime.start
    /// Its output has ended, and how it ends itself is waited for until this moment.
    private var exitWaitEnd: MonotonicTime?
    /// That has been waited for long enough.
    private var hasWaitedForExit = false
    /// The header as far as it has come, then content that came along with it.
    private var written: [UInt8] = []
    private var headerLineStart = 0
    /// How much of `written` is used up.
    private var usedByteCount = 0
    private var outputByteCount = 0
    private var messages = ScriptMessages()

    /// How long a script whose output has ended is waited for, so that one that crashed is not taken for one that finished.
    private static let exitWait = Interval.milliseconds(100)
    /// How long a client may take nothing more of the output while others wait for the permit: what it takes at once is as
    /// much as a connection keeps for it.
    private static let outputTime = Duration.seconds(30)
    /// What is read at once of a header or of messages.
    private static let readByteCount = 8 * 1024

    /// - Parameter buffered: what has come of its content.
    init(_ process: ScriptProcess, _ run: ScriptRun, _ host: HostReference, _ buffered: BufferedContent?) {
        self.process = process
        self.run = run
        self.host = host
        report = run.reporter
        lastProgress = host.now
        input = ScriptInput(process, buffered, at: host.now)
        register()
    }

    deinit {
        process.leave(isFinished ? .untilFinished(run.site.timeout) : .none, messages, report)
    }

    // MARK: The request's content

    /// Whether the script still reads its content.
    var takesContent: Bool { input.isWanted }

    /// Returns how many bytes the script took, 0 for "not now".
    func receive(_ content: Span<UInt8>) -> Int {
        defer { register() }
        return input.receive(content, at: now)
    }

    func endContent() {
        input.end(at: now)
        register()
    }

    // MARK: Turns

    private var now: MonotonicTime { host.now }

    /// Something has happened.
    ///
    /// - Throws: `ScriptFailure` when there will be no answer, or no more of it.
    func handle(_ event: ExchangeEvent) throws(ScriptFailure) {
        switch event {
        case .ready(let descriptor, _):
            switch process.source(descriptor) {
            case .input: input.resume(now)
            case .output: beginOutput()
            case .messages: readMessages()
            case .exit: process.checkEnd()
            }
        case .deadline:
            registeredDeadline = .distantFuture
            if let end = exitWaitEnd, now >= end {
                exitWaitEnd = nil
                hasWaitedForExit = true
            }
            try checkReader()
            try checkTime()
        case .contentEnded, .clientEnded, .woken, .draining, .completed: return
        }
        register()
    }

    /// The beginning of the answer, once, when it is complete.
    ///
    /// - Throws: `ScriptFailure` when there will be no answer.
    func head() throws(ScriptFailure) -> Head? {
        defer { register() }
        let head = try readHead()
        guard head != nil else { return nil }
        // What it has said before that stands before what comes of the head, another script's messages among it.
        readMessages()
        beginReaderTime()
        return head
    }

    /// Registers until when the script or the client may take their time.
    private func register() {
        input.watchRate(isOutputAwaited: isOutputBlocked, at: now)
        let time = deadline
        guard time != registeredDeadline else { return }
        registeredDeadline = time
        host.setDeadline(time)
    }

    /// Gives up a script that has been silent for too long, or whose client has been too slow while others wait.
    private func checkTime() throws(ScriptFailure) {
        input.watchRate(isOutputAwaited: isOutputBlocked, at: now)
        if let silenceEnd, now >= silenceEnd {
            let deed = input.isBlocked ? "took no content" : hasHead ? "wrote nothing" : "wrote no header"
            throw .late("\(deed) for \(run.site.timeout) and was ended")
        }
        guard let end = rateEnd, now >= end else { return }
        guard run.permits.hasWaiting else { return input.tolerate(at: now) }
        throw .slowClient(
            "was ended: its client sent less than \(ContentRate.bytesPerSecond) bytes a second while others waited")
    }

    /// Gives up a script whose client takes its output too slowly while others wait.
    private func checkReader() throws(ScriptFailure) {
        guard let end = readerEnd, now >= end else { return }
        guard run.permits.hasWaiting else {
            outputEnd = now + ContentRate.nextLook
            return
        }
        throw .slowClient("was ended: its client took nothing for \(Self.outputTime) while others waited")
    }

    /// The answer is complete as far as anybody wants it: the script may do what else it has to do.
    func finish() {
        isFinished = true
    }

    /// The time for the whole of it is the reaper's to watch.
    private var deadline: MonotonicTime {
        let never = MonotonicTime.distantFuture
        return readerEnd ?? min(silenceEnd ?? never, exitWaitEnd ?? never, rateEnd ?? never)
    }

    /// When the client has been too slow to take what the script has written; nil while it is not the client that is waited
    /// for, or there is no permit to give up.
    private var readerEnd: MonotonicTime? {
        !isOutputBlocked && exitWaitEnd == nil && process.ending == nil ? outputEnd : nil
    }

    /// The script has written more: it is the client that is waited for.
    private func beginOutput() {
        isOutputBlocked = false
        beginReaderTime()
    }

    /// The script has written no more: it is the script that is waited for.
    private func blockOutput() {
        // Until now it was the client.
        if !isOutputBlocked { lastProgress = now }
        isOutputBlocked = true
    }

    private func beginReaderTime() {
        outputEnd = now + Interval(Self.outputTime)
    }

    /// When the client has been too slow to send content; nil while it is not waited for.
    private var rateEnd: MonotonicTime? { isOutputBlocked ? input.rateEnd : nil }

    /// When the script has been silent for too long; nil while it is not the script that is waited for. One that is
    /// offered content and takes none is not silent as long as nobody takes what it writes.
    private var silenceEnd: MonotonicTime? {
        guard isOutputBlocked, process.ending == nil, input.isBlocked || input.isComplete || !input.isWanted else {
            return nil
        }
        let start = max(lastProgress, input.lastProgress)
        return start + Interval(run.site.timeout)
    }

    private func readMessages() {
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        // Bounded, so that who floods the log does not hold up others.
        for _ in 0..<8 {
            var room = buffer.mutableSpan
            guard case .bytes(let count) = process.readMessages(into: &room) else { break }
            messages.take(buffer.span.extracting(0..<count), report)
            // Who complains is not silent, as long as it is heard.
            if !messages.isOver { lastProgress = now }
        }
        process.watchMessages()
    }

    /// The output has ended: how the script has ended itself, if it has or is not waited for any longer.
    private func exit() -> (isKnown: Bool, ending: ChildProcess.Ending?) {
        isOutputBlocked = false
        process.checkEnd()
        if let ending = process.ending {
            readMessages()
            return (true, ending)
        }
        if hasWaitedForExit { return (true, nil) }
        if exitWaitEnd == nil { exitWaitEnd = now + Self.exitWait }
        return (false, nil)
    }

    /// Counts bytes that were read, and says what is wrong if they are more than the script may write.
    private func excess(_ count: Int) -> String? {
        lastProgress = now
        outputByteCount += count
        guard let limit = run.site.outputByteLimit, outputByteCount > limit else { return nil }
        return "wrote more than \(limit) bytes and was ended"
    }

    // MARK: The head

    private func readHead() throws(ScriptFailure) -> Head? {
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        while true {
            var room = buffer.mutableSpan
            switch process.read(into: &room) {
            case .bytes(let count):
                written.append(buffer.span.extracting(0..<count))
                if let excess = excess(count) { throw .badGateway(excess) }
                guard let head = try parseHead() else { continue }
                hasHead = true
                isOutputBlocked = false
                return head
            case .notYet:
                blockOutput()
                return nil
            case .end:
                let (isKnown, ending) = exit()
                guard isKnown else { return nil }
                throw process.isOverdue ? .late(overdue) : .badGateway(explanation(ending))
            }
        }
    }

    private func parseHead() throws(ScriptFailure) -> Head? {
        let bytes = written
        do throws(ScriptHeader.Mistake) {
            if run.isVerbatim {
                guard let status = try VerbatimHead.status(of: bytes.span),
                    try ScriptHeader.end(of: bytes.span, from: &headerLineStart) != nil
                else { return nil }
                return .verbatim(status)
            }
            guard let found = try ScriptHeader.parse(bytes.span, from: &headerLineStart) else { return nil }
            usedByteCount = found.byteCount
            if let omission = found.header.omission { run.warn("wrote what was left out of its answer: \(omission)") }
            return .header(found.header)
        } catch {
            throw .badGateway("wrote a bad header: \(error.text)")
        }
    }

    private var overdue: String { "ran for longer than \(run.site.totalTime) and was ended" }

    private func explanation(_ ending: ChildProcess.Ending?) -> String {
        guard let ending else { return "closed its output before its header was complete" }
        let what = written.isEmpty ? "without writing a header" : "before its header was complete"
        return "ended \(what) (\(ScriptEnding.text(ending)))"
    }

    // MARK: The content

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        defer { register() }
        if usedByteCount < written.count { return .bytes(takeWritten(&room)) }
        switch process.read(into: &room) {
        case .bytes(let count):
            beginOutput()
            if let excess = excess(count) { return .failed(run.sentence(excess)) }
            return .bytes(count)
        case .notYet:
            blockOutput()
            return .notYet
        case .end: return end()
        }
    }

    private func takeWritten(_ room: inout MutableSpan<UInt8>) -> Int {
        let count = min(room.count, written.count - usedByteCount)
        room.copy(from: written.span.extracting(usedByteCount..<usedByteCount + count), at: 0)
        beginReaderTime()
        usedByteCount += count
        if usedByteCount == written.count {
            written = []
            usedByteCount = 0
        }
        return count
    }

    /// Whether the content is whole depends on how the script has ended.
    private func end() -> Production {
        let (isKnown, ending) = exit()
        guard isKnown else { return .notYet }
        // Whatever it made of being asked to end, it was not done.
        if process.isOverdue { return .failed(run.sentence(overdue)) }
        guard let ending, ending != .exited(status: 0) else { return .end }
        if case .killed = ending { return .failed(run.sentence("was ended by \(ScriptEnding.text(ending))")) }
        run.note("ended with \(ending)")
        return .end
    }
}
