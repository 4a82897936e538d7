import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// One request to what stands behind a gateway, and its answer: from the first of its content and its position in the queue to
/// the end of its response.
final class GatewayExchange: Exchange {
    private enum Phase {
        /// Content is waited for: in memory, since it may be whole before there is more of it than is kept there, or in a file,
        /// since its length is unknown and the backend is to be told it, or all of it is to be waited for.
        case buffering(ContentBuffer)
        /// Every permit is given.
        case queued(GatewayPermits.QueueEntry)
        case running(RunningBackend)
        /// The backend is not needed any more, or was never begun.
        case over
    }

    /// Local redirections within one request: as many as Apache httpd allows.
    private static let redirectionLimit = 10

    private let request: Request
    private let origin: any GatewayOrigin
    private let gateway: Gateway
    private let log: GatewayLog
    private let router: any Responder
    private var phase = Phase.over
    private var box: HostBox?
    /// The head, once it is known.
    private var response: Response?
    /// Why there is no more after what was sent of the response.
    private var failure: GatewayFailure?
    /// When it began to wait for a permit: at once, or when its content had come.
    private var queueStart: MonotonicTime
    /// What has come of its content, once it is not waited for any more.
    private var content: ContentBuffer?
    /// The permit that the backend has, as long as it has one.
    private weak var permit: GatewayPermits.Permit?
    private var isContentComplete = false

    /// - Parameter router: where local redirections go.
    init(
        _ request: Request, _ origin: any GatewayOrigin, _ gateway: Gateway, _ log: GatewayLog, router: any Responder
    ) {
        self.request = request
        self.origin = origin
        self.gateway = gateway
        self.log = log
        self.router = router
        queueStart = request.arrival
    }

    func begin(_ host: consuming ExchangeHost) {
        box = HostBox(host)
        guard request.content != .none else { return enter() }
        let buffer = ContentBuffer(gateway.memory, for: address)
        phase = .buffering(buffer)
        guard gateway.settings.awaitsContent else { return }
        do throws(GatewayFailure) {
            try gateway.moveToFile(buffer, request.content)
        } catch {
            fail(error)
        }
    }

    deinit {
        switch phase {
        case .queued(let entry): gateway.permits.cancel(entry)
        case .running(let running):
            if !running.isFinished { permit?.end() }
            if let box { running.leave(&box.host) }
        case .buffering, .over: break
        }
    }

    private var now: MonotonicTime { box?.host.now ?? request.arrival }

    private var address: AddressBlock { request.peer?.addressBlock ?? .unknown }

    // MARK: Beginning

    /// Has the request answered if there is a permit for it, or queues for one.
    private func enter() {
        guard let box else { return }
        queueStart = now
        // Who was redirected here has had its turn.
        let isContinuing = request.redirectionCount > 0
        switch gateway.permits.request(for: address, isContinuing: isContinuing, box.host.waker) {
        case .permit(let permit): start(permit)
        case .entry(let entry):
            phase = .queued(entry)
            box.host.setDeadline(queueEnd)
        case .full:
            refuse("\(gateway.settings.concurrency) \(gateway.words.noun)s run, and more requests wait already")
        }
    }

    private func start(_ permit: GatewayPermits.Permit) {
        guard let box else { return }
        var request = request
        var passed = request.content == .none ? GatewayContent.none : .written
        // The content's room is occupied for as long as the backend may read it, and its permit.
        var occupied: [AnyObject] = [permit]
        do throws(GatewayFailure) {
            if isContentComplete, let content {
                request.content = .length(content.byteCount)
                if origin.readsFiles, let file = try gateway.file(of: content) {
                    passed = .file(file)
                    occupied.append(content)
                    self.content = nil
                }
            }
            let backend = try origin.begin(request, passed, occupying: occupied, &box.host)
            self.permit = permit
            let running = RunningBackend(backend, origin.form, gateway, log, content.take(), at: now)
            phase = .running(running)
            let isComplete = isContentComplete || request.content == .none
            try running.begin(isContentComplete: isComplete, &box.host)
        } catch {
            fail(error)
        }
    }

    // MARK: The request's content

    var contentNeed: ContentNeed {
        switch phase {
        case .buffering: .now
        case .queued: .later
        case .running(let running): self.request.content != .none && running.takesContent ? .now : .never
        case .over: .never
        }
    }

    func receive(_ content: Span<UInt8>) -> Int {
        switch phase {
        case .buffering(let buffer): return keep(content, buffer)
        case .queued: return 0
        case .running(let running):
            guard let box else { return 0 }
            do throws(GatewayFailure) {
                return try running.receive(content, &box.host)
            } catch {
                fail(error)
                return content.count
            }
        case .over: return content.count
        }
    }

    private func endContent() {
        isContentComplete = true
        switch phase {
        case .buffering(let buffer):
            content = buffer
            enter()
        case .running(let running): if let box { running.endContent(&box.host) }
        case .queued, .over: break
        }
    }

    private func keep(_ content: Span<UInt8>, _ buffer: ContentBuffer) -> Int {
        let count: Int
        do throws(GatewayFailure) {
            count = try gateway.keep(content, in: buffer)
            guard count < content.count else { return count }
            // There is more than may wait in memory. The backend gets it as it comes, if it can be told how much it is.
            if request.content == .unknownLength { try gateway.moveToFile(buffer, request.content) }
        } catch {
            fail(error)
            return content.count
        }
        if request.content != .unknownLength {
            self.content = buffer
            enter()
        }
        return count + receive(content.extracting(count...))
    }

    // MARK: Events

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .contentEnded: return endContent()
        case .completed:
            if case .running(let running) = phase { running.finish() }
            return
        case .ready, .deadline, .woken, .clientEnded, .draining: break
        }
        switch phase {
        case .queued(let entry): checkQueue(entry)
        case .running(let running):
            guard let box else { return }
            do throws(GatewayFailure) {
                try running.handle(event, &box.host)
            } catch {
                fail(error)
            }
        case .buffering, .over: break
        }
    }

    private func checkQueue(_ entry: GatewayPermits.QueueEntry) {
        if let permit = entry.takePermit() {
            start(permit)
        } else if entry.isLost {
            refuse("others wait as well, and its client has more requests that wait")
        } else if now >= queueEnd {
            gateway.permits.cancel(entry)
            refuse("no other \(gateway.words.noun) ended within \(gateway.settings.queueTime)")
        }
    }

    private var queueEnd: MonotonicTime { queueStart + Interval(gateway.settings.queueTime) }

    // MARK: The answer

    func head() -> HeadStep {
        if case .running(let running) = phase, response == nil, let box {
            do throws(GatewayFailure) {
                if let start = try running.start(&box.host), let answer = answer(start, running) {
                    return .replaced(answer)
                }
            } catch {
                fail(error)
            }
        }
        return response.map { .final($0) } ?? .notYet
    }

    /// - Returns: another answer in place of this one.
    private func answer(_ start: GatewayHead.Start, _ running: RunningBackend) -> Answer? {
        switch start {
        case .message(let status):
            response = Response(status, content: .message)
        case .header(let header):
            guard let location = header.localLocation else {
                response = header.response
                return nil
            }
            running.finish()
            permit = nil
            return redirect(to: location)
        }
        return nil
    }

    /// The answer is what another resource of this site answers.
    private func redirect(to location: [UInt8]) -> Answer? {
        let target = location.prefix { $0 != UInt8(ascii: "#") }
        var redirected = request.redirected(to: [UInt8](target))
        // Its time begins now, whatever this one has taken.
        redirected.arrival = now
        redirected.logIdentifier = log.identifier
        let limit = Self.redirectionLimit
        guard redirected.redirectionCount <= limit else {
            fail(.badGateway("redirects once more after \(limit) redirections in one request"))
            return nil
        }
        return router.open(redirected)
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        if case .running(let running) = phase, let box { return running.produce(into: &room, &box.host) }
        return failure.map { .failed(log.sentence($0.reason)) } ?? .end
    }

    // MARK: Failing

    private func refuse(_ reason: String) { fail(.busy("was not \(gateway.words.begun): \(reason)")) }

    private func fail(_ failure: GatewayFailure) {
        if case .running(let running) = phase, let box { running.leave(&box.host) }
        phase = .over
        content = nil
        box?.host.setDeadline(.distantFuture)
        permit?.end()
        self.failure = failure
        // A response that has begun is cut short, which its connection reports.
        guard response == nil else { return }
        response = log.response(failure)
        response?.stopsRequest = !isContentComplete && request.content != .none
    }
}
