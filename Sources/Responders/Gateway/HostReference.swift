import MartinetEvents
import MartinetHTTP

/// An exchange's host, shared by what the exchange is made of: all register with it what they wait for.
final class HostReference {
    private var host: ExchangeHost

    init(_ host: consuming ExchangeHost) {
        self.host = host
    }

    var now: MonotonicTime { host.now }
    var waker: Waker { host.waker }

    func watch(_ descriptor: CInt?, for directions: Readiness) {
        if let descriptor { host.watch(descriptor, for: directions) }
    }

    func forget(_ descriptor: CInt?) {
        if let descriptor { host.forget(descriptor) }
    }

    func setDeadline(_ time: MonotonicTime) { host.setDeadline(time) }
}
