import COpenSSL
package import MartinetEvents

/// What a certificate says of itself, for whoever wants to know what they have.
extension Certificate {
    /// A certificate with those behind it, whose private key is not needed.
    ///
    /// - Parameter certificates: at least one; of each, only its own.
    package static func chain(of certificates: [Certificate]) throws(TLSError) -> Certificate {
        let leaves = unsafe certificates.map { unsafe $0.leaf }
        unsafe leaves.forEach { unsafe _ = X509_up_ref($0) }
        return try unsafe Certificate(withoutKey: leaves)
    }

    /// The certificates in a PEM text, each by itself; those that cannot be read are left out with all behind them.
    package static func all(in text: [UInt8]) -> [Certificate] {
        guard let found = try? unsafe PEM.readCertificates(text, from: "") else { return [] }
        return unsafe found.compactMap { try? unsafe Certificate(withoutKey: unsafe [$0]) }
    }

    package var publicKey: PublicKey {
        unsafe EVP_PKEY_up_ref(key)
        return unsafe PublicKey(owning: key)
    }

    /// "ecdsa-with-SHA256"
    package var signatureAlgorithm: String {
        let identifier = unsafe X509_get_signature_nid(leaf)
        return unsafe OBJ_nid2sn(identifier).map { unsafe String(cString: $0) } ?? "an unknown algorithm"
    }

    /// In upper-case hexadecimal, two digits a byte.
    package var serialNumber: String { unsafe PeerCertificate(leaf).serialNumber }

    /// Its first moment; nil where that cannot be read.
    package var validFrom: WallTime? { unsafe Self.time(X509_get0_notBefore(leaf)) }

    /// Its last moment; nil where that cannot be read.
    package var validUntil: WallTime? { unsafe Self.time(X509_get0_notAfter(leaf)) }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> WallTime? {
        guard let start = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(start) }
        var days: CInt = 0
        var seconds: CInt = 0
        guard let time = unsafe time, unsafe ASN1_TIME_diff(&days, &seconds, start, time) == 1 else { return nil }
        return WallTime(seconds: Int(days) * 86_400 + Int(seconds))
    }

    /// Whether the other is its issuer by name, and has signed it.
    package func isSigned(by other: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_issued(other.leaf, leaf) == X509_V_OK && X509_verify(leaf, other.key) == 1
    }

    /// Whether the other is its issuer, as far as names and key identifiers tell.
    package func hasIssuerName(of other: Certificate) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_issued(other.leaf, leaf) == X509_V_OK
    }

    // MARK: What it is good for

    /// Whether it may sign certificates.
    package var isAuthority: Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_ca(leaf) > 0
    }

    /// How many authorities may stand between it and what is signed in the end; nil for any number.
    package var pathLength: Int? {
        let length = unsafe X509_get_pathlen(leaf)
        return length < 0 ? nil : length
    }

    /// Whether a server may show it, or one that it has signed.
    package var isForServers: Bool { isGood(for: X509_PURPOSE_SSL_SERVER) }

    /// Whether a client may show it, or one that it has signed.
    package var isForClients: Bool { isGood(for: X509_PURPOSE_SSL_CLIENT) }

    private func isGood(for purpose: CInt) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_purpose(leaf, purpose, isAuthority ? 1 : 0) == 1
    }

    /// The names that an authority may sign for, and may not (RFC 5280 §4.2.1.10).
    package struct NameConstraints: Equatable, Sendable {
        /// Of a kind that is not here, any name.
        package var permitted: [GeneralName] = []
        package var excluded: [GeneralName] = []
    }

    /// Nil where there are no such limits.
    package var nameConstraints: NameConstraints? {
        guard let found = unsafe X509_get_ext_d2i(leaf, NID_name_constraints, nil, nil) else { return nil }
        let constraints = unsafe found.assumingMemoryBound(to: NAME_CONSTRAINTS.self)
        defer { unsafe NAME_CONSTRAINTS_free(constraints) }
        return unsafe NameConstraints(
            permitted: Self.names(constraints.pointee.permittedSubtrees),
            excluded: Self.names(constraints.pointee.excludedSubtrees))
    }

    private static func names(_ subtrees: OpaquePointer?) -> [GeneralName] {
        var names: [GeneralName] = []
        for index in 0..<max(0, unsafe OPENSSL_sk_num(subtrees)) {
            guard let entry = unsafe OPENSSL_sk_value(subtrees, index) else { continue }
            let base = unsafe entry.assumingMemoryBound(to: GENERAL_SUBTREE.self).pointee.base
            var type: CInt = 0
            guard let value = unsafe GENERAL_NAME_get0_value(base, &type) else { continue }
            guard [GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI].contains(type) else { continue }
            if let name = unsafe GeneralName(type: type, value.assumingMemoryBound(to: ASN1_STRING.self)) {
                names.append(name)
            }
        }
        return names
    }
}
