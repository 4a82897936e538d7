import COpenSSL
import MartinetPOSIX

/// Issues certificates for development: an authority of one's own that browsers and tools can be told to trust.
package enum DevelopmentAuthority {
    /// How long a server's certificate is valid, in days: as long as browsers accept.
    package static let serverDays = 397
    package static let authorityDays = 3650

    /// A new authority with a P-256 key.
    ///
    /// - Parameter name: whom it belongs to, shown where authorities are listed.
    package static func make(named name: String) throws(TLSError) -> TLSConfiguration.Identity {
        let draft = try Draft(commonName: name, days: authorityDays)
        try draft.setIssuer(nil)
        try draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign")
        try draft.add(NID_subject_key_identifier, "hash")
        return try draft.signed(by: nil, source: "the development authority")
    }

    /// A server certificate with a P-256 key for `names`, DNS names and IP addresses, signed by the authority.
    package static func issue(
        for names: [String], by authority: Certificate
    ) throws(TLSError) -> TLSConfiguration.Identity {
        let draft = try Draft(commonName: names.first ?? "localhost", days: serverDays)
        try draft.setIssuer(authority)
        try draft.add(NID_basic_constraints, "critical,CA:FALSE")
        try draft.add(NID_key_usage, "critical,digitalSignature")
        try draft.add(NID_ext_key_usage, "serverAuth")
        try draft.add(NID_subject_key_identifier, "hash")
        try draft.add(NID_authority_key_identifier, "keyid:always")
        let entries = names.map { name in
            SocketAddress(host: name, port: 0) == nil ? "DNS:\(name)" : "IP:\(name)"
        }
        try draft.add(NID_subject_alt_name, entries.joined(separator: ","))
        return try draft.signed(by: authority, source: "the development certificate")
    }
}

/// A certificate that is being written, and its new key.
///
/// Safe because the OpenSSL objects are owned here and freed once.
@safe private final class Draft {
    private let certificate: OpaquePointer
    private let key: OpaquePointer
    private var issuer: OpaquePointer

    init(commonName: String, days: Int) throws(TLSError) {
        ERR_clear_error()
        guard let certificate = unsafe X509_new() else { throw TLSError(.makeCertificate) }
        guard let key = unsafe shim_EVP_EC_generate("P-256") else {
            unsafe X509_free(certificate)
            throw TLSError(.makePrivateKey)
        }
        unsafe self.certificate = certificate
        unsafe self.key = key
        unsafe issuer = certificate
        var serial: UInt64 = 0
        let isRandom = unsafe withUnsafeMutableBytes(of: &serial) { bytes in
            unsafe RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(bytes.count)) == 1
        }
        // An hour early, for machines whose clocks disagree; the top bit clear, so that the number is positive.
        guard isRandom, unsafe X509_set_version(certificate, 2) == 1,
            unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1,
            unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
            unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400) != nil,
            unsafe X509_set_pubkey(certificate, key) == 1,
            unsafe X509_NAME_add_entry_by_txt(
                X509_get_subject_name(certificate), "CN", MBSTRING_FLAG, Array(commonName.utf8.prefix(64)),
                CInt(min(64, commonName.utf8.count)), -1, 0) == 1
        else { throw TLSError(.makeCertificate) }
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// Names who signs: an authority, or nil for the certificate itself.
    func setIssuer(_ authority: Certificate?) throws(TLSError) {
        unsafe issuer = authority?.leaf ?? certificate
        guard unsafe X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 else {
            throw TLSError(.makeCertificate)
        }
    }

    /// Adds an extension (RFC 5280 §4.2) in the form of OpenSSL's configuration files.
    func add(_ identifier: CInt, _ value: String) throws(TLSError) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, identifier, value) else {
            throw TLSError(.addExtension(value: value))
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(certificate, made, -1) == 1 else { throw TLSError(.makeCertificate) }
    }

    func signed(by authority: Certificate?, source: String) throws(TLSError) -> TLSConfiguration.Identity {
        let signer = unsafe authority?.key ?? key
        guard unsafe X509_sign(certificate, signer, shim_sha256()) > 0 else { throw TLSError(.signCertificate) }
        return TLSConfiguration.Identity(
            source: source, chain: try unsafe PEM.write(certificate: certificate),
            key: try unsafe PEM.write(privateKey: key))
    }
}
