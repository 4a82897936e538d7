import COpenSSL
package import MartinetPOSIX

/// The certificates and rules that new streams are made with; one for each worker.
///
/// Safe because the contexts are owned here and freed once, and the pointer to itself that OpenSSL's callbacks get is
/// used only by streams, which keep this object alive.
@safe package final class TLSContext {
    /// One SSL_CTX for each set of names; certificates of different key types for the same names share one.
    @safe private struct Entry {
        let context: OpaquePointer
        let names: [String]
        let patterns: [ServerName]
        let addresses: [SocketAddress]
    }

    private var entries: [Entry] = []
    private let keyLog: KeyLog?
    private let clientAuthorities: ClientAuthorities?
    /// The protocols that clients may choose (ALPN, RFC 7301), each behind its length.
    fileprivate let protocolList: [UInt8]
    private var ticketKeys: TicketKeys
    /// What the hello offered that the current step of a handshake has read; nil where it has read none.
    var helloVersions: OfferedVersions?
    /// Whether making a session ticket fails.
    var refusesTickets = false
    /// The names of the cipher suites in use: one text for all connections that have the same.
    private var cipherNames: [CUnsignedInt: String] = [:]

    /// Names, versions and order of TLS 1.2's suites: forward secrecy and AEAD only, AES-128 first.
    private static let suites12 = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    /// TLS 1.3's suites. SHA-256 before SHA-384: processors help with the former only, which is 7 % of a handshake.
    private static let suites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    private static let groups = "X25519:P-256:P-384"

    /// The version of the OpenSSL that runs, not of the one that was compiled against.
    package static var libraryVersion: String {
        unsafe OpenSSL_version(OPENSSL_VERSION).map { unsafe String(cString: $0) } ?? "OpenSSL"
    }

    /// - Parameter applicationProtocols: what clients may choose to speak (ALPN, RFC 7301), the best first, by names of 1 to 255
    ///   bytes; a client that offers only others is refused. With none, no client's offer is answered.
    package init(_ configuration: TLSConfiguration, applicationProtocols: [String] = []) throws(TLSError) {
        protocolList = applicationProtocols.flatMap { [UInt8(truncatingIfNeeded: $0.utf8.count)] + $0.utf8 }
        if let path = configuration.keyLogPath {
            do {
                keyLog = try KeyLog(path)
            } catch {
                throw TLSError(.openKeyLog(path: path), .system(error))
            }
        } else {
            keyLog = nil
        }
        if let rules = configuration.clientAuthentication {
            clientAuthorities = try ClientAuthorities(rules)
        } else {
            clientAuthorities = nil
        }
        if let keys = configuration.ticketKeys { ticketKeys = keys } else { ticketKeys = try .random() }
        for identity in configuration.identities {
            try add(Certificate(identity), configuration)
        }
    }

    deinit {
        for index in entries.indices { unsafe SSL_CTX_free(entries[index].context) }
    }

    /// The context for clients that name no server, or one that nobody here has.
    var pointer: OpaquePointer? { unsafe entries.first?.context }

    private func add(_ certificate: Certificate, _ configuration: TLSConfiguration) throws(TLSError) {
        let names = certificate.names.sorted()
        let context: OpaquePointer
        if let known = entries.firstIndex(where: { $0.names == names }) {
            unsafe context = entries[known].context
        } else {
            unsafe context = try makeContext(configuration)
            unsafe entries.append(
                Entry(
                    context: context, names: names, patterns: names.map(ServerName.init(pattern:)),
                    addresses: certificate.addresses))
        }
        try unsafe use(certificate, in: context)
    }

    private func use(_ certificate: Certificate, in context: OpaquePointer) throws(TLSError) {
        guard unsafe SSL_CTX_use_certificate(context, certificate.leaf) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, certificate.key) == 1
        else { throw TLSError(.useCertificate) }
        for index in unsafe certificate.issuers.indices {
            guard unsafe shim_SSL_CTX_add_chain_certificate(context, certificate.issuers[index]) == 1 else {
                throw TLSError(.useChain)
            }
        }
    }

    private func makeContext(_ configuration: TLSConfiguration) throws(TLSError) -> OpaquePointer {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw TLSError(.makeContext) }
        do throws(TLSError) {
            try unsafe setRules(of: context, configuration)
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        let this = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe SSL_CTX_set_ex_data(context, 0, this)
        if !protocolList.isEmpty { unsafe SSL_CTX_set_alpn_select_cb(context, selectProtocol, this) }
        unsafe SSL_CTX_set_client_hello_cb(context, readHello, this)
        unsafe SSL_CTX_set_session_ticket_cb(context, allowTicket, clientAuthorities == nil ? nil : judgeTicket, this)
        unsafe shim_SSL_CTX_set_servername_callback(context, selectCertificate)
        unsafe shim_SSL_CTX_set_servername_argument(context, this)
        if keyLog != nil { unsafe SSL_CTX_set_keylog_callback(context, writeKeyLog) }
        return unsafe context
    }

    private func setRules(of context: OpaquePointer, _ configuration: TLSConfiguration) throws(TLSError) {
        unsafe SSL_CTX_set_options(
            context,
            shim_SSL_OP_NO_COMPRESSION | shim_SSL_OP_NO_RENEGOTIATION | shim_SSL_OP_CIPHER_SERVER_PREFERENCE
                | shim_SSL_OP_PRIORITIZE_CHACHA)
        // An idle connection keeps no record buffers, a write may be repeated from another address, and no chain is
        // searched for in the system's store at each handshake.
        let modes =
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
            | SSL_MODE_NO_AUTO_CHAIN
        unsafe shim_SSL_CTX_set_mode(context, CLong(modes))
        unsafe shim_SSL_CTX_disable_session_cache(context)
        let minimum = configuration.minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
        guard unsafe shim_SSL_CTX_set_min_proto_version(context, minimum) == 1,
            unsafe SSL_CTX_set_cipher_list(context, Self.suites12) == 1,
            unsafe SSL_CTX_set_ciphersuites(context, Self.suites13) == 1,
            unsafe shim_SSL_CTX_set1_groups_list(context, Self.groups) == 1,
            unsafe SSL_CTX_set_num_tickets(context, 1) == 1,
            unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, useTicketKeys) == 1
        else { throw TLSError(.setRules) }
        // What clients are told of a ticket's life (RFC 8446 §4.6.1).
        unsafe SSL_CTX_set_timeout(context, TicketKeys.ticketSeconds)
        try unsafe clientAuthorities?.verifyClients(of: context)
    }

    /// The context whose certificate covers `name`; the default where none does.
    fileprivate func context(covering name: String) -> OpaquePointer? {
        // A certificate for the very name goes before one with a wildcard that covers it.
        let match =
            entries.firstIndex { $0.patterns.contains { !$0.isWildcard && $0.covers(name) } }
            ?? entries.firstIndex { $0.patterns.contains { $0.covers(name) } }
        return unsafe match.map { unsafe entries[$0].context } ?? pointer
    }

    /// Has new tickets sealed with the next key, and wipes the one whose tickets have all expired; see `TicketKeys`.
    package func advanceTicketKeys(to key: SecretBytes) {
        ticketKeys.advance(to: key)
    }

    fileprivate func seal(_ ticket: SealedTicket) -> Bool { ticketKeys.seal(ticket) }

    fileprivate func open(_ ticket: SealedTicket) -> TicketOpening { ticketKeys.open(ticket) }

    /// Whether clients that connect to a host by this name or address find a certificate that is for it.
    ///
    /// - Parameter host: as in a URL: an IPv6 address is in brackets (RFC 3986 §3.2.2).
    package func covers(_ host: String) -> Bool {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let text = isBracketed ? String(host.dropFirst().dropLast()) : host
        // A star or a DNS name stands for no address, whatever it looks like (RFC 6125 §B.2).
        if let address = SocketAddress(host: text, port: 0) {
            return address.isIPv6 == isBracketed && entries.contains { $0.addresses.contains(address) }
        }
        return !isBracketed && entries.contains { $0.patterns.contains { $0.covers(text) } }
    }

    /// OpenSSL's name of a cipher suite.
    func name(of cipher: OpaquePointer) -> String {
        let number = unsafe SSL_CIPHER_get_id(cipher)
        if let known = cipherNames[number] { return known }
        let name = unsafe SSL_CIPHER_get_name(cipher).map { unsafe String(cString: $0) } ?? ""
        cipherNames[number] = name
        return name
    }

    fileprivate func log(keyLine: String) {
        keyLog?.write(keyLine)
    }
}

/// The file that gets the secrets of every session, for tools that decrypt captures (NSS key log format).
private final class KeyLog {
    private let file: FileDescriptor

    init(_ path: String) throws(SystemError) {
        file = try FileDescriptor.openForAppending(path, mode: 0o600)
    }

    func write(_ line: String) {
        let bytes = [UInt8]((line + "\n").utf8)
        // A debugging aid must not take connections down with it when its disk is full.
        _ = try? file.write(bytes.span)
    }
}

// MARK: OpenSSL's callbacks

/// Chooses the best protocol here that the client offers, too (ALPN, RFC 7301 §3.2).
private func selectProtocol(
    _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, offeredCount: CUnsignedInt, argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let argument = unsafe argument else { return SSL_TLSEXT_ERR_NOACK }
    let owner = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
    return unsafe owner.protocolList.withUnsafeBufferPointer { known in
        var match: UnsafeMutablePointer<UInt8>?
        let outcome = unsafe SSL_select_next_proto(
            &match, count, known.baseAddress, CUnsignedInt(known.count), offered, offeredCount)
        guard outcome == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        unsafe chosen?.pointee = unsafe UnsafePointer(match)
        return SSL_TLSEXT_ERR_OK
    }
}

/// Notes what the client offers, for a log line about a handshake that fails.
private func readHello(
    _ ssl: OpaquePointer?, _: UnsafeMutablePointer<CInt>?, argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let argument = unsafe argument else { return SSL_CLIENT_HELLO_SUCCESS }
    let owner = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
    var list: UnsafePointer<UInt8>?
    var byteCount = 0
    if unsafe SSL_client_hello_get0_ext(ssl, CUnsignedInt(TLSEXT_TYPE_supported_versions), &list, &byteCount) == 1,
        let list = unsafe list
    {
        owner.helloVersions = unsafe OfferedVersions(extensionData: Span(_unsafeStart: list, count: byteCount))
    } else {
        let version = unsafe SSL_client_hello_get0_legacy_version(ssl)
        owner.helloVersions = OfferedVersions(highest: UInt16(truncatingIfNeeded: version))
    }
    return SSL_CLIENT_HELLO_SUCCESS
}

private func allowTicket(_: OpaquePointer?, argument: UnsafeMutableRawPointer?) -> CInt {
    guard let argument = unsafe argument else { return 1 }
    return unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue().refusesTickets ? 0 : 1
}

private func selectCertificate(
    _ ssl: OpaquePointer?, _: UnsafeMutablePointer<CInt>?, argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl = unsafe ssl, let argument = unsafe argument,
        let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)
    else { return SSL_TLSEXT_ERR_NOACK }
    let owner = unsafe Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue()
    let context = unsafe owner.context(covering: String(cString: name))
    if unsafe context != SSL_get_SSL_CTX(ssl) { unsafe SSL_set_SSL_CTX(ssl, context) }
    return SSL_TLSEXT_ERR_OK
}

/// Keys for a ticket that is to be sealed, or opened; what is returned is in SSL_CTX_set_tlsext_ticket_key_evp_cb(3).
private func useTicketKeys(
    _ ssl: OpaquePointer?, name: UnsafeMutablePointer<UInt8>?, vector: UnsafeMutablePointer<UInt8>?,
    cipher: OpaquePointer?, authentication: OpaquePointer?, isSealing: CInt
) -> CInt {
    guard let ssl = unsafe ssl, let owner = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0),
        let ticket = unsafe SealedTicket(
            name: name, vector: vector, cipher: cipher, authentication: authentication)
    else { return TicketOpening.failed.rawValue }
    let context = unsafe Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue()
    if isSealing == 1 { return context.seal(ticket) ? 1 : TicketOpening.failed.rawValue }
    return context.open(ticket).rawValue
}

private func writeKeyLog(_ ssl: OpaquePointer?, _ line: UnsafePointer<CChar>?) {
    guard let ssl = unsafe ssl, let line = unsafe line,
        let owner = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0)
    else { return }
    unsafe Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue().log(keyLine: String(cString: line))
}
