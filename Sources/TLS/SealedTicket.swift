import COpenSSL

/// A ticket that OpenSSL is about to seal or to open, in the form of RFC 5077 §4: AES-256-CBC under an HMAC-SHA256.
///
/// Safe because OpenSSL's callback makes it from what it was given, and drops it before it returns.
@safe struct SealedTicket {
    /// A name of 16 bytes, an HMAC key of 32, an AES key of 32.
    static let keyByteCount = nameByteCount + 32 + 32
    private static let nameByteCount = 16
    private static let vectorByteCount: CInt = 16

    private let name: UnsafeMutablePointer<UInt8>
    private let vector: UnsafeMutablePointer<UInt8>
    private let cipher: OpaquePointer
    private let authentication: OpaquePointer

    init?(
        name: UnsafeMutablePointer<UInt8>?, vector: UnsafeMutablePointer<UInt8>?, cipher: OpaquePointer?,
        authentication: OpaquePointer?
    ) {
        guard let name = unsafe name, let vector = unsafe vector, let cipher = unsafe cipher,
            let authentication = unsafe authentication
        else { return nil }
        unsafe self.name = name
        unsafe self.vector = vector
        unsafe self.cipher = cipher
        unsafe self.authentication = authentication
    }

    /// Whether it bears the key's name.
    func isSealed(with key: Span<UInt8>) -> Bool {
        for index in 0..<Self.nameByteCount where unsafe name[index] != key[index] { return false }
        return true
    }

    func seal(with key: Span<UInt8>) -> Bool {
        for index in 0..<Self.nameByteCount { unsafe name[index] = key[index] }
        guard unsafe RAND_bytes(vector, Self.vectorByteCount) == 1 else { return false }
        return unsafe use(key) { unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, $0, vector) }
    }

    func open(with key: Span<UInt8>) -> Bool {
        unsafe use(key) { unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, $0, vector) }
    }

    private func use(_ key: Span<UInt8>, _ initialize: (UnsafePointer<UInt8>) -> CInt) -> Bool {
        guard key.count == Self.keyByteCount else { return false }
        return unsafe key.withUnsafeBufferPointer { bytes in
            guard let start = unsafe bytes.baseAddress.map({ unsafe $0 + Self.nameByteCount }),
                unsafe shim_EVP_MAC_CTX_set_hmac_sha256_key(authentication, start, 32) == 1
            else { return false }
            return unsafe initialize(start + 32) == 1
        }
    }
}
