import MartinetEvents
import MartinetHTTP

/// An exchange's host, which the exchange lends to those who work for it.
final class HostBox {
    var host: ExchangeHost

    init(_ host: consuming ExchangeHost) {
        self.host = host
    }
}

/// Descriptors that may be closed already.
extension ExchangeHost {
    mutating func watch(ifOpen descriptor: CInt?, for directions: Readiness) {
        if let descriptor { watch(descriptor, for: directions) }
    }

    mutating func forget(ifOpen descriptor: CInt?) {
        if let descriptor { forget(descriptor) }
    }
}
