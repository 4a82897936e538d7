import Bytes
import HTTP1
import Logging
import POSIX
import TLS

/// What a connection uses during its turn and leaves behind empty: the buffers of the worker, and what its connections share.
final class Workbench {
    let limits: Limits
    let context: TLSContext
    let transport: Transport
    let service: HTTP1Service
    let logger: Logger
    /// Lent to the connection whose turn it is; an idle connection owns no buffers.
    var input = ByteQueue(capacity: Limits.inputByteCount)
    var output = ByteQueue(capacity: HTTP1Service.outputByteCount + 16 * 1024)
    /// The moment at which the current round of turns began.
    var now: MonotonicTime {
        didSet { service.now = now.nanoseconds }
    }

    init(limits: Limits, context: TLSContext, service: HTTP1Service, logger: Logger) throws(TLSError) {
        self.limits = limits
        self.context = context
        self.service = service
        self.logger = logger
        transport = try Transport()
        now = .now
        service.now = now.nanoseconds
    }
}
