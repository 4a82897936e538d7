import COpenSSL
import MartinetPOSIX

/// Certificates with their key in one encrypted file (RFC 7292): .p12, .pfx.
enum PKCS12 {
    /// What is in a file.
    @safe struct Content {
        /// The caller's; nil where there is no key.
        var key: OpaquePointer?
        /// The caller's: that of the key first.
        var certificates: [OpaquePointer] = unsafe []
    }

    enum Fault: Error {
        /// It is encrypted with another password.
        case locked
        /// In OpenSSL's words.
        case unreadable(String)
    }

    /// How often a password is hashed: as Java does. What OpenSSL does by itself (2048) has become little.
    private static let iterations: CInt = 10_000
    /// Files that ask for more rounds would keep their reader busy for minutes.
    private static let iterationLimit = 10_000_000

    /// - Parameter password: in ASCII.
    static func write(
        _ certificate: OpaquePointer, _ key: OpaquePointer, _ chain: [OpaquePointer], name: String,
        password: SecretBytes
    ) throws(TLSError) -> SecretBytes {
        ERR_clear_error()
        guard let list = unsafe OPENSSL_sk_new_null() else { throw TLSError(.writePKCS12) }
        defer { unsafe OPENSSL_sk_free(list) }
        unsafe chain.forEach { unsafe _ = OPENSSL_sk_push(list, UnsafeRawPointer($0)) }
        let written = unsafe password.withTerminated { password -> SecretBytes? in
            guard
                let made = unsafe PKCS12_create(
                    password, name, key, certificate, list, NID_aes_256_cbc, NID_aes_256_cbc, iterations, -1, 0)
            else { return nil }
            defer { unsafe PKCS12_free(made) }
            guard unsafe PKCS12_set_mac(made, password, -1, nil, 0, iterations, shim_sha256()) == 1 else { return nil }
            return unsafe MemoryBIO.secret { unsafe i2d_PKCS12_bio($0, made) == 1 }
        }
        guard let written else { throw TLSError(.writePKCS12) }
        return written
    }

    /// - Parameter passwords: are tried one after another.
    static func read(_ bytes: UnsafePointer<UInt8>?, _ count: Int, passwords: [SecretBytes]) throws(Fault) -> Content {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var place = unsafe bytes
        guard let found = unsafe d2i_PKCS12(nil, &place, CLong(count)) else {
            throw .unreadable(TLSError(.readCertificate(source: "")).reason)
        }
        defer { unsafe PKCS12_free(found) }
        guard unsafe PKCS12_mac_present(found) == 1 else { throw .unreadable("it is signed or not protected at all") }
        var rounds: UnsafePointer<ASN1_INTEGER>?
        unsafe PKCS12_get0_mac(nil, nil, nil, &rounds, found)
        if let rounds = unsafe rounds, !(0...iterationLimit).contains(unsafe ASN1_INTEGER_get(rounds)) {
            throw .unreadable("its password would be hashed more than \(iterationLimit) times")
        }
        for password in passwords {
            let isRight = unsafe password.withTerminated { unsafe PKCS12_verify_mac(found, $0, -1) == 1 }
            guard isRight else { continue }
            return try unsafe password.withTerminated { password throws(Fault) in try unsafe parse(found, password) }
        }
        throw .locked
    }

    private static func parse(_ found: OpaquePointer, _ password: UnsafePointer<CChar>?) throws(Fault) -> Content {
        ERR_clear_error()
        var content = Content()
        var leaf: OpaquePointer?
        var others: OpaquePointer?
        guard unsafe PKCS12_parse(found, password, &content.key, &leaf, &others) == 1 else {
            throw .unreadable(TLSError(.readCertificate(source: "")).reason)
        }
        if let leaf = unsafe leaf { unsafe content.certificates.append(leaf) }
        // The list is freed, and its certificates are kept.
        for index in 0..<max(0, unsafe OPENSSL_sk_num(others)) {
            if let other = unsafe OPENSSL_sk_value(others, index) {
                unsafe content.certificates.append(OpaquePointer(other))
            }
        }
        unsafe OPENSSL_sk_free(others)
        return content
    }
}

extension SecretBytes {
    /// Shows the bytes as a C string, which is wiped afterwards.
    func withTerminated<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try SecretBytes(self, followedBy: [0]).withSpan { bytes throws(Failure) in
            try unsafe bytes.withUnsafeBytes { bytes throws(Failure) in
                try unsafe body(bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
        }
    }
}
