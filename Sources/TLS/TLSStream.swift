package import Bytes
import COpenSSL

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
        guard let ssl = unsafe SSL_new(context.pointer) else { throw TLSError("start a TLS stream") }
        unsafe self.ssl = ssl
        self.context = context
        unsafe transport.attach(ssl)
        unsafe SSL_set_accept_state(ssl)
    }

    deinit {
        unsafe SSL_free(ssl)
    }

    /// Takes the handshake as far as the staged bytes allow.
    package mutating func handshake() throws(TLSError) -> Progress {
        TLSError.clearQueue()
        let result = unsafe SSL_do_handshake(ssl)
        if result == 1 { return .done(0) }
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        default: throw TLSError("handshake", verification: CInt(truncatingIfNeeded: unsafe SSL_get_verify_result(ssl)))
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
            let error = TLSError("read")
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
            guard result == 1, count > 0 else { throw TLSError("write") }
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

    /// Whether the peer has sent its close_notify.
    package var isClosedByPeer: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// What the handshake settled; to be asked when it is complete.
    package var session: TLSSession {
        var protocolText = "", cipherText = ""
        if let name = unsafe SSL_get_version(ssl) { unsafe protocolText = String(cString: name) }
        if let cipher = unsafe SSL_get_current_cipher(ssl) { cipherText = unsafe context.name(of: cipher) }
        return TLSSession(
            protocolVersion: protocolText, cipher: cipherText, isResumed: unsafe SSL_session_reused(ssl) == 1,
            serverName: serverName,
            clientCertificate: unsafe SSL_get0_peer_certificate(ssl).map { unsafe PeerCertificate($0) })
    }

    /// The name the client asked for (SNI, RFC 6066 §3); nil when it named none.
    package var serverName: String? {
        guard let name = unsafe SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return nil }
        return unsafe String(cString: name)
    }

    /// The version the client put first in its hello, for a log line about a handshake that failed: "TLSv1".
    package var offeredVersion: String? {
        switch unsafe SSL_client_version(ssl) {
        case SSL3_VERSION: "SSLv3"
        case TLS1_VERSION: "TLSv1"
        case TLS1_1_VERSION: "TLSv1.1"
        case TLS1_2_VERSION: "TLSv1.2"
        case TLS1_3_VERSION: "TLSv1.3"
        default: nil
        }
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
    /// The client's certificate, also where the session that showed it was resumed; nil for a client without one.
    package let clientCertificate: PeerCertificate?
}
