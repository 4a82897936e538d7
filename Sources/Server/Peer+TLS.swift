import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

extension Peer {
    /// - Parameters:
    ///   - local: the address that the client reached; nil where nobody asks for it.
    ///   - session: nil where plain HTTP is spoken.
    convenience init(
        _ address: SocketAddress, connectionNumber: Int, local: SocketAddress?, _ session: TLSSession?
    ) {
        self.init(
            address: address.hostText, port: address.port, addressBlock: AddressBlock(address),
            connectionNumber: connectionNumber,
            protocolVersion: session?.protocolVersion, cipher: session?.cipher,
            isResumed: session?.isResumed ?? false, serverName: session?.serverName,
            serverAddress: local?.hostText, serverPort: local?.port ?? 0,
            clientCertificate: session?.clientCertificate.map { ClientCertificate($0) })
    }
}
