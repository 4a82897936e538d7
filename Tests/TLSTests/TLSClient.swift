import COpenSSL
import Testing

@testable import MartinetTLS

/// A client's side of a TLS connection with its ciphertext in memory, driven by OpenSSL as any program's would be.
///
/// Safe because the OpenSSL objects are owned here, freed once, and never leave this object.
@safe final class TLSClient {
    enum Outcome: Equatable {
        case done
        case bytes([UInt8])
        case wantsRead
        case closedByPeer
        case failed
    }

    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// The alert that has ended the connection (RFC 8446 §6).
    private(set) var alert: CInt?

    struct Options {
        var version: TLSConfiguration.Version?
        var serverName: String?
        var protocols = ["http/1.1"]
        /// The authority to trust; nil trusts everyone.
        var authority: DevelopmentAuthority?
        var trustsNobody = false
        var suites12: String?
        var groups: String?
        /// The certificate, with its intermediates, to show to a server that asks for one.
        var identity: TLSConfiguration.Identity?
    }

    init(_ options: Options = Options(), resuming session: TLSClientSession? = nil) throws {
        unsafe context = try #require(unsafe SSL_CTX_new(TLS_client_method()))
        unsafe ssl = try #require(unsafe SSL_new(context))
        unsafe incoming = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe outgoing = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        if let version = options.version {
            let number = CLong(version == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION)
            unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, number, nil)
            unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, number, nil)
        }
        if let name = options.serverName {
            unsafe shim_SSL_set_server_name(ssl, name)
            unsafe SSL_set1_host(ssl, name)
        }
        let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + [UInt8]($0.utf8) }
        if !list.isEmpty { try #require(unsafe SSL_set_alpn_protos(ssl, list, CUnsignedInt(list.count)) == 0) }
        if let authority = options.authority {
            let roots = try unsafe PEM.readCertificates(authority.rootText(), from: "root")
            try #require(unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), roots[0]) == 1)
            unsafe X509_free(roots[0])
        }
        if options.authority != nil || options.trustsNobody { unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER, nil) }
        if let suites = options.suites12 { try #require(unsafe SSL_set_cipher_list(ssl, suites) == 1) }
        if let groups = options.groups {
            var text = groups.utf8CString.map { $0 }
            try #require(unsafe SSL_ctrl(ssl, SSL_CTRL_SET_GROUPS_LIST, 0, &text) == 1)
        }
        if let identity = options.identity {
            let certificate = try Certificate(identity)
            try #require(unsafe SSL_use_certificate(ssl, certificate.leaf) == 1)
            try #require(unsafe SSL_use_PrivateKey(ssl, certificate.key) == 1)
            for index in unsafe certificate.issuers.indices {
                let issuer = unsafe UnsafeMutableRawPointer(certificate.issuers[index])
                try #require(unsafe SSL_ctrl(ssl, SSL_CTRL_CHAIN_CERT, 1, issuer) == 1)
            }
        }
        if let session { try #require(unsafe SSL_set_session(ssl, session.pointer) == 1) }
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe SSL_CTX_free(context)
    }

    // MARK: Ciphertext

    func give(_ ciphertext: [UInt8]) {
        guard !ciphertext.isEmpty else { return }
        unsafe BIO_write(incoming, ciphertext, CInt(ciphertext.count))
    }

    /// What waits to be sent to the server.
    func takeCiphertext() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        guard !bytes.isEmpty else { return [] }
        unsafe BIO_read(outgoing, &bytes, CInt(bytes.count))
        return bytes
    }

    // MARK: Plaintext

    func handshake() -> Outcome {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        return result == 1 ? .done : outcome(result)
    }

    func write(_ bytes: [UInt8]) throws {
        ERR_clear_error()
        try #require(unsafe SSL_write(ssl, bytes, CInt(bytes.count)) == CInt(bytes.count))
    }

    func write(_ text: String) throws {
        try write([UInt8](text.utf8))
    }

    func read() -> Outcome {
        ERR_clear_error()
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        let count = unsafe SSL_read(ssl, &bytes, CInt(bytes.count))
        return count > 0 ? .bytes([UInt8](bytes.prefix(Int(count)))) : outcome(count)
    }

    /// Everything there is to read now.
    func readAll() -> [UInt8] {
        var all: [UInt8] = []
        while case .bytes(let bytes) = read() { all += bytes }
        return all
    }

    /// Sends close_notify.
    func close() {
        unsafe SSL_shutdown(ssl)
    }

    private func outcome(_ result: CInt) -> Outcome {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .wantsRead
        case SSL_ERROR_ZERO_RETURN: .closedByPeer
        default: failure
        }
    }

    private var failure: Outcome {
        // OpenSSL numbers the reason for an alert N as 1000 + N.
        let reason = CInt(truncatingIfNeeded: ERR_peek_error() & 0x7F_FFFF)
        if reason > 1000 { alert = reason - 1000 }
        return .failed
    }

    // MARK: What was settled

    var version: String { unsafe SSL_get_version(ssl).map { unsafe String(cString: $0) } ?? "" }
    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// Whether the server showed this certificate.
    func wasShown(_ certificate: Certificate) -> Bool {
        guard let shown = unsafe SSL_get1_peer_certificate(ssl) else { return false }
        defer { unsafe X509_free(shown) }
        return unsafe X509_cmp(shown, certificate.leaf) == 0
    }

    /// What is wrong with the server's certificate, or X509_V_OK.
    var verification: CInt { CInt(unsafe SSL_get_verify_result(ssl)) }

    /// How many certificates the server sent.
    var chainCount: Int {
        guard let chain = unsafe SSL_get_peer_cert_chain(ssl) else { return 0 }
        return Int(unsafe OPENSSL_sk_num(chain))
    }

    /// How many authorities the server named when it asked for a certificate.
    var namedAuthorityCount: Int {
        guard let names = unsafe SSL_get_client_CA_list(ssl) else { return 0 }
        return Int(unsafe OPENSSL_sk_num(names))
    }

    /// The session, to be resumed by another client.
    func session() throws -> TLSClientSession {
        let session = unsafe try #require(unsafe SSL_get1_session(ssl))
        return unsafe TLSClientSession(owning: session)
    }
}

/// Safe because the session is owned here and freed once.
@safe final class TLSClientSession {
    fileprivate let pointer: OpaquePointer

    fileprivate init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }

    /// How many seconds the server said that the ticket is good.
    var lifetimeHint: Int { Int(unsafe SSL_SESSION_get_ticket_lifetime_hint(pointer)) }
}
