package import MartinetPOSIX

/// A socket that a worker accepts connections from. A class, since an array cannot hold a noncopyable value.
package final class Listener {
    /// Nil when it is closed.
    private var socket: ListeningSocket?
    /// Where it listens.
    let address: SocketAddress
    /// Whether it is for plain HTTP.
    let isPlain: Bool
    /// To be polled for reading while it is open.
    let descriptor: CInt

    package init(_ socket: consuming ListeningSocket, isPlain: Bool = false) {
        address = socket.address
        descriptor = socket.descriptor.number
        self.isPlain = isPlain
        self.socket = consume socket
    }

    /// The next connection; nil when none is waiting.
    func accept() throws(SystemError) -> AcceptedSocket? {
        switch socket {
        case .some(let open): try open.accept()
        case .none: nil
        }
    }

    /// Whoever else refers to it, it listens no longer.
    func close() {
        socket = nil
    }
}
