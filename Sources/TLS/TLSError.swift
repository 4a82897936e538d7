import COpenSSL

/// What OpenSSL said when it refused: the oldest entry of its error queue, which names the cause.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    /// What was being done, in words: "handshake", "read the private key".
    package let action: String
    /// OpenSSL's own words, in lower case: "no shared cipher".
    package let reason: String
    /// OpenSSL's reason number within `library`; 0 where the queue was empty.
    let code: CInt
    let library: CInt
    /// What OpenSSL found wrong with the peer's certificate (X509_V_ERR_…); X509_V_OK where that is not the cause.
    let verification: CInt

    /// Takes the oldest entry from this thread's error queue and empties the queue.
    init(_ action: String, verification: CInt = X509_V_OK) {
        let entry = ERR_get_error()
        self.action = action
        self.verification = verification
        code = CInt(truncatingIfNeeded: entry & 0x7F_FFFF)
        library = CInt(truncatingIfNeeded: entry >> 23 & 0xFF)
        if let text = unsafe ERR_reason_error_string(entry) {
            reason = unsafe String(cString: text)
        } else {
            reason = entry == 0 ? "the connection was closed" : "error \(entry)"
        }
        ERR_clear_error()
    }

    /// Empties this thread's error queue, so that what a call leaves in it is that call's.
    ///
    /// It is nearly always empty, which OpenSSL finds out by looking at all of its sixteen places: 800 instructions.
    static func clearQueue() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    package var description: String { "\(action): \(reason)" }

    /// The peer ended the stream without a close_notify, or left during the handshake.
    var isUnexpectedEnd: Bool {
        code == 0 || (library == ERR_LIB_SSL && code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    }

    /// The alert that the peer sent, where that is what ended the connection (RFC 8446 §6).
    package var receivedAlert: Int? {
        // OpenSSL numbers the reason for an alert N as 1000 + N.
        guard library == ERR_LIB_SSL, code > 1000, code < 1256 else { return nil }
        return Int(code) - 1000
    }

    /// What probably happened, as a sentence that a person can act on; nil where OpenSSL's words must do.
    package var explanation: String? {
        if let receivedAlert { return Self.meaning(ofAlert: receivedAlert) }
        if isUnexpectedEnd { return "the client left during the handshake" }
        guard library == ERR_LIB_SSL else { return nil }
        switch code {
        case SSL_R_HTTP_REQUEST:
            return "the client spoke plain HTTP; it should use an https:// URL"
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW:
            return "the client offers only TLS versions older than the minimum set here"
        case SSL_R_NO_SHARED_CIPHER:
            return "the client and this server have no cipher suite in common"
        case SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS:
            return "the client and this server have no key exchange group in common"
        case SSL_R_NO_APPLICATION_PROTOCOL:
            return "the client offers only application protocols that are not spoken here (ALPN)"
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "the client sent no certificate, and it must have one"
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return Self.meaning(ofVerification: verification)
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_PACKET_LENGTH,
            SSL_R_UNEXPECTED_MESSAGE, SSL_R_HTTPS_PROXY_REQUEST:
            return "the client does not speak TLS"
        default:
            return nil
        }
    }

    private static func meaning(ofVerification error: CInt) -> String? {
        switch error {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "the client's certificate is not signed by an authority that is trusted here, "
                + "or the client does not send the intermediates between them"
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "the client's certificate, or one above it, has expired: renew it, or check this machine's clock"
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "the client's certificate, or one above it, is not valid yet: wait, or check this machine's clock"
        case X509_V_ERR_INVALID_PURPOSE:
            return "the client's certificate is not for clients: its extended key usage lacks clientAuth"
        case X509_V_OK:
            return nil
        default:
            let text = unsafe X509_verify_cert_error_string(CLong(error)).map { unsafe String(cString: $0) }
            return text.map { "the client's certificate was not accepted (\($0))" }
        }
    }

    private static func meaning(ofAlert alert: Int) -> String? {
        switch CInt(alert) {
        case SSL_AD_UNKNOWN_CA:
            "the client does not trust the authority that issued our certificate (alert unknown_ca)"
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNSUPPORTED_CERTIFICATE:
            "the client rejects our certificate: it may not trust its authority, or the name differs"
        case SSL_AD_CERTIFICATE_EXPIRED: "the client finds our certificate expired: renew it, or check both clocks"
        case SSL_AD_PROTOCOL_VERSION: "the client refuses the TLS version chosen"
        case SSL_AD_HANDSHAKE_FAILURE: "the client finds nothing acceptable in what we offer"
        case SSL_AD_USER_CANCELLED: "the client gave up the handshake"
        default: nil
        }
    }
}
