import MartinetPOSIX

/// What a certificate is to be like that a development authority issues.
package struct CertificateTemplate: Equatable, Sendable {
    package enum KeyType: String, CaseIterable, Sendable {
        /// On P-256, which everything takes that speaks TLS 1.2.
        case ecdsa
        /// Of 2048 bits.
        case rsa
        case rsa3072 = "rsa:3072"
        case rsa4096 = "rsa:4096"

        /// Nil for ECDSA.
        var rsaBits: CUnsignedInt? {
            switch self {
            case .ecdsa: nil
            case .rsa: 2048
            case .rsa3072: 3072
            case .rsa4096: 4096
            }
        }
    }

    /// A common name has 64 characters at most (RFC 5280, ub-common-name).
    package static let commonNameLimit = 64

    /// DNS names, IP addresses, mail addresses.
    package var names: [String]
    /// Nil for one of the names.
    package var commonName: String?
    package var keyType = KeyType.ecdsa
    package var days = DevelopmentAuthority.serverDays
    package var isForServers = true
    package var isForClients = false

    package init(names: [String]) { self.names = names }

    /// What its subject says: the common name, or where no name is fit to be one, an organization. Verifiers take a common
    /// name for a DNS name where a certificate has no other (OpenSSL one with a dot, GnuTLS any), and hold it against those that
    /// the authority is limited to.
    var subject: SubjectAttribute {
        if let commonName { return .commonName(commonName) }
        let name = names.first { $0.utf8.count <= Self.commonNameLimit && SocketAddress(host: $0, port: 0) == nil }
        return name.map { .commonName($0) } ?? .organization("Martinet development certificate")
    }

    /// The extended key usage in the form of OpenSSL's configuration files.
    var purposes: String {
        [(isForServers, "serverAuth"), (isForClients, "clientAuth")].filter(\.0).map(\.1).joined(separator: ",")
    }

    /// The names in the same form; nil where there are none.
    var alternativeNames: String? {
        guard !names.isEmpty else { return nil }
        return names.map { name in
            if name.contains("@") { return "email:\(name)" }
            return SocketAddress(host: name, port: 0) == nil ? "DNS:\(name)" : "IP:\(name)"
        }.joined(separator: ",")
    }
}

/// What the subject of a certificate consists of.
enum SubjectAttribute: Equatable {
    case commonName(String)
    case organization(String)

    /// Its type as OpenSSL calls it, and its value.
    var parts: (type: String, value: String) {
        switch self {
        case .commonName(let value): ("CN", value)
        case .organization(let value): ("O", value)
        }
    }
}
