import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

/// What a connection uses during its turn and leaves behind empty: the buffers of the worker, and what its connections share.
final class WorkerContext {
    let limits: Limits
    private(set) var timeouts: ProgressDeadline.Timeouts
    private(set) var parts: WorkerParts
    let transport: Transport
    let service: HTTPService
    let logger: Logger
    /// Lent to the connection whose turn it is; an idle connection owns no buffers.
    var input = ByteQueue(capacity: Limits.inputByteCount)
    var output = ByteQueue(capacity: HTTPService.outputByteCount + 32 * 1024)
    /// The moment at which the current round of turns began.
    var now: MonotonicTime {
        didSet { service.moment.now = now }
    }

    init(
        limits: Limits, parts: WorkerParts, journal: any ExchangeJournal, logger: Logger, loop: any ExchangeLoop
    ) throws(TLSError) {
        self.limits = limits
        timeouts = ProgressDeadline.Timeouts(limits)
        self.parts = parts
        service = HTTPService(responder: parts.responder, journal: journal, loop: loop)
        self.logger = logger
        transport = try Transport()
        now = .now
        service.moment.now = now
    }

    /// New connections and requests get these; what is in progress keeps what it has.
    func replace(_ parts: WorkerParts) {
        self.parts = parts
        service.responder = parts.responder
    }

    /// From now on responses end their connections, and so does silence before a first request, after a short while.
    func beginDraining() {
        service.isDraining = true
        timeouts.idle = min(timeouts.idle, Interval(limits.firstRequest))
        timeouts.head = min(timeouts.head, Interval(limits.firstRequest))
    }
}
