import COpenSSL
package import MartinetEvents
import MartinetPOSIX

/// An authority for development, which browsers and tools can be told to trust: a root and an intermediate that signs.
///
/// Both may sign for the names and addresses of a scope and no others (name constraints, RFC 5280 §4.2.1.10), so that
/// trusting it says nothing about the rest of the Internet. Of the root nothing is left but its certificate: its key is gone
/// once it has signed the intermediate.
package final class DevelopmentAuthority {
    /// How long a server's certificate is valid, in days: as long as browsers accept.
    package static let serverDays = 397
    package static let authorityDays = 3650
    /// What the common names of all authorities begin with.
    package static let title = "Martinet development authority"
    /// A common name has 64 characters at most (RFC 5280, ub-common-name).
    private static let commonNameLimit = 64

    /// What it may sign for.
    package let scope: AuthorityScope
    /// The intermediate and its key; behind it the root.
    package let identity: TLSConfiguration.Identity
    private let intermediate: Certificate

    /// Reads an authority, and checks that it is whole and limited to its scope.
    ///
    /// - Parameter identity: the intermediate's certificate, then the root's, and the intermediate's key.
    package init(_ identity: TLSConfiguration.Identity, scope: AuthorityScope) throws(AuthorityFault) {
        do throws(TLSError) {
            intermediate = try Certificate(identity)
        } catch {
            throw .damaged(error)
        }
        self.identity = identity
        self.scope = scope
        guard intermediate.commonName.hasPrefix(Self.title) else { throw .foreign(intermediate.commonName) }
        guard intermediate.isEndOfDevelopmentChain else { throw .unlimited }
        for position in 0...1 {
            guard intermediate.hasCriticalExtension(NID_name_constraints, scope.constraints, at: position) else {
                throw .unlimited
            }
        }
    }

    /// A new authority.
    ///
    /// - Parameter owner: whom it belongs to, shown where authorities are listed.
    package static func make(
        for owner: String, scope: AuthorityScope = .local, source: String = "the development authority"
    ) throws(TLSError) -> DevelopmentAuthority {
        let root = try CertificateDraft(commonName: commonName(" of \(owner)"), days: authorityDays)
        try root.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:1")
        try root.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try root.add(NID_name_constraints, "critical,\(scope.constraints)")
        try root.add(NID_subject_key_identifier, "hash")
        try root.sign()
        let signer = try CertificateDraft(commonName: commonName(", intermediate of \(owner)"), days: authorityDays)
        try signer.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        try signer.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try signer.add(NID_ext_key_usage, "serverAuth,clientAuth")
        try signer.add(NID_name_constraints, "critical,\(scope.constraints)")
        try signer.add(NID_subject_key_identifier, "hash")
        try signer.add(NID_authority_key_identifier, "keyid:always", signer: root)
        try signer.sign(by: root)
        let identity = TLSConfiguration.Identity(
            source: source, chain: try signer.certificateText() + root.certificateText(), key: try signer.keyText())
        do throws(AuthorityFault) {
            return try DevelopmentAuthority(identity, scope: scope)
        } catch {
            throw TLSError(.makeCertificate)
        }
    }

    /// A server certificate with a P-256 key for `names`, DNS names and IP addresses; behind it the intermediate.
    ///
    /// Clients refuse it if the scope does not have all of the names.
    package func issue(
        for names: [String], source: String = "the development certificate"
    ) throws(TLSError) -> TLSConfiguration.Identity {
        let draft = try CertificateDraft(
            commonName: String((names.first ?? "localhost").prefix(Self.commonNameLimit)), days: Self.serverDays)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE")
        try draft.add(NID_key_usage, "critical,digitalSignature")
        try draft.add(NID_ext_key_usage, "serverAuth")
        try draft.add(NID_subject_key_identifier, "hash")
        try draft.add(NID_authority_key_identifier, "keyid:always", authority: intermediate)
        let entries = names.map { name in
            SocketAddress(host: name, port: 0) == nil ? "DNS:\(name)" : "IP:\(name)"
        }
        try draft.add(NID_subject_alt_name, entries.joined(separator: ","))
        try draft.sign(by: intermediate)
        return TLSConfiguration.Identity(
            source: source, chain: try draft.certificateText() + intermediate.certificateText(at: 0),
            key: try draft.keyText())
    }

    /// The root's certificate as PEM: what clients are told to trust.
    package func rootText() throws(TLSError) -> [UInt8] { try intermediate.certificateText(at: 1) }

    /// Whether the intermediate has signed the certificate.
    package func hasIssued(_ certificate: Certificate) -> Bool { certificate.isIssued(by: intermediate) }

    /// Whole days until the first of its two certificates is no longer valid; negative when that is over.
    package func daysLeft(at now: WallTime) -> Int { intermediate.leastDaysLeft(at: now) }

    private static func commonName(_ rest: String) -> String {
        String((title + rest).prefix(commonNameLimit))
    }
}

/// Why what was kept as an authority is none.
package enum AuthorityFault: Error {
    /// It cannot be read, or its parts do not belong together.
    case damaged(TLSError)
    /// It is somebody else's: the common name it has.
    case foreign(String)
    /// It may sign for other names than those of its scope, or its certificates do not make a chain.
    case unlimited
}
