/// Who is at the other end of a connection, and what protects it. Made once for each connection.
package final class Peer: Sendable {
    /// The client's address without its port: "192.0.2.1".
    package let address: String
    package let port: UInt16
    /// The connection's number within its worker, for logs.
    package let connectionNumber: Int
    /// "TLSv1.3"; nil where the connection is not encrypted.
    package let protocolVersion: String?
    /// OpenSSL's name of the cipher suite.
    package let cipher: String?
    package let isResumed: Bool
    /// The server name the client asked for (SNI).
    package let serverName: String?
    /// The address and port that the client reached; nil and 0 where nobody asked for them.
    package let serverAddress: String?
    package let serverPort: UInt16
    /// Nil where the client showed no certificate, or was not asked for one.
    package let clientCertificate: ClientCertificate?

    /// Nobody yet: for a connection whose handshake is not over.
    package static let unknown = Peer(address: "-", port: 0)

    package init(
        address: String, port: UInt16, connectionNumber: Int = 0, protocolVersion: String? = nil,
        cipher: String? = nil, isResumed: Bool = false, serverName: String? = nil,
        serverAddress: String? = nil, serverPort: UInt16 = 0,
        clientCertificate: ClientCertificate? = nil
    ) {
        self.address = address
        self.port = port
        self.connectionNumber = connectionNumber
        self.protocolVersion = protocolVersion
        self.cipher = cipher
        self.isResumed = isResumed
        self.serverName = serverName
        self.serverAddress = serverAddress
        self.serverPort = serverPort
        self.clientCertificate = clientCertificate
    }
}
