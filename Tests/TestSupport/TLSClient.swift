import COpenSSL
package import MartinetTLS
import Testing

/// A client's side of a TLS connection with its ciphertext in memory, driven by OpenSSL as any program's would be.
///
/// Safe because the OpenSSL objects are owned here and freed once; who changes their options does not keep them.
@safe package final class TLSClient {
    package enum Outcome: Equatable {
        case done
        case bytes([UInt8])
        case wantsRead
        case closedByPeer
        case failed
    }

    package let context: OpaquePointer
    package let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    /// The alert that has ended the connection (RFC 8446 §6).
    package private(set) var alert: CInt?

    /// - Parameters:
    ///   - version: the only one that is offered; nil for all that OpenSSL knows.
    ///   - protocols: what is offered by ALPN.
    package init(version: TLSConfiguration.Version?, protocols: [String]) throws {
        unsafe context = try #require(unsafe SSL_CTX_new(TLS_client_method()))
        unsafe ssl = try #require(unsafe SSL_new(context))
        unsafe incoming = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe outgoing = try #require(unsafe BIO_new(BIO_s_mem()))
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        unsafe SSL_set_connect_state(ssl)
        if let version {
            let number = CLong(version == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION)
            unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MIN_PROTO_VERSION, number, nil)
            unsafe SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, number, nil)
        }
        let list = protocols.flatMap { [UInt8($0.utf8.count)] + [UInt8]($0.utf8) }
        if !list.isEmpty { try #require(unsafe SSL_set_alpn_protos(ssl, list, CUnsignedInt(list.count)) == 0) }
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe SSL_CTX_free(context)
    }

    // MARK: Ciphertext

    package func give(_ ciphertext: [UInt8]) {
        guard !ciphertext.isEmpty else { return }
        unsafe BIO_write(incoming, ciphertext, CInt(ciphertext.count))
    }

    /// What waits to be sent to the server.
    package func takeCiphertext() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(outgoing))
        guard !bytes.isEmpty else { return [] }
        unsafe BIO_read(outgoing, &bytes, CInt(bytes.count))
        return bytes
    }

    // MARK: Plaintext

    package func handshake() -> Outcome {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(ssl)
        return result == 1 ? .done : outcome(result)
    }

    package func write(_ bytes: [UInt8]) throws {
        ERR_clear_error()
        try #require(unsafe SSL_write(ssl, bytes, CInt(bytes.count)) == CInt(bytes.count))
    }

    package func write(_ text: String) throws {
        try write([UInt8](text.utf8))
    }

    package func read() -> Outcome {
        ERR_clear_error()
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        let count = unsafe SSL_read(ssl, &bytes, CInt(bytes.count))
        return count > 0 ? .bytes([UInt8](bytes.prefix(Int(count)))) : outcome(count)
    }

    /// Everything there is to read now.
    package func readAll() -> [UInt8] {
        var all: [UInt8] = []
        while case .bytes(let bytes) = read() { all += bytes }
        return all
    }

    /// Sends close_notify.
    package func close() {
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
}
