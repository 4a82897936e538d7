import COpenSSL

/// Digests of bytes. MD5 and SHA-1 are for old file formats and no new uses: both are broken as signatures.
package enum Digest {
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes, shim_sha256()) }
    package static func md5(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes, EVP_md5()) }
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes, EVP_sha1()) }

    /// Empty where OpenSSL's configuration forbids the algorithm.
    private static func digest(_ bytes: [UInt8], _ algorithm: OpaquePointer?) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: CUnsignedInt = 0
        guard unsafe EVP_Digest(bytes, bytes.count, &result, &count, algorithm, nil) == 1 else {
            ERR_clear_error()
            return []
        }
        return [UInt8](result.prefix(Int(count)))
    }
}
