package import MartinetPOSIX

/// What a `TLSContext` is made from. It holds private keys as text, so that a worker needs no right to read their files.
///
/// Encoded, it is without its secrets: these go by themselves (`keys`, `ticketKeys`), into memory that is wiped.
package struct TLSConfiguration: Codable, Sendable {
    /// A certificate with its chain and key, and what to call it in a message.
    package struct Identity: Codable, Sendable {
        /// Where the chain came from: a path.
        package var source: String
        /// PEM: the server's certificate first, then its intermediates.
        package var chain: [UInt8]
        /// PEM: the private key, not encrypted.
        package var key = SecretBytes([UInt8]())

        package init(source: String, chain: [UInt8], key: SecretBytes) {
            self.source = source
            self.chain = chain
            self.key = key
        }

        private enum CodingKeys: String, CodingKey {
            case source, chain
        }
    }

    package enum Version: String, Codable, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// That clients are asked for a certificate, and whose is taken.
    package struct ClientAuthentication: Codable, Sendable {
        /// Where the authorities came from: a path.
        package var source: String
        /// PEM: the certificates of all authorities.
        package var authorities: [UInt8]
        /// Whether a client without a certificate is refused. One whose certificate is no good always is.
        package var isRequired: Bool

        package init(source: String, authorities: [UInt8], isRequired: Bool) {
            self.source = source
            self.authorities = authorities
            self.isRequired = isRequired
        }
    }

    /// The first is the default, shown to clients that name no server or one that nobody here has.
    package var identities: [Identity]
    package var minimumVersion: Version
    /// Nil for a context that makes its own.
    package var ticketKeys: TicketKeys?
    /// The file that gets the secrets of every session (SSLKEYLOGFILE); nil for none.
    package var keyLogPath: String?
    /// Nil where clients are not asked who they are.
    package var clientAuthentication: ClientAuthentication?

    package init(
        identities: [Identity], minimumVersion: Version = .tls12, ticketKeys: TicketKeys? = nil,
        keyLogPath: String? = nil,
        clientAuthentication: ClientAuthentication? = nil
    ) {
        self.identities = identities
        self.minimumVersion = minimumVersion
        self.ticketKeys = ticketKeys
        self.keyLogPath = keyLogPath
        self.clientAuthentication = clientAuthentication
    }

    private enum CodingKeys: String, CodingKey {
        case identities, minimumVersion, keyLogPath, clientAuthentication
    }

    /// The private keys, in the order of the identities.
    package var keys: [SecretBytes] {
        get { identities.map(\.key) }
        set { for (index, key) in zip(identities.indices, newValue) { identities[index].key = key } }
    }
}
