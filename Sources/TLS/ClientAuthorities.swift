import COpenSSL
import MartinetCrypto

/// The authorities that clients' certificates must come from, read and checked.
///
/// Safe because the OpenSSL objects are owned here and freed once.
@safe package final class ClientAuthorities {
    private let certificates: [OpaquePointer]
    private let isRequired: Bool
    /// What tickets are marked with, so that no session resumes under other authorities, or where more is asked for.
    private let sessionContext: [UInt8]

    /// Reads PEM, which must hold a certificate at least.
    package init(_ rules: TLSConfiguration.ClientAuthentication) throws(TLSError) {
        let certificates = try unsafe PEM.readCertificates(rules.authorities, from: rules.source)
        guard unsafe !certificates.isEmpty else { throw TLSError(.readCertificate(source: rules.source)) }
        ERR_clear_error()
        unsafe self.certificates = certificates
        isRequired = rules.isRequired
        sessionContext = Digest.sha256([rules.isRequired ? 1 : 0] + rules.authorities)
    }

    deinit {
        unsafe certificates.forEach { unsafe X509_free($0) }
    }

    /// Has the context's streams ask their clients for a certificate, and take none but those of the authorities. Their
    /// tickets are `judgeTicket`'s to take.
    func verifyClients(of context: OpaquePointer) throws(TLSError) {
        ERR_clear_error()
        let store = unsafe SSL_CTX_get_cert_store(context)
        for index in unsafe certificates.indices {
            guard unsafe X509_STORE_add_cert(store, certificates[index]) == 1,
                unsafe SSL_CTX_add_client_CA(context, certificates[index]) == 1
            else { throw TLSError(.useClientAuthorities) }
        }
        // Each of them is trusted in its own right, an intermediate without its root too.
        guard unsafe X509_STORE_set_flags(store, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN)) == 1,
            unsafe SSL_CTX_set_purpose(context, X509_PURPOSE_SSL_CLIENT) == 1,
            unsafe SSL_CTX_set_session_id_context(context, sessionContext, CUnsignedInt(sessionContext.count)) == 1
        else { throw TLSError(.useClientAuthorities) }
        unsafe SSL_CTX_set_verify(
            context, SSL_VERIFY_PEER | (isRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nil)
    }
}

/// Resumes no session whose certificate has expired meanwhile: OpenSSL verifies it only where the session begins, and
/// each ticket of TLS 1.3 brings a new one.
func judgeTicket(
    _: OpaquePointer?, session: OpaquePointer?, _: UnsafePointer<UInt8>?, _: Int, status: SSL_TICKET_STATUS,
    _: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW else {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    if let session = unsafe session, let certificate = unsafe SSL_SESSION_get0_peer(session),
        unsafe X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0
    {
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
}
