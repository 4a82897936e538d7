import COpenSSL
package import MartinetEvents
package import MartinetPOSIX

/// What clients find wrong with a certificate that can be read, and whose key fits.
extension Certificate {
    /// What is too weak for clients, and for OpenSSL as most systems set it up: below 112 bits of security (NIST SP 800-131A).
    package enum Weakness: Equatable, Sendable {
        /// For example "RSA of 1024 bits".
        case key(String)
        /// For example "RSA-SHA1".
        case signature(String)
    }

    /// What is too weak about its key or its signature; nil where both are good.
    package var weakness: Weakness? {
        defer { ERR_clear_error() }
        if let words = unsafe PublicKey.weakness(of: key) { return .key(words) }
        // Who signs itself proves nothing by it: such a certificate is trusted for itself, or not at all.
        guard !isSelfSigned else { return nil }
        var bits: CInt = 0
        guard unsafe X509_get_signature_info(leaf, nil, nil, &bits, nil) == 1, bits < PublicKey.leastSecurity else {
            return nil
        }
        return unsafe .signature(String(cString: OBJ_nid2sn(X509_get_signature_nid(leaf))))
    }

    package var isSelfSigned: Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_issued(leaf, leaf) == X509_V_OK
    }

    /// Whose it is (RFC 2253), without the names that clients look at.
    package var subject: String { unsafe PeerCertificate(leaf).subject }

    /// Who signed it (RFC 2253).
    package var issuer: String { unsafe PeerCertificate(leaf).issuer }

    /// The subject's common name; empty where there is none.
    package var commonName: String { unsafe PeerCertificate(leaf).commonName }

    // MARK: The chain

    package enum ChainFault: Equatable, Sendable {
        /// The certificate behind this one, counted from 1, is not its issuer's.
        case broken(number: Int)
        /// It has expired, counted likewise.
        case expired(number: Int)
        /// It may not sign certificates, counted likewise.
        case noAuthority(number: Int)
        /// It stands alone, and its issuer is none of the authorities that this system trusts.
        case missingIssuer
    }

    /// What clients may miss in the chain; nil where nothing speaks against it.
    package func chainFault(at now: WallTime) -> ChainFault? {
        defer { ERR_clear_error() }
        let chain = unsafe [leaf] + issuers
        for index in unsafe issuers.indices {
            // A root at the end is of no use, and does no harm.
            guard unsafe X509_check_issued(issuers[index], chain[index]) == X509_V_OK else {
                return .broken(number: index + 1)
            }
            guard unsafe X509_check_ca(issuers[index]) > 0 else { return .noAuthority(number: index + 1) }
            guard unsafe Self.daysLeft(issuers[index], at: now) >= 0 else { return .expired(number: index + 1) }
        }
        return unsafe issuers.isEmpty && !isSelfSigned && !isIssuerTrustedHere ? .missingIssuer : nil
    }

    /// Whether the issuer is among the authorities of this system: then clients know it without being told.
    private var isIssuerTrustedHere: Bool {
        guard let store = unsafe X509_STORE_new() else { return false }
        defer { unsafe X509_STORE_free(store) }
        guard let search = unsafe X509_STORE_CTX_new() else { return false }
        defer { unsafe X509_STORE_CTX_free(search) }
        var found: OpaquePointer?
        guard unsafe X509_STORE_set_default_paths(store) == 1,
            unsafe X509_STORE_CTX_init(search, store, leaf, nil) == 1,
            unsafe X509_STORE_CTX_get1_issuer(&found, search, leaf) == 1
        else { return false }
        unsafe X509_free(found)
        return true
    }

    /// The place in a chain, counted from 1, of the first certificate that a key belongs to; nil where there is none.
    package static func number(of key: SecretBytes, in chain: [UInt8]) -> Int? {
        guard let certificates = try? unsafe PEM.readCertificates(chain, from: ""),
            let key = unsafe PEM.readPrivateKey(key)
        else { return nil }
        defer {
            unsafe certificates.forEach { unsafe X509_free($0) }
            unsafe EVP_PKEY_free(key)
            ERR_clear_error()
        }
        return unsafe certificates.firstIndex { unsafe X509_check_private_key($0, key) == 1 }.map { $0 + 1 }
    }
}
