import COpenSSL

/// The secret that session tickets are sealed with (RFC 5077, RFC 8446 §4.6.1).
///
/// Every worker has the same, so that a session begun with one resumes with another.
package struct TicketKeys: Codable, Sendable, Equatable {
    /// OpenSSL's layout: a 16-byte name, a 32-byte HMAC key, a 32-byte AES key.
    static let byteCount = 80

    let bytes: [UInt8]

    /// New keys from OpenSSL's random generator.
    package static func random() throws(TLSError) -> TicketKeys {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        guard unsafe RAND_priv_bytes(&bytes, CInt(byteCount)) == 1 else { throw TLSError("make ticket keys") }
        return TicketKeys(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}
