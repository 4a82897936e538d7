import COpenSSL
package import MartinetCrypto
package import MartinetPOSIX

/// What could not be done, and why not in OpenSSL's words or the kernel's.
package struct TLSError: Error, Equatable, CustomStringConvertible {
    /// What was being done. A source is what its configuration calls it: a path.
    package enum Action: Equatable, Sendable {
        // With a stream.
        case startStream, handshake, read, write, sendTicket
        // What streams are made with.
        case makeTransport, makeContext, setRules, useCertificate, useChain, useClientAuthorities, makeTicketKeys
        case openKeyLog(path: String)
        // What is configured.
        case readCertificate(source: String)
        case readPrivateKey(source: String)
        case matchPrivateKey(source: String)
        // The development authority's work.
        case makePrivateKey, makeCertificate, signCertificate, writePEM, writePKCS12
        case addExtension(value: String)
    }

    package enum Cause: Equatable, Sendable {
        case openSSL(OpenSSLError)
        case system(SystemError)
    }

    package let action: Action
    package let cause: Cause
    /// What OpenSSL found wrong with the peer's certificate (X509_V_ERR_…); X509_V_OK where that is not the cause.
    let verification: CInt

    init(_ action: Action, _ cause: Cause, verification: CInt = X509_V_OK) {
        self.action = action
        self.cause = cause
        self.verification = verification
    }

    /// Takes the oldest entry from this thread's error queue for the cause, and empties the queue.
    init(_ action: Action, verification: CInt = X509_V_OK) {
        self.init(action, .openSSL(.take()), verification: verification)
    }

    /// Empties this thread's error queue, so that what a call leaves in it is that call's.
    ///
    /// It is nearly always empty, which OpenSSL finds out by looking at all of its sixteen places: 800 instructions.
    static func clearQueue() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    /// "handshake: no shared cipher"
    package var description: String { "\(action): \(reason)" }

    /// OpenSSL's words, in lower case, or the kernel's.
    package var reason: String {
        switch cause {
        case .openSSL(let error) where error.isEmpty && action.isOfStream: "the connection was closed"
        case .openSSL(let error): error.description
        case .system(let error): error.reason
        }
    }

    /// What OpenSSL's part for TLS said; nil where another part did, or the queue was empty.
    var tlsCode: CInt? {
        guard case .openSSL(let error) = cause, error.library == ERR_LIB_SSL else { return nil }
        return error.code
    }

    /// The peer ended the stream without a close_notify, or left during the handshake.
    var isUnexpectedEnd: Bool {
        guard case .openSSL(let error) = cause else { return false }
        return error.isEmpty || tlsCode == SSL_R_UNEXPECTED_EOF_WHILE_READING
    }

    /// The alert that the peer sent, where that is what ended the connection (RFC 8446 §6).
    package var receivedAlert: Int? {
        // OpenSSL numbers the reason for an alert N as 1000 + N.
        guard let tlsCode, tlsCode > 1000, tlsCode < 1256 else { return nil }
        return Int(tlsCode) - 1000
    }
}

extension TLSError.Action: CustomStringConvertible {
    package var description: String {
        switch self {
        case .startStream: "start a TLS stream"
        case .handshake: "handshake"
        case .read: "read"
        case .write: "write"
        case .sendTicket: "send a session ticket"
        case .makeTransport: "make the transport"
        case .makeContext: "make a TLS context"
        case .setRules: "set the TLS rules"
        case .useCertificate: "use the certificate"
        case .useChain: "use the certificate's chain"
        case .useClientAuthorities: "use the clients' authorities"
        case .makeTicketKeys: "make ticket keys"
        case .openKeyLog(let path): "open the key log \(path)"
        case .readCertificate(let source): "read a certificate from \(source)"
        case .readPrivateKey(let source): "read the private key of \(source)"
        case .matchPrivateKey(let source): "match the private key with \(source)"
        case .makePrivateKey: "make a private key"
        case .makeCertificate: "make a certificate"
        case .signCertificate: "sign a certificate"
        case .writePEM: "write PEM"
        case .writePKCS12: "write PKCS #12"
        case .addExtension(let value): "write \(value) into a certificate"
        }
    }

    fileprivate var isOfStream: Bool {
        switch self {
        case .startStream, .handshake, .read, .write, .sendTicket: true
        default: false
        }
    }
}
