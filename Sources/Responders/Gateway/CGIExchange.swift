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
        /// The script is not needed any more, or was never started.
        case over
    }

    private let request: Request
    private let run: ScriptRun
    private var phase = Phase.over
    private var host: HostReference?
    /// The head, once it is known.
    private var response: Response?
    /// Why there is no more after what was sent of the response.
    private var failure: ScriptFailure?
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
        queueStart = request.arrival
    }

    func begin(_ host: consuming ExchangeHost) {
        self.host = HostReference(host)
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
        case .buffering, .spooling, .over: break
        }
    }

    private var now: MonotonicTime { host?.now ?? request.arrival }

    private var address: AddressBlock { request.peer?.addressBlock ?? .unknown }

    // MARK: Starting

    /// Starts the script if there is a permit for it, or queues for one.
    private func enter() {
        guard let host else { return }
        queueStart = now
        // Who comes from another script has had its turn.
        switch run.permits.request(for: address, isContinuing: request.redirectionCount > 0, host.waker) {
        case .permit(let permit): start(permit)
        case .entry(let entry):
            phase = .queued(entry)
            host.setDeadline(queueEnd)
        case .full:
            fail(.busy("was not started: \(run.site.concurrency) scripts run, and more requests wait already"))
        }
    }

    private func start(_ permit: ScriptPermits.Permit) {
        guard let host else { return }
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
            let process = try run.start(request, input, host, occupying: occupied, at: now)
            self.permit = permit
            spooled = nil
            let script = RunningScript(process, run, host, buffered.take())
            phase = .running(script)
            if isContentComplete || request.content == .none { script.endContent() }
        } catch {
            fail(error)
        }
    }

    // MARK: The request's content

    var contentNeed: ContentNeed {
        switch phase {
        case .buffering, .spooling: .now
        case .queued: .later
        case .running(let script): self.request.content != .none && script.takesContent ? .now : .never
        case .over: .never
        }
    }

    func receive(_ content: Span<UInt8>) -> Int {
        switch phase {
        case .buffering(let buffered): return buffer(content, buffered)
        case .spooling(let spooled): return spool(content, spooled)
        case .queued: return 0
        case .running(let script): return script.receive(content)
        case .over: return content.count
        }
    }

    private func endContent() {
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
        case .queued, .over: break
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

    // MARK: Events

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .contentEnded: return endContent()
        case .completed:
            if case .running(let script) = phase { script.finish() }
            return
        case .ready, .deadline, .woken, .clientEnded, .draining: break
        }
        switch phase {
        case .queued(let entry): checkQueue(entry)
        case .running(let script):
            do throws(ScriptFailure) {
                try script.handle(event)
            } catch {
                fail(error)
            }
        case .buffering, .spooling, .over: break
        }
    }

    private func checkQueue(_ entry: ScriptPermits.QueueEntry) {
        if let permit = entry.takePermit() {
            start(permit)
        } else if entry.isLost {
            fail(.busy("was not started: others wait as well, and its client has more requests that wait"))
        } else if now >= queueEnd {
            run.permits.cancel(entry)
            fail(.busy("was not started: no other script ended within \(run.site.queueTime)"))
        }
    }

    private var queueEnd: MonotonicTime { queueStart + Interval(run.site.queueTime) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        switch phase {
        case .running(let script): return script.produce(into: &room)
        case .buffering, .spooling, .queued, .over: return failure.map { .failed(run.sentence($0.reason)) } ?? .end
        }
    }

    // MARK: The answer

    func head() -> HeadStep {
        if case .running(let script) = phase, response == nil {
            do throws(ScriptFailure) {
                if let head = try script.head(), let answer = answer(head, script) { return .replaced(answer) }
            } catch {
                fail(error)
            }
        }
        return response.map { .final($0) } ?? .notYet
    }

    /// - Returns: another answer in place of this one.
    private func answer(_ head: RunningScript.Head, _ script: RunningScript) -> Answer? {
        switch head {
        case .verbatim(let status):
            var response = Response(status, content: .stream(length: nil))
            response.isVerbatim = true
            self.response = response
        case .header(let header):
            guard let location = header.localLocation else {
                response = header.response
                return nil
            }
            script.finish()
            permit = nil
            return redirect(to: location)
        }
        return nil
    }

    /// The answer is what another resource of this site answers.
    private func redirect(to location: [UInt8]) -> Answer? {
        let target = location.prefix { $0 != UInt8(ascii: "#") }
        var redirected = request.redirected(to: [UInt8](target))
        // Its time begins now, whatever this script has taken.
        redirected.arrival = now
        redirected.logIdentifier = run.identifier
        if let answer = run.redirect(redirected) { return answer }
        fail(.badGateway("redirects once more after \(ScriptRun.redirectionLimit) redirections in one request"))
        return nil
    }

    private func fail(_ failure: ScriptFailure) {
        phase = .over
        buffered = nil
        host?.setDeadline(.distantFuture)
        permit?.end()
        self.failure = failure
        // A response that has begun is cut short, which its connection reports.
        guard response == nil else { return }
        response = run.response(failure)
        if !isContentComplete { response?.closesConnection = request.content != .none }
    }
}
