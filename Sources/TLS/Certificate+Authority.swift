import COpenSSL
import MartinetEvents

// What a development authority is asked before it is used.
extension Certificate {
    /// The subject's common name of the first certificate in a PEM text; nil where there is none that can be read.
    package static func commonName(in text: [UInt8]) -> String? {
        guard let certificates = try? unsafe PEM.readCertificates(text, from: ""), let first = unsafe certificates.first
        else { return nil }
        defer { unsafe certificates.forEach { unsafe X509_free($0) } }
        return unsafe PeerCertificate(first).commonName
    }

    /// The SHA-256 fingerprint of the first certificate in a PEM text; nil where there is none that can be read.
    package static func fingerprint(in text: [UInt8]) -> String? {
        guard let certificates = try? unsafe PEM.readCertificates(text, from: ""), let first = unsafe certificates.first
        else { return nil }
        defer { unsafe certificates.forEach { unsafe X509_free($0) } }
        return unsafe fingerprint(of: first)
    }

    /// Whether exactly one certificate is behind it, which has signed it and itself.
    var isEndOfDevelopmentChain: Bool {
        guard let root = unsafe issuers.first, unsafe issuers.count == 1 else { return false }
        defer { ERR_clear_error() }
        let rootKey = unsafe X509_get0_pubkey(root)
        return unsafe X509_verify(leaf, rootKey) == 1 && X509_verify(root, rootKey) == 1
    }

    /// Whether a certificate has an extension with this value and no other, and says that it must be understood.
    ///
    /// - Parameters:
    ///   - value: in the form of OpenSSL's configuration files.
    ///   - position: 0 for its own, 1 for the one behind it.
    func hasCriticalExtension(_ identifier: CInt, _ value: String, at position: Int) -> Bool {
        defer { ERR_clear_error() }
        guard let certificate = unsafe certificate(at: position) else { return false }
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
        guard let expected = unsafe X509V3_EXT_conf_nid(nil, &context, identifier, value) else { return false }
        defer { unsafe X509_EXTENSION_free(expected) }
        let index = unsafe X509_get_ext_by_NID(certificate, identifier, -1)
        guard index >= 0, let found = unsafe X509_get_ext(certificate, index) else { return false }
        return unsafe X509_EXTENSION_get_critical(found) == 1
            && ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(found), X509_EXTENSION_get_data(expected)) == 0
    }

    /// One of its certificates as PEM: 0 for its own, those behind it in their order.
    func certificateText(at position: Int) throws(TLSError) -> [UInt8] {
        guard let certificate = unsafe certificate(at: position) else { throw TLSError(.writePEM) }
        return try unsafe PEM.write(certificate: certificate)
    }

    private func certificate(at position: Int) -> OpaquePointer? {
        if position == 0 { return unsafe leaf }
        return unsafe issuers.indices.contains(position - 1) ? issuers[position - 1] : nil
    }

    /// Whole days until the first of its certificates is no longer valid; negative when that is over.
    func leastDaysLeft(at now: WallTime) -> Int {
        unsafe issuers.reduce(daysLeft(at: now)) { unsafe min($0, Self.daysLeft($1, at: now)) }
    }
}
