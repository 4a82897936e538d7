import COpenSSL
package import MartinetEvents
package import MartinetPOSIX

/// An authority for development, which browsers and tools can be told to trust: a root and an intermediate that signs.
///
/// Both may sign for the names and addresses of a scope and no others (name constraints, RFC 5280 §4.2.1.10), so that
/// trusting it says nothing about the rest of the Internet. Of the root nothing is left but its certificate: its key is gone
/// once it has signed the intermediate.
package final class DevelopmentAuthority {
    /// How long a server's certificate is valid, in days: as long as browsers accept.
    package static let serverDays = 397
    package static let authorityDays = 3650
    /// The password of PKCS #12 for which none was asked: that of Java, which mkcert took over. It protects nothing.
    package static let knownPassword = "changeit"
    /// What the common names of all authorities begin with.
    package static let title = "Martinet development authority"

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
        let root = try CertificateDraft(subject: commonName(" of \(owner)"), days: authorityDays)
        try root.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:1")
        try root.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try root.add(NID_name_constraints, "critical,\(scope.constraints)")
        try root.add(NID_subject_key_identifier, "hash")
        try root.sign()
        let signer = try CertificateDraft(subject: commonName(", intermediate of \(owner)"), days: authorityDays)
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
        try issue(CertificateTemplate(names: names), source: source)
    }

    /// A certificate with a new key; behind it the intermediate.
    package func issue(
        _ template: CertificateTemplate, source: String = "the development certificate"
    ) throws(TLSError) -> TLSConfiguration.Identity {
        let draft = try CertificateDraft(
            subject: template.subject, days: template.days, keyType: template.keyType)
        return TLSConfiguration.Identity(
            source: source, chain: try sign(draft, template), key: try draft.keyText())
    }

    /// A certificate for the key of a request, as PEM; behind it the intermediate. Of the request nothing but the key is used.
    package func issue(
        _ template: CertificateTemplate, for request: CertificateRequest
    ) throws(TLSError) -> [UInt8] {
        try sign(CertificateDraft(subject: template.subject, days: template.days, request: request), template)
    }

    private func sign(_ draft: CertificateDraft, _ template: CertificateTemplate) throws(TLSError) -> [UInt8] {
        try draft.endWithin(intermediate)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE")
        // What TLS 1.2 did before 2013 has clients encrypt with RSA (RFC 5246 §7.4.2).
        try draft.add(
            NID_key_usage, "critical,digitalSignature" + (draft.hasEncryptingKey ? ",keyEncipherment" : ""))
        try draft.add(NID_ext_key_usage, template.purposes)
        try draft.add(NID_subject_key_identifier, "hash")
        try draft.add(NID_authority_key_identifier, "keyid:always", authority: intermediate)
        if let names = template.alternativeNames { try draft.add(NID_subject_alt_name, names) }
        try draft.sign(by: intermediate)
        return try draft.certificateText() + intermediate.certificateText(at: 0)
    }

    /// A certificate that was issued here with its key, the intermediate and the root, as PKCS #12 (RFC 7292).
    ///
    /// Encrypted with AES-256 and PBKDF2, as OpenSSL 3 does by itself: NSS and Java read it, and OpenSSL 3 reads no RC2 any more.
    ///
    /// - Parameters:
    ///   - name: what programs show it by.
    ///   - password: in ASCII: programs differ in what they make of other characters.
    package func bundle(
        _ identity: TLSConfiguration.Identity, name: String, password: SecretBytes
    ) throws(TLSError) -> SecretBytes {
        let certificate = try Certificate(identity)
        let chain = unsafe certificate.issuers + intermediate.issuers
        return try unsafe PKCS12.write(certificate.leaf, certificate.key, chain, name: name, password: password)
    }

    /// The root's certificate as PEM: what clients are told to trust.
    package func rootText() throws(TLSError) -> [UInt8] { try intermediate.certificateText(at: 1) }

    /// Whether the intermediate has signed the certificate.
    package func hasIssued(_ certificate: Certificate) -> Bool { certificate.isIssued(by: intermediate) }

    /// Whole days until the first of its two certificates is no longer valid; negative when that is over.
    package func daysLeft(at now: WallTime) -> Int { intermediate.leastDaysLeft(at: now) }

    private static func commonName(_ rest: String) -> SubjectAttribute {
        .commonName(String((title + rest).prefix(CertificateTemplate.commonNameLimit)))
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
