import COpenSSL
import MartinetPOSIX

/// Message authentication codes (HMAC-SHA256, RFC 2104) under a key that is made for this object and known to nobody else:
/// something to recognise secrets by that need not be kept.
///
/// `@safe`: the context is this object's own, and no pointer to it leaves.
@safe package final class MessageAuthenticator {
    package static let byteCount = 32
    private let context: OpaquePointer

    package init() throws(OpenSSLError) {
        let key = try SecretBytes.random(byteCount: Self.byteCount)
        let context = unsafe key.withSpan { key in
            unsafe key.withUnsafeBufferPointer { unsafe shim_HMAC_SHA256_new($0.baseAddress, $0.count) }
        }
        guard let context = unsafe context else { throw OpenSSLError.take() }
        unsafe self.context = unsafe context
    }

    deinit {
        unsafe EVP_MAC_CTX_free(context)
    }

    /// The code for a message, of 32 bytes; empty where OpenSSL fails.
    package func code(for message: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Self.byteCount)
        var count = 0
        // Without a key it begins anew with the one that it has.
        guard unsafe EVP_MAC_init(context, nil, 0, nil) == 1,
            unsafe EVP_MAC_update(context, message, message.count) == 1,
            unsafe EVP_MAC_final(context, &code, &count, code.count) == 1, count == code.count
        else {
            ERR_clear_error()
            return []
        }
        return code
    }
}
