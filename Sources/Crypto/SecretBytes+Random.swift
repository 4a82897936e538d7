import COpenSSL
package import MartinetPOSIX

extension SecretBytes {
    /// So many bytes that nobody can foresee: a key.
    package static func random(byteCount: Int) throws(OpenSSLError) -> SecretBytes {
        try SecretBytes(byteCount: byteCount) { bytes throws(OpenSSLError) in
            let isMade = unsafe bytes.withUnsafeMutableBytes { bytes in
                unsafe RAND_priv_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(bytes.count)) == 1
            }
            guard isMade else { throw OpenSSLError.take() }
        }
    }
}
