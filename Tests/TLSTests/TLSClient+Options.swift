import COpenSSL
import MartinetTestSupport
import Testing

@testable import MartinetTLS

extension TLSClient {
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

    convenience init(_ options: Options = Options(), resuming session: TLSClientSession? = nil) throws {
        try self.init(version: options.version, protocols: options.protocols)
        if let name = options.serverName {
            unsafe shim_SSL_set_server_name(ssl, name)
            unsafe SSL_set1_host(ssl, name)
        }
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
