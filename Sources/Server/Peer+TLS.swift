import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

extension Peer {
    /// - Parameters:
    ///   - local: the address that the client reached; nil where nobody asks for it.
    ///   - session: nil where plain HTTP is spoken.
    convenience init(_ address: SocketAddress, local: SocketAddress?, _ session: TLSSession?) {
        self.init(
            address: address.hostText, port: address.port, addressBlock: AddressBlock(address),
            localAddress: local.map { LocalAddress(host: $0.hostText, port: $0.port) },
            session: session.map { Session($0) })
    }
}

extension Peer.Session {
    fileprivate init(_ session: TLSSession) {
        self.init(
            protocolVersion: session.protocolVersion, cipher: session.cipher, isResumed: session.isResumed,
            serverName: session.serverName,
            clientCertificate: session.clientCertificate.map { ClientCertificate($0) })
    }
}
