import COpenSSL

/// What probably made a handshake fail, where that is known better than OpenSSL says it.
package enum HandshakeFailure: Equatable, Sendable {
    case clientLeft
    case plainHTTP
    /// Whatever the client speaks, it is not TLS.
    case notTLS
    /// Every version that the client offers is older than the minimum.
    case versionTooOld
    case noSharedCipherSuite
    case noSharedGroup
    case noSharedApplicationProtocol
    /// The client must have a certificate, and sent none.
    case noClientCertificate
    case badClientCertificate(Fault)
    /// The client ended it by an alert.
    case refusedByClient(Alert)

    /// What is wrong with a certificate, or with one above it.
    package enum Fault: Equatable, Sendable {
        /// No authority that is trusted here signed it, or the intermediates between them are missing.
        case unknownAuthority
        case expired
        case notYetValid
        /// It is not for clients.
        case wrongPurpose
        /// In OpenSSL's words.
        case other(String)
    }

    /// Alerts by which a client refuses (RFC 8446 §6.2).
    package enum Alert: Equatable, Sendable {
        case unknownAuthority
        /// bad_certificate, certificate_unknown, unsupported_certificate.
        case badCertificate
        case expiredCertificate
        case protocolVersion
        case handshakeFailure
        case userCancelled
    }

    /// Nil where OpenSSL's words must do.
    package init?(_ error: TLSError) {
        if let number = error.receivedAlert {
            guard let alert = Alert(number) else { return nil }
            self = .refusedByClient(alert)
            return
        }
        if error.isUnexpectedEnd {
            self = .clientLeft
            return
        }
        switch error.tlsCode {
        case SSL_R_HTTP_REQUEST: self = .plainHTTP
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW: self = .versionTooOld
        case SSL_R_NO_SHARED_CIPHER: self = .noSharedCipherSuite
        case SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS: self = .noSharedGroup
        case SSL_R_NO_APPLICATION_PROTOCOL: self = .noSharedApplicationProtocol
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: self = .noClientCertificate
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            guard let fault = Fault(error.verification) else { return nil }
            self = .badClientCertificate(fault)
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_UNKNOWN_PROTOCOL, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_PACKET_LENGTH,
            SSL_R_UNEXPECTED_MESSAGE, SSL_R_HTTPS_PROXY_REQUEST:
            self = .notTLS
        default: return nil
        }
    }
}

extension HandshakeFailure.Fault {
    fileprivate init?(_ verification: CInt) {
        switch verification {
        case X509_V_OK: return nil
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
            X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            self = .unknownAuthority
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_INVALID_PURPOSE: self = .wrongPurpose
        default:
            guard let text = unsafe X509_verify_cert_error_string(CLong(verification)) else { return nil }
            self = .other(unsafe String(cString: text))
        }
    }
}

extension HandshakeFailure.Alert {
    fileprivate init?(_ number: Int) {
        switch CInt(truncatingIfNeeded: number) {
        case SSL_AD_UNKNOWN_CA: self = .unknownAuthority
        case SSL_AD_BAD_CERTIFICATE, SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNSUPPORTED_CERTIFICATE: self = .badCertificate
        case SSL_AD_CERTIFICATE_EXPIRED: self = .expiredCertificate
        case SSL_AD_PROTOCOL_VERSION: self = .protocolVersion
        case SSL_AD_HANDSHAKE_FAILURE: self = .handshakeFailure
        case SSL_AD_USER_CANCELLED: self = .userCancelled
        default: return nil
        }
    }
}
