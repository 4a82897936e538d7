import Logging
import MartinetBytes
package import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetTLS

/// Who answers plain HTTP.
package struct Redirects {
    /// To clients that speak it on a port that is for TLS.
    package let onTLSPort: any Responder
    /// To clients of a listener that is for it.
    package let onPlainPort: any Responder

    package init(onTLSPort: any Responder, onPlainPort: any Responder) {
        self.onTLSPort = onTLSPort
        self.onPlainPort = onPlainPort
    }
}

/// What a connection uses during its turn and leaves behind empty: the buffers of the worker, and what its connections share.
final class Workbench {
    let limits: Limits
    private(set) var times: Patience.Times
    let context: TLSContext
    let transport: Transport
    let service: HTTP1Service
    /// Where those are sent who speak plain HTTP: on a TLS port, and on a port of its own.
    let redirects: Redirects
    let logger: Logger
    /// Whether responders want to know the address that a client reached.
    let namesServer: Bool
    /// Lent to the connection whose turn it is; an idle connection owns no buffers.
    var input = ByteQueue(capacity: Limits.inputByteCount)
    var output = ByteQueue(capacity: HTTP1Service.outputByteCount + 32 * 1024)
    /// The moment at which the current round of turns began.
    var now: MonotonicTime {
        didSet { service.moment.now = now.nanoseconds }
    }

    init(
        limits: Limits, context: TLSContext, service: HTTP1Service, redirects: Redirects, logger: Logger,
        namesServer: Bool
    ) throws(TLSError) {
        self.limits = limits
        times = Patience.Times(limits)
        self.context = context
        self.service = service
        self.redirects = redirects
        self.logger = logger
        self.namesServer = namesServer
        transport = try Transport()
        now = .now
        service.moment.now = now.nanoseconds
    }

    /// From now on responses end their connections, and so does silence before a first request, after a short while.
    func beginDraining() {
        service.isDraining = true
        times.idle = min(times.idle, limits.firstRequest.nanoseconds)
        times.head = min(times.head, limits.firstRequest.nanoseconds)
    }
}
