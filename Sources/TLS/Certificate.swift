import COpenSSL
package import MartinetEvents
package import MartinetPOSIX

/// A server's certificate, the chain behind it and its private key, read and checked.
///
/// Safe because the OpenSSL objects are owned here and freed once.
@safe package final class Certificate {
    let leaf: OpaquePointer
    let issuers: [OpaquePointer]
    /// The private key; its public half where only that is known.
    let key: OpaquePointer

    /// Reads PEM and checks that the key belongs to the first certificate.
    package init(_ identity: TLSConfiguration.Identity) throws(TLSError) {
        let certificates = try unsafe PEM.readCertificates(identity.chain, from: identity.source)
        guard let leaf = unsafe certificates.first else { throw TLSError(.readCertificate(source: identity.source)) }
        let issuers = unsafe [OpaquePointer](certificates.dropFirst())
        guard let key = unsafe PEM.readPrivateKey(identity.key) else {
            let error = TLSError(.readPrivateKey(source: identity.source))
            unsafe certificates.forEach { unsafe X509_free($0) }
            throw error
        }
        ERR_clear_error()
        unsafe self.leaf = leaf
        unsafe self.issuers = issuers
        unsafe self.key = key
        guard unsafe X509_check_private_key(leaf, key) == 1 else {
            throw TLSError(.matchPrivateKey(source: identity.source))
        }
    }

    /// One that is looked at alone, without its private key, which it can therefore not sign with.
    ///
    /// - Parameter certificates: the certificate, and those behind it; they become its own. At least one.
    init(withoutKey certificates: [OpaquePointer]) throws(TLSError) {
        ERR_clear_error()
        guard let leaf = unsafe certificates.first, let key = unsafe X509_get_pubkey(leaf) else {
            let error = TLSError(.readCertificate(source: ""))
            unsafe certificates.forEach { unsafe X509_free($0) }
            throw error
        }
        unsafe self.leaf = leaf
        unsafe issuers = [OpaquePointer](certificates.dropFirst())
        unsafe self.key = key
    }

    deinit {
        unsafe X509_free(leaf)
        unsafe issuers.forEach { unsafe X509_free($0) }
        unsafe EVP_PKEY_free(key)
    }

    /// Reads what a file has of certificates, which may hold a key as well, and that key or another file's.
    package static func identity(
        source: String, chainFile: SecretBytes, key: SecretBytes
    ) -> TLSConfiguration.Identity {
        TLSConfiguration.Identity(
            source: source, chain: chainFile.withSpan { PEM.certificateText(in: $0) }, key: key)
    }

    /// The DNS names and IP addresses it is for (subjectAltName), as text.
    package var names: [String] {
        allNames.compactMap { name in
            switch name {
            case .dns(let text), .address(let text): text
            case .email, .uri: nil
            }
        }
    }

    /// The names of every kind that it is for, in its order.
    package var allNames: [GeneralName] { unsafe AlternativeNames(of: leaf).names }

    /// The IP addresses it is for, with port 0.
    var addresses: [SocketAddress] {
        allNames.compactMap { name in
            guard case .address(let text) = name else { return nil }
            return SocketAddress(host: text, port: 0)
        }
    }

    /// The SHA-256 fingerprint as browsers show it: "AB:CD:…".
    package var fingerprint: String { unsafe Self.fingerprint(of: leaf) }

    static func fingerprint(of certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var count: CUnsignedInt = 0
        guard unsafe X509_digest(certificate, shim_sha256(), &digest, &count) == 1 else { return "" }
        return digest.map { byte in
            let text = String(byte, radix: 16, uppercase: true)
            return text.count == 1 ? "0" + text : text
        }.joined(separator: ":")
    }

    /// Whole days from `now` until it is no longer valid; negative when that is over.
    package func daysLeft(at now: WallTime) -> Int {
        unsafe Self.daysLeft(leaf, at: now)
    }

    /// Whether it is not valid yet.
    package func isEarly(at now: WallTime) -> Bool {
        var moment = now.seconds
        return unsafe X509_cmp_time(X509_get0_notBefore(leaf), &moment) > 0
    }

    /// Whether it is no longer valid.
    package func isExpired(at now: WallTime) -> Bool {
        var moment = now.seconds
        return unsafe X509_cmp_time(X509_get0_notAfter(leaf), &moment) < 0
    }

    /// Whether `authority`'s key signed it.
    package func isIssued(by authority: Certificate) -> Bool {
        let isSigned = unsafe X509_verify(leaf, authority.key) == 1
        ERR_clear_error()
        return isSigned
    }

    static func daysLeft(_ certificate: OpaquePointer, at now: WallTime) -> Int {
        guard let start = unsafe ASN1_TIME_set(nil, now.seconds) else { return 0 }
        defer { unsafe ASN1_TIME_free(start) }
        var days: CInt = 0
        var seconds: CInt = 0
        guard unsafe ASN1_TIME_diff(&days, &seconds, start, X509_get0_notAfter(certificate)) == 1 else { return 0 }
        return days > 0 || (days == 0 && seconds > 0) ? Int(days) : min(-1, Int(days))
    }
}
