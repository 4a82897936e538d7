import COpenSSL

/// A public key, by itself or as a half of a private one.
///
/// Safe because the OpenSSL object is owned here and freed once; OpenSSL wipes the private half.
@safe package final class PublicKey {
    private let key: OpaquePointer

    /// - Parameter key: becomes its own.
    init(owning key: OpaquePointer) { unsafe self.key = key }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Its type and size: "ECDSA on P-256", "RSA of 2048 bits", "Ed25519".
    package var words: String { unsafe Self.words(for: key) }

    /// Whether both are of one pair.
    package func isPair(with other: PublicKey) -> Bool {
        defer { ERR_clear_error() }
        return unsafe EVP_PKEY_eq(key, other.key) == 1
    }

    /// Its type and size where clients refuse it as too weak; nil where it is good.
    package var weakness: String? { unsafe Self.weakness(of: key) }

    /// Below 112 bits of security (NIST SP 800-131A).
    static let leastSecurity: CInt = 112

    static func weakness(of key: OpaquePointer) -> String? {
        defer { ERR_clear_error() }
        let type = unsafe type(of: key)
        let security = unsafe EVP_PKEY_get_security_bits(key)
        // TLS 1.3 has no DSA, and what is left of it in TLS 1.2 nobody offers.
        guard type == "DSA" || security < leastSecurity else { return nil }
        return "\(type) of \(unsafe EVP_PKEY_get_bits(key)) bits"
    }

    private static func type(of key: OpaquePointer) -> String {
        unsafe EVP_PKEY_get0_type_name(key).map { unsafe String(cString: $0) } ?? "an unknown kind"
    }

    private static func words(for key: OpaquePointer) -> String {
        defer { ERR_clear_error() }
        let type = unsafe type(of: key)
        switch type {
        case "EC":
            var name = [CChar](repeating: 0, count: 64)
            var count = 0
            guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &count) == 1 else {
                return "ECDSA of \(unsafe EVP_PKEY_get_bits(key)) bits"
            }
            let group = String(decoding: name.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let common = ["prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"]
            return "ECDSA on \(common[group] ?? group)"
        case "ED25519": return "Ed25519"
        case "ED448": return "Ed448"
        default: return "\(type) of \(unsafe EVP_PKEY_get_bits(key)) bits"
        }
    }
}
