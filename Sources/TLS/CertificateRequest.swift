import COpenSSL

/// What an authority is asked to sign (PKCS #10, RFC 2986).
///
/// Safe because the OpenSSL object is owned here and freed once.
@safe package final class CertificateRequest {
    let request: OpaquePointer
    package let key: PublicKey

    /// - Parameter request: becomes its own.
    init(owning request: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        guard let key = unsafe X509_REQ_get_pubkey(request) else {
            let error = TLSError(.readCertificate(source: ""))
            unsafe X509_REQ_free(request)
            throw error
        }
        unsafe self.request = request
        unsafe self.key = PublicKey(owning: key)
    }

    deinit { unsafe X509_REQ_free(request) }

    /// The names it asks for besides its subject, in its order.
    package var names: [GeneralName] { AlternativeNames(of: self).names }

    /// Whose it is (RFC 2253).
    package var subject: String { unsafe PeerCertificate.text(of: X509_REQ_get_subject_name(request)) }

    /// The subject's common name; empty where there is none.
    package var commonName: String { unsafe PeerCertificate.commonName(of: X509_REQ_get_subject_name(request)) }

    /// Whether who made it has the key: it has signed the request.
    package var isSigned: Bool {
        defer { ERR_clear_error() }
        return unsafe X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1
    }
}
