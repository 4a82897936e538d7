import COpenSSL
import MartinetPOSIX

/// A certificate that is being written, and its key: a new one, or of another's half of one the public part.
///
/// Safe because the OpenSSL objects are owned here and freed once; OpenSSL wipes the key.
@safe final class CertificateDraft {
    private let certificate: OpaquePointer
    private let key: OpaquePointer

    /// One with a new key.
    convenience init(
        subject: SubjectAttribute, days: Int, keyType: CertificateTemplate.KeyType = .ecdsa
    ) throws(TLSError) {
        ERR_clear_error()
        let key =
            if let bits = keyType.rsaBits { unsafe shim_EVP_RSA_generate(bits) } else {
                unsafe shim_EVP_EC_generate("P-256")
            }
        guard let key = unsafe key else { throw TLSError(.makePrivateKey) }
        try unsafe self.init(subject, days, key)
    }

    /// One for the key of a request.
    convenience init(subject: SubjectAttribute, days: Int, request: CertificateRequest) throws(TLSError) {
        guard let key = unsafe X509_REQ_get_pubkey(request.request) else { throw TLSError(.makeCertificate) }
        try unsafe self.init(subject, days, key)
    }

    /// - Parameter key: becomes its own.
    private init(_ subject: SubjectAttribute, _ days: Int, _ key: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        guard let certificate = unsafe X509_new() else {
            unsafe EVP_PKEY_free(key)
            throw TLSError(.makeCertificate)
        }
        unsafe self.certificate = certificate
        unsafe self.key = key
        let (type, value) = subject.parts
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
                X509_get_subject_name(certificate), type, MBSTRING_UTF8, Array(value.utf8),
                CInt(value.utf8.count), -1, 0) == 1
        else { throw TLSError(.makeCertificate) }
    }

    deinit {
        unsafe X509_free(certificate)
        unsafe EVP_PKEY_free(key)
    }

    /// Adds an extension (RFC 5280 §4.2) in the form of OpenSSL's configuration files.
    ///
    /// - Parameter signer: who is going to sign; nil for the certificate itself.
    func add(_ identifier: CInt, _ value: String, signer: CertificateDraft? = nil, authority: Certificate? = nil)
        throws(TLSError)
    {
        var context = unsafe X509V3_CTX()
        let issuer = unsafe authority?.leaf ?? signer?.certificate ?? certificate
        unsafe X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, identifier, value) else {
            throw TLSError(.addExtension(value: value))
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(certificate, made, -1) == 1 else { throw TLSError(.makeCertificate) }
    }

    /// Has it end no later than any certificate of the authority: what is valid longer than its issuer is not valid.
    func endWithin(_ authority: Certificate) throws(TLSError) {
        let issuers = unsafe [authority.leaf] + authority.issuers
        for index in unsafe issuers.indices {
            let end = unsafe X509_get0_notAfter(issuers[index])
            guard unsafe ASN1_TIME_compare(X509_get0_notAfter(certificate), end) > 0 else { continue }
            guard unsafe X509_set1_notAfter(certificate, end) == 1 else { throw TLSError(.makeCertificate) }
        }
    }

    /// Whether its key is one that can encrypt, too: RSA.
    var hasEncryptingKey: Bool { unsafe EVP_PKEY_is_a(key, "RSA") == 1 }

    /// Signs it with its own key.
    func sign() throws(TLSError) {
        try unsafe sign(certificate, key)
    }

    func sign(by signer: CertificateDraft) throws(TLSError) {
        try unsafe sign(signer.certificate, signer.key)
    }

    func sign(by authority: Certificate) throws(TLSError) {
        try unsafe sign(authority.leaf, authority.key)
    }

    private func sign(_ issuer: OpaquePointer, _ key: OpaquePointer) throws(TLSError) {
        guard unsafe X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1,
            unsafe X509_sign(certificate, key, shim_sha256()) > 0
        else { throw TLSError(.signCertificate) }
    }

    /// The certificate as PEM.
    func certificateText() throws(TLSError) -> [UInt8] { try unsafe PEM.write(certificate: certificate) }

    /// The private key as PEM.
    func keyText() throws(TLSError) -> SecretBytes { try unsafe PEM.write(privateKey: key) }
}
