import COpenSSL
package import MartinetBytes

/// One connection's TLS (RFC 8446, RFC 5246), server side: plaintext above, records in a `Transport` below.
///
/// Nothing here waits or touches a socket. Writing always succeeds into the transport, so the only thing a stream ever
/// asks for is more ciphertext to read.
///
/// Safe because the pointer to OpenSSL's state is owned, freed once, and never leaves this value.
@safe package struct TLSStream: ~Copyable {
    private let ssl: OpaquePointer
    /// OpenSSL's callbacks use it without owning it, for as long as this stream lives.
    private let context: TLSContext
    private let transport: Transport
    /// What the client's hello offered; nil before one could be read.
    package private(set) var offeredVersions: OfferedVersions?

    /// What a read or a handshake step came to.
    package enum Progress: Equatable {
        /// This many bytes of plaintext were read; 0 for a handshake that is complete.
        case done(Int)
        /// Every staged byte is used up and more are needed.
        case wantsRead
        /// The peer will send no more. `isOrderly` when it said so (close_notify), so that nothing can be missing.
        case endOfStream(isOrderly: Bool)
    }

    /// A stream that expects a client's first message.
    package init(_ context: TLSContext, over transport: Transport) throws(TLSError) {
        guard let ssl = unsafe SSL_new(context.pointer) else { throw TLSError(.startStream) }
        unsafe self.ssl = ssl
        self.context = context
        self.transport = transport
        unsafe transport.attach(ssl)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    /// Takes the handshake as far as the staged bytes allow.
    package mutating func handshake() throws(TLSError) -> Progress {
        TLSError.clearQueue()
        context.helloVersions = nil
        let result = unsafe SSL_do_handshake(ssl)
        if let versions = context.helloVersions { offeredVersions = versions }
        if result == 1 { return .done(0) }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        default: throw TLSError(.handshake, verification: CInt(truncatingIfNeeded: unsafe SSL_get_verify_result(ssl)))
        }
    }

    /// Reads plaintext into the queue, one record's worth or `byteCount` bytes at the most.
    package mutating func read(into queue: inout ByteQueue, atMost byteCount: Int) throws(TLSError) -> Progress {
        TLSError.clearQueue()
        var count = 0
        var room = queue.room(atLeast: byteCount)
        let result = unsafe room.withUnsafeMutableBytes { bytes in
            unsafe SSL_read_ex(ssl, bytes.baseAddress, byteCount, &count)
        }
        if result == 1 {
            queue.commit(count)
            return .done(count)
        }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_ZERO_RETURN: return .endOfStream(isOrderly: true)
        default:
            let error = TLSError(.read)
            if error.isUnexpectedEnd { return .endOfStream(isOrderly: false) }
            throw error
        }
    }

    /// Encrypts everything in the queue into the transport, in records of 16 KiB and one for the rest.
    package mutating func write(from queue: inout ByteQueue) throws(TLSError) {
        try write(queue.readable)
        queue.removeAll()
    }

    /// Encrypts the bytes into the transport.
    package mutating func write(_ bytes: Span<UInt8>) throws(TLSError) {
        guard !bytes.isEmpty else { return }
        TLSError.clearQueue()
        var start = 0
        // With SSL_MODE_ENABLE_PARTIAL_WRITE each call writes a record.
        while start < bytes.count {
            var count = 0
            let rest = bytes.extracting(start..<bytes.count)
            let result = unsafe rest.withUnsafeBytes { unsafe SSL_write_ex(ssl, $0.baseAddress, $0.count, &count) }
            guard result == 1, count > 0 else { throw TLSError(.write) }
            start += count
        }
    }

    /// Whether OpenSSL has bytes that poll(2) cannot see: plaintext, or a record of which more may have to come.
    package var hasPending: Bool { unsafe SSL_has_pending(ssl) == 1 }

    /// Tells the peer that no more will come (close_notify, RFC 8446 §6.1). Harmless when repeated.
    package mutating func close() {
        TLSError.clearQueue()
        _ = unsafe SSL_shutdown(ssl)
        TLSError.clearQueue()
    }

    /// Tells the peer by a fatal alert that what it has got is not all there was to come (RFC 8446 §6.2): internal_error, or
    /// decode_error in TLS 1.2. Nothing can be written or read afterwards. Harmless when repeated.
    ///
    /// OpenSSL has no call for it, so it is given a cause to send one.
    package mutating func abort() {
        TLSError.clearQueue()
        defer { TLSError.clearQueue() }
        let gatheredByteCount = transport.gatheredByteCount
        context.refusesTickets = true
        if unsafe SSL_new_session_ticket(ssl) == 1 { _ = unsafe SSL_do_handshake(ssl) }
        context.refusesTickets = false
        guard transport.gatheredByteCount == gatheredByteCount else { return }
        // TLS 1.2 has no messages behind its handshake that could fail.
        transport.withRefusedEnd {
            var count = 0
            var dropped: [1024 of UInt8] = .init(repeating: 0)
            var bytes = dropped.mutableSpan
            // Plaintext that is pending comes before the end: one record's at the most.
            for _ in 0..<32 {
                let result = unsafe bytes.withUnsafeMutableBytes {
                    unsafe SSL_read_ex(ssl, $0.baseAddress, $0.count, &count)
                }
                guard result == 1 else { return }
            }
        }
    }

    /// Whether each side of the connection ends by itself: a peer that has said that it sends no more still reads what it is
    /// sent (RFC 8446 §6.1). In TLS 1.2 it does not (RFC 5246 §7.2.1).
    package var endsOneSide: Bool { unsafe SSL_version(ssl) >= TLS1_3_VERSION }

    /// Sends a session ticket, which the peer takes without an answer (RFC 8446 §4.6.1); false where the version knows none
    /// behind the handshake.
    package mutating func sendTicket() throws(TLSError) -> Bool {
        TLSError.clearQueue()
        guard endsOneSide, unsafe SSL_new_session_ticket(ssl) == 1 else {
            TLSError.clearQueue()
            return false
        }
        guard unsafe SSL_do_handshake(ssl) == 1 else { throw TLSError(.sendTicket) }
        return true
    }

    /// Whether the peer has sent its close_notify.
    package var isClosedByPeer: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// What the handshake settled; to be asked when it is complete.
    package var session: TLSSession {
        var protocolText = "", cipherText = ""
        if let name = unsafe SSL_get_version(ssl) { unsafe protocolText = String(cString: name) }
        if let cipher = unsafe SSL_get_current_cipher(ssl) { cipherText = unsafe context.name(of: cipher) }
        return TLSSession(
            protocolVersion: protocolText, cipher: cipherText, isResumed: unsafe SSL_session_reused(ssl) == 1,
            serverName: serverName, applicationProtocol: applicationProtocol,
            clientCertificate: unsafe SSL_get0_peer_certificate(ssl).map { unsafe PeerCertificate($0) })
    }

    /// What the client and the context agreed to speak (ALPN, RFC 7301); nil where the client offered nothing.
    private var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name = unsafe name, count > 0 else { return nil }
        return unsafe String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// The name the client asked for (SNI, RFC 6066 §3); nil when it named none.
    package var serverName: String? {
        guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
        return unsafe String(cString: name)
    }
}

/// What a completed handshake settled, in OpenSSL's names.
package struct TLSSession: Equatable, Sendable {
    /// "TLSv1.3"
    package let protocolVersion: String
    /// "TLS_AES_128_GCM_SHA256"
    package let cipher: String
    package let isResumed: Bool
    /// The name the client asked for (SNI); nil when it named none.
    package let serverName: String?
    /// What is spoken above TLS, by its ALPN name, such as "http/1.1"; nil where the client offered nothing.
    package let applicationProtocol: String?
    /// The client's certificate, also where the session that showed it was resumed; nil for a client without one.
    package let clientCertificate: PeerCertificate?
}
