import Bytes
import HTTP
import POSIX

/// One request to a script and its answer (RFC 3875 §6).
final class CGIExchange: Exchange {
    private enum Phase {
        /// Content of unknown length is collected, so that the script can be told its length.
        case collecting(UnnamedContent)
        /// Every place is taken.
        case queued(ScriptPlaces.Ticket)
        /// The script runs, and has not written its whole header yet.
        case header(ScriptProcess)
        /// What the script writes is content.
        case content(ScriptProcess)
        /// The script has sent the request elsewhere in this site.
        case redirected(any Exchange)
        /// The script is not needed any more, or was never started.
        case over
    }

    /// What is known of the request before the script is started.
    private let request: Request
    private let script: ScriptRun
    private var phase = Phase.over
    private(set) var response: Response?

    private var now: Int64
    /// When the script last took or wrote something, or was waited for again.
    private var lastProgress: Int64
    private var startTime: Int64
    /// The script has been asked for more than it had.
    private var isStarved = false
    /// The script has been offered more than it took.
    private var isGlutted = false
    private var isContentComplete = false
    private var takesContent = true
    private var isConcluded = false
    /// Content collected for the script, kept while it reads.
    private var collected: UnnamedContent?
    /// Its output has ended, and how it ended itself is waited for until this moment.
    private var verdictTime: Int64?
    /// What the script wrote: its header as far as it has come, then content that came along with it.
    private var written: [UInt8] = []
    private var headerLineStart = 0
    /// How much of `written` has gone to the client.
    private var sentByteCount = 0
    private var outputByteCount = 0
    private var failure: ScriptFailure?
    private var messages = ScriptMessages()

    /// How long a script whose output has ended is waited for, so that one that crashed is not taken for one that finished.
    private static let verdictWait: Int64 = 100_000_000
    /// What is read at once of a header or of messages.
    private static let readByteCount = 8 * 1024

    init(_ request: Request, _ script: ScriptRun) {
        self.request = request
        self.script = script
        now = request.arrival
        lastProgress = now
        startTime = now
        if request.content == .unknownLength {
            do throws(SystemError) {
                phase = .collecting(try UnnamedContent(in: script.site.temporaryDirectory))
            } catch {
                fail(.badGateway("could not be started: no file for content in \(script.site.temporaryDirectory) (\(error))"))
            }
        } else {
            enter()
        }
    }

    deinit {
        switch phase {
        case .queued(let ticket): script.places.cancel(ticket)
        case .header(let process), .content(let process): leave(process)
        case .collecting, .redirected, .over: break
        }
    }

    // MARK: Starting

    /// Starts the script if there is a place for it, or queues for one.
    private func enter() {
        switch script.places.request() {
        case .place(let place): start(place)
        case .ticket(let ticket): phase = .queued(ticket)
        case .full: fail(.busy("was not started: \(script.site.concurrency) scripts run and more requests wait already"))
        }
    }

    private func start(_ place: ScriptPlaces.Place) {
        var request = request
        var input = request.content == .none ? ScriptProcess.Input.none(script.nullInput) : .pipe
        if let collected {
            request.content = .length(collected.byteCount)
            input = .file(collected.descriptor)
        }
        startTime = now
        lastProgress = now
        do throws(ScriptFailure) {
            phase = .header(try script.start(request, input, place))
            isStarved = true
        } catch {
            fail(error)
        }
    }

    // MARK: The request's content

    var wantsContent: Bool {
        if case .redirected = phase { return false }
        return takesContent && failure == nil
    }

    func receive(_ content: Span<UInt8>) -> Int {
        switch phase {
        case .collecting(let file): return collect(content, file)
        case .queued: return 0
        case .header(let process), .content(let process): return write(content, to: process)
        case .redirected, .over:
            takesContent = false
            return content.count
        }
    }

    func endContent() {
        isContentComplete = true
        isGlutted = false
        switch phase {
        case .collecting(let file):
            do throws(SystemError) {
                try file.rewind()
                collected = file
                enter()
            } catch {
                fail(.badGateway("could not be started: \(error)"))
            }
        case .header(let process), .content(let process):
            lastProgress = now
            process.endInput()
        case .queued, .redirected, .over: break
        }
    }

    private func collect(_ content: Span<UInt8>, _ file: UnnamedContent) -> Int {
        guard file.byteCount + content.count <= script.site.contentByteLimit else {
            fail(.tooLarge(script.site.contentByteLimit))
            return content.count
        }
        do throws(SystemError) {
            try file.append(content)
        } catch {
            fail(.badGateway("could not be started: its content could not be kept in \(script.site.temporaryDirectory) (\(error))"))
        }
        return content.count
    }

    private func write(_ content: Span<UInt8>, to process: ScriptProcess) -> Int {
        guard let count = process.write(content) else {
            // It has closed its standard input: it may, and the rest is read for nobody.
            takesContent = false
            isGlutted = false
            return content.count
        }
        isGlutted = count == 0
        if count > 0 { lastProgress = now }
        return count
    }

    // MARK: Turns

    func advance(_ now: Int64) {
        self.now = now
        switch phase {
        case .queued(let ticket):
            if let place = ticket.takePlace() {
                start(place)
            } else if now >= queueEnd {
                script.places.cancel(ticket)
                fail(.busy("was not started: no other script ended within \(script.site.queueTime)"))
            }
        case .header(let process):
            readMessages(process)
            readHeader(process)
            checkTime(process)
        case .content(let process):
            readMessages(process)
            process.checkEnd()
            checkTime(process)
        case .redirected(let exchange):
            exchange.advance(now)
            response = exchange.response
        case .collecting, .over: break
        }
    }

    func conclude() {
        isConcluded = true
        if case .redirected(let exchange) = phase { exchange.conclude() }
    }

    var waits: [Wait] {
        switch phase {
        case .collecting, .over: return []
        case .queued(let ticket): return [Wait(ticket.descriptor, for: .reading)]
        case .redirected(let exchange): return exchange.waits
        case .header(let process), .content(let process):
            var waits: [Wait] = []
            if isStarved, let output = process.outputDescriptor { waits.append(Wait(output, for: .reading)) }
            if isGlutted, let input = process.inputDescriptor { waits.append(Wait(input, for: .writing)) }
            if let messages = process.messagesDescriptor { waits.append(Wait(messages, for: .reading)) }
            if let exit = process.exitDescriptor { waits.append(Wait(exit, for: .reading)) }
            return waits
        }
    }

    var deadline: Int64? {
        switch phase {
        case .collecting, .over: return nil
        case .queued: return queueEnd
        case .redirected(let exchange): return exchange.deadline
        case .header, .content: return min(totalEnd, silenceEnd ?? .max, verdictTime ?? .max)
        }
    }

    private var queueEnd: Int64 { request.arrival + script.site.queueTime.nanoseconds }
    private var totalEnd: Int64 { startTime + script.site.totalTime.nanoseconds }

    /// When the script has been silent for too long; nil while it is not the script that is waited for.
    private var silenceEnd: Int64? {
        let isWaitedFor = isGlutted || isStarved && (isContentComplete || !takesContent)
        return isWaitedFor ? lastProgress + script.site.timeout.nanoseconds : nil
    }

    private func checkTime(_ process: ScriptProcess) {
        if case .over = phase { return }
        if now >= totalEnd {
            fail(.late("ran for longer than \(script.site.totalTime) and was ended"), process)
        } else if let silenceEnd, now >= silenceEnd {
            let deed = isGlutted ? "took no content" : response == nil ? "wrote no header" : "wrote nothing"
            fail(.late("\(deed) for \(script.site.timeout) and was ended"), process)
        }
    }

    private func readMessages(_ process: ScriptProcess) {
        guard process.messagesDescriptor != nil else { return }
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        // Bounded, so that who floods the log does not hold up others.
        for _ in 0..<8 {
            var room = buffer.mutableSpan
            guard case .bytes(let count) = process.readMessages(into: &room) else { break }
            messages.take(buffer.span.extracting(0..<count), script.report)
        }
        if process.messagesDescriptor == nil { messages.finish(script.report) }
    }

    // MARK: The header

    private func readHeader(_ process: ScriptProcess) {
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        while case .header = phase {
            process.checkEnd()
            var room = buffer.mutableSpan
            switch process.read(into: &room) {
            case .bytes(let count):
                lastProgress = now
                written.append(buffer.span.extracting(0..<count))
                outputByteCount += count
                parseHeader(process)
            case .notYet: return
            case .end:
                endHeader(process)
                return
            }
        }
    }

    private func parseHeader(_ process: ScriptProcess) {
        do throws(ScriptHeader.Mistake) {
            if script.isVerbatim {
                guard let status = try VerbatimHead.status(of: written.span) else { return }
                var response = Response(status, content: .stream(length: nil))
                response.isVerbatim = true
                begin(response, process)
            } else if let (header, byteCount) = try ScriptHeader.parse(written.span, from: &headerLineStart) {
                sentByteCount = byteCount
                answer(header, process)
            }
        } catch {
            fail(.badGateway("wrote a bad header: \(error.text)"), process)
        }
    }

    /// The script's output has ended within its header.
    private func endHeader(_ process: ScriptProcess) {
        guard let ending = process.ending else {
            // Whether it crashed is worth waiting for.
            if let verdictTime {
                if now < verdictTime { return }
            } else {
                verdictTime = now + Self.verdictWait
                return
            }
            return fail(.badGateway("closed its output before its header was complete"), process)
        }
        readMessages(process)
        let what = written.isEmpty ? "without writing a header" : "before its header was complete"
        fail(.badGateway("ended \(what) (\(ScriptEnding.text(ending)))"), process)
    }

    private func answer(_ header: ScriptHeader, _ process: ScriptProcess) {
        guard let location = header.location, header.status == nil else {
            var response = Response(
                header.status ?? .ok, fields: header.fields, content: .stream(length: header.contentLength))
            if let location = header.location { response.fields.append("Location", location) }
            return begin(response, process)
        }
        if location[0] == ASCII.slash, location.count == 1 || location[1] != ASCII.slash {
            return redirect(to: location, header, process)
        }
        var response = Response(.found, fields: header.fields, content: .stream(length: header.contentLength))
        if !header.hasContentType {
            // A redirection without a document: the server writes one.
            let page = Response.redirect(.found, to: location)
            response.content = page.content
            response.fields.append("Content-Type", "text/html; charset=utf-8")
        }
        response.fields.append("Location", location)
        begin(response, process)
    }

    private func begin(_ response: Response, _ process: ScriptProcess) {
        phase = .content(process)
        isStarved = false
        self.response = response
    }

    /// RFC 3875 §6.2.2: the answer is what another resource of this site answers.
    private func redirect(to location: [UInt8], _ header: ScriptHeader, _ process: ScriptProcess) {
        isConcluded = true
        leave(process)
        isConcluded = false
        phase = .over
        let target = location.prefix { $0 != UInt8(ascii: "#") }
        guard target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return fail(.badGateway("redirects to a path with characters that must be percent-encoded"))
        }
        if !header.fields.isEmpty {
            script.report("fields beside a local redirection are dropped (RFC 3875 section 6.2.2)")
        }
        switch script.redirect(request.redirected(to: [UInt8](target))) {
        case .complete(let response): self.response = response
        case .exchange(let exchange):
            phase = .redirected(exchange)
            exchange.endContent()
            exchange.advance(now)
            response = exchange.response
        case nil: fail(.badGateway("redirects once more after \(ScriptRun.redirectionLimit) redirections within one request"))
        }
    }

    // MARK: Content

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        switch phase {
        case .redirected(let exchange): return exchange.produce(into: &room)
        case .content(let process): return produce(from: process, into: &room)
        case .collecting, .queued, .header, .over:
            return failure.map { .failed(script.sentence($0.reason)) } ?? .end
        }
    }

    private func produce(from process: ScriptProcess, into room: inout MutableSpan<UInt8>) -> Production {
        if sentByteCount < written.count {
            let count = min(room.count, written.count - sentByteCount)
            room.copy(from: written.span.extracting(sentByteCount..<sentByteCount + count), at: 0)
            sentByteCount += count
            if sentByteCount == written.count {
                written = []
                sentByteCount = 0
            }
            return .bytes(count)
        }
        let wasStarved = isStarved
        isStarved = false
        switch process.read(into: &room) {
        case .bytes(let count):
            lastProgress = now
            outputByteCount += count
            if let limit = script.site.outputByteLimit, outputByteCount > limit {
                return end(process, .failed(script.sentence("wrote more than \(limit) bytes and was ended")))
            }
            return .bytes(count)
        case .notYet:
            // Until now it was the client that was waited for.
            if !wasStarved { lastProgress = now }
            isStarved = true
            return .notYet
        case .end: return verdict(process)
        }
    }

    /// The output has ended: whether it is whole depends on how the script has ended.
    private func verdict(_ process: ScriptProcess) -> Production {
        process.checkEnd()
        guard let ending = process.ending else {
            if let verdictTime, now >= verdictTime { return end(process, .end, isFinished: true) }
            if verdictTime == nil { verdictTime = now + Self.verdictWait }
            return .notYet
        }
        readMessages(process)
        messages.finish(script.report)
        switch ending {
        case .exited(let status):
            if status != 0 { script.note("ended with exit status \(status)") }
            return end(process, .end, isFinished: true)
        case .killed:
            return end(process, .failed(script.sentence("was ended by \(ScriptEnding.text(ending))")))
        }
    }

    private func end(
        _ process: ScriptProcess, _ production: Production, isFinished: Bool = false
    ) -> Production {
        isConcluded = isFinished
        leave(process)
        phase = .over
        return production
    }

    // MARK: Ending

    /// Lets go of the script: one that has given its whole answer may finish, any other is ended.
    private func leave(_ process: ScriptProcess) {
        messages.finish(script.report)
        process.leave(to: script.reaper, patience: isConcluded ? .untilFinished(script.site.timeout) : .none)
    }

    private func fail(_ failure: ScriptFailure, _ process: ScriptProcess? = nil) {
        if let process {
            readMessages(process)
            leave(process)
        }
        phase = .over
        isStarved = false
        isGlutted = false
        verdictTime = nil
        self.failure = failure
        // A response that has begun is cut short, which its connection reports.
        guard response == nil else { return }
        response = script.response(failure)
        if !isContentComplete { response?.closesConnection = request.content != .none }
    }
}

/// Request content that waits in a file until it is whole.
final class UnnamedContent {
    private let file: UnnamedFile
    private(set) var byteCount = 0

    init(in directory: String) throws(SystemError) {
        file = try UnnamedFile(in: directory)
    }

    var descriptor: CInt { file.descriptor.number }

    func append(_ bytes: Span<UInt8>) throws(SystemError) {
        try file.append(bytes)
        byteCount += bytes.count
    }

    func rewind() throws(SystemError) {
        try file.rewind()
    }
}

/// The beginning of a message that a script writes all by itself (nph-, RFC 3875 §5).
enum VerbatimHead {
    private static let lineByteLimit = 8 * 1024

    /// The status in the first line; nil while the line is incomplete.
    static func status(of bytes: Span<UInt8>) throws(ScriptHeader.Mistake) -> StatusCode? {
        guard let end = bytes.firstIndex(of: ASCII.lineFeed) else {
            guard bytes.count < lineByteLimit else {
                throw ScriptHeader.Mistake("its first line has no end within \(lineByteLimit) bytes")
            }
            return nil
        }
        let line = bytes.extracting(0..<end)
        guard line.count >= 12, line.hasPrefix("HTTP/1."), ASCII.isDigit(line[7]), line[8] == ASCII.space,
            (9...11).allSatisfy({ ASCII.isDigit(line[$0]) })
        else { throw ScriptHeader.Mistake("its first line is no status line (its name begins with nph-)", line: line) }
        let code = (9...11).reduce(0) { $0 * 10 + Int(line[$1] - ASCII.zero) }
        guard (100...599).contains(code) else {
            throw ScriptHeader.Mistake("the status in its first line is not between 100 and 599", line: line)
        }
        return StatusCode(rawValue: code)
    }
}
