import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// One request to a script and its answer (RFC 3875 §6): from its position in the queue to the end of its response.
final class CGIExchange: Exchange {
    private enum Phase {
        /// Content is waited for, in memory: it may be whole before there is more of it than is kept there.
        case buffering(BufferedContent)
        /// Content is spooled: its length is unknown and the script is to be told it, or the site wants it so.
        case spooling(SpooledContent)
        /// Every permit is given.
        case queued(ScriptPermits.QueueEntry)
        case running(RunningScript)
        /// The script has sent the request elsewhere in this site.
        case redirected(any Exchange)
        /// The script is not needed any more, or was never started.
        case over
    }

    private let request: Request
    private let run: ScriptRun
    private var phase = Phase.over
    private(set) var response: Response?
    /// Why there is no more after what was sent of the response.
    private var failure: ScriptFailure?
    private var now: MonotonicTime
    /// When it began to wait for a permit: at once, or when its content had been spooled.
    private var queueStart: MonotonicTime
    /// What waits for the script to be started.
    private var spooled: SpooledContent?
    private var buffered: BufferedContent?
    /// The permit that the script has, as long as it has one.
    private weak var permit: ScriptPermits.Permit?
    private var isContentComplete = false

    init(_ request: Request, _ run: ScriptRun) {
        self.request = request
        self.run = run
        now = request.arrival
        queueStart = now
        if request.content == .none {
            enter()
        } else if run.site.spoolsContent {
            beginCollecting()
        } else {
            phase = .buffering(BufferedContent(run.memory, for: address))
        }
    }

    deinit {
        switch phase {
        case .queued(let entry): run.permits.cancel(entry)
        case .running(let script): if !script.isFinished { permit?.end() }
        case .buffering, .spooling, .redirected, .over: break
        }
    }

    private var address: AddressBlock { request.peer?.addressBlock ?? .unknown }

    // MARK: Starting

    /// Starts the script if there is a permit for it, or queues for one.
    private func enter() {
        queueStart = now
        switch run.permits.request(for: address) {
        case .permit(let permit): start(permit)
        case .entry(let entry): phase = .queued(entry)
        case .full:
            fail(.busy("was not started: \(run.site.concurrency) scripts run, and more requests wait already"))
        }
    }

    private func start(_ permit: ScriptPermits.Permit) {
        var request = request
        var input = request.content == .none ? ScriptProcess.Input.none(run.nullInput) : .pipe
        if let spooled {
            request.content = .length(spooled.byteCount)
            input = .file(spooled.descriptor)
        } else if isContentComplete, let buffered {
            request.content = .length(buffered.byteCount)
        }
        do throws(ScriptFailure) {
            // The content's room is occupied for as long as the script may read it, and its permit.
            let occupied: [AnyObject] = [permit] + [spooled].compactMap { $0 }
            let process = try run.start(request, input, occupying: occupied, at: now)
            self.permit = permit
            spooled = nil
            let script = RunningScript(process, run, buffered.take(), at: now)
            phase = .running(script)
            if isContentComplete { script.endContent() }
        } catch {
            fail(error)
        }
    }

    // MARK: The request's content

    var contentNeed: ContentNeed {
        switch phase {
        case .buffering, .spooling: .now
        case .queued: .later
        case .running(let script): script.takesContent ? .now : .never
        case .redirected, .over: .never
        }
    }

    func receive(_ content: Span<UInt8>) -> Int {
        switch phase {
        case .buffering(let buffered): return buffer(content, buffered)
        case .spooling(let spooled): return spool(content, spooled)
        case .queued: return 0
        case .running(let script): return script.receive(content)
        case .redirected, .over: return content.count
        }
    }

    func endContent() {
        isContentComplete = true
        switch phase {
        case .buffering(let buffered):
            self.buffered = buffered
            enter()
        case .spooling(let spooled):
            do throws(SystemError) {
                try spooled.rewind()
                self.spooled = spooled
                enter()
            } catch {
                fail(ScriptFailure(keeping: error, in: run.site.temporaryDirectory))
            }
        case .running(let script): script.endContent()
        case .queued, .redirected, .over: break
        }
    }

    private func buffer(_ content: Span<UInt8>, _ buffered: BufferedContent) -> Int {
        guard buffered.byteCount + content.count <= run.site.contentByteLimit else {
            fail(.tooLarge(run.site.contentByteLimit))
            return content.count
        }
        let count = buffered.append(content)
        guard count < content.count else { return count }
        // There is more than may wait in memory. The script gets it as it comes, if it can be told how much it is.
        if request.content == .unknownLength {
            beginCollecting()
            if case .spooling(let spooled) = phase { buffered.drain { spool($0, spooled) } }
        } else {
            self.buffered = buffered
            enter()
        }
        return count + receive(content.extracting(count...))
    }

    private func beginCollecting() {
        do throws(SystemError) {
            if let content = try run.spoolBudget.open(for: request.content, in: run.site.temporaryDirectory) {
                phase = .spooling(content)
            } else {
                fail(.busy("was not started: as much content as may is on its way to other scripts"))
            }
        } catch {
            fail(ScriptFailure(keeping: error, in: run.site.temporaryDirectory))
        }
    }

    private func spool(_ content: Span<UInt8>, _ spooled: SpooledContent) -> Int {
        guard spooled.byteCount + content.count <= run.site.contentByteLimit else {
            fail(.tooLarge(run.site.contentByteLimit))
            return content.count
        }
        do throws(SystemError) {
            if try !spooled.append(content) {
                fail(.busy("was not started: with its content there would be more than may wait in files"))
            }
        } catch {
            fail(ScriptFailure(keeping: error, in: run.site.temporaryDirectory))
        }
        return content.count
    }

    // MARK: Turns

    func advance(_ now: MonotonicTime) {
        self.now = now
        switch phase {
        case .queued(let entry):
            if let permit = entry.takePermit() {
                start(permit)
            } else if entry.isLost {
                fail(.busy("was not started: others wait as well, and its client has more requests that wait"))
            } else if now >= queueEnd {
                run.permits.cancel(entry)
                fail(.busy("was not started: no other script ended within \(run.site.queueTime)"))
            }
        case .running(let script):
            do throws(ScriptFailure) {
                if let head = try script.advance(now) { answer(head, script) }
            } catch {
                fail(error)
            }
        case .redirected(let exchange):
            exchange.advance(now)
            response = exchange.response
        case .buffering, .spooling, .over: break
        }
    }

    func giveUp(_ now: MonotonicTime) -> Bool {
        switch phase {
        case .running(let script):
            do throws(ScriptFailure) {
                try script.checkTime()
                return false
            } catch {
                fail(error)
                return true
            }
        case .redirected(let exchange):
            guard exchange.giveUp(now) else { return false }
            response = exchange.response
            return true
        case .buffering, .spooling, .queued, .over: return false
        }
    }

    func conclude() {
        switch phase {
        case .running(let script): script.finish()
        case .redirected(let exchange): exchange.conclude()
        case .buffering, .spooling, .queued, .over: break
        }
    }

    var waits: [Wait] {
        switch phase {
        case .buffering, .spooling, .over: []
        // Behind it stand others, who would wait for a permit that it does not take.
        case .queued(let entry): [Wait(entry.descriptor, for: .reading, isUrgent: true)]
        case .running(let script): script.waits
        case .redirected(let exchange): exchange.waits
        }
    }

    var deadline: MonotonicTime? {
        switch phase {
        case .buffering, .spooling, .over: nil
        case .queued: queueEnd
        case .running(let script): script.deadline
        case .redirected(let exchange): exchange.deadline
        }
    }

    var hasUrgentDeadline: Bool {
        switch phase {
        case .queued: true
        case .running(let script): script.hasReaderDeadline
        case .redirected(let exchange): exchange.hasUrgentDeadline
        case .buffering, .spooling, .over: false
        }
    }

    private var queueEnd: MonotonicTime { queueStart + Interval(run.site.queueTime) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        switch phase {
        case .running(let script): return script.produce(into: &room)
        case .redirected(let exchange): return exchange.produce(into: &room)
        case .buffering, .spooling, .queued, .over: return failure.map { .failed(run.sentence($0.reason)) } ?? .end
        }
    }

    // MARK: The answer

    private func answer(_ head: RunningScript.Head, _ script: RunningScript) {
        switch head {
        case .verbatim(let status):
            var response = Response(status, content: .stream(length: nil))
            response.isVerbatim = true
            self.response = response
        case .header(let header):
            guard let location = header.localLocation else {
                response = header.response
                return
            }
            script.finish()
            permit = nil
            redirect(to: location)
        }
    }

    /// The answer is what another resource of this site answers.
    private func redirect(to location: [UInt8]) {
        let target = location.prefix { $0 != UInt8(ascii: "#") }
        var redirected = request.redirected(to: [UInt8](target))
        // Its time begins now, whatever this script has taken.
        redirected.arrival = now
        redirected.logIdentifier = run.identifier
        switch run.redirect(redirected) {
        case .complete(let response):
            phase = .over
            self.response = response
        case .prepared(let prepared, let user):
            phase = .over
            response = prepared.response(for: user)
        case .exchange(let exchange):
            phase = .redirected(exchange)
            exchange.endContent()
            exchange.advance(now)
            response = exchange.response
        case nil:
            fail(.badGateway("redirects once more after \(ScriptRun.redirectionLimit) redirections in one request"))
        }
    }

    private func fail(_ failure: ScriptFailure) {
        phase = .over
        buffered = nil
        permit?.end()
        self.failure = failure
        // A response that has begun is cut short, which its connection reports.
        guard response == nil else { return }
        response = run.response(failure)
        if !isContentComplete { response?.closesConnection = request.content != .none }
    }
}
