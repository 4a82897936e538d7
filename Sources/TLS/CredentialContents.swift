import COpenSSL
package import MartinetPOSIX

/// Everything that stands in a file of certificates, keys and requests, in PEM, DER, PKCS #7 or PKCS #12.
package struct CredentialContents {
    package enum Item {
        /// With its public key alone.
        case certificate(Certificate)
        /// Of which the public half is shown.
        case privateKey(PublicKey)
        case publicKey(PublicKey)
        case request(CertificateRequest)
        /// A key or PKCS #12 that no password opened.
        case locked(CredentialFile.Kind)
        /// It begins like what it is said to be, and cannot be read: why, in OpenSSL's words.
        case damaged(CredentialFile.Kind?, reason: String)
        /// What is not looked into.
        case other(CredentialFile.Kind)
    }

    package let file: CredentialFile
    /// In the order of the file; no more than `itemLimit`.
    package private(set) var items: [Item] = []

    /// Seven times what the largest bundles of authorities have.
    package static let itemLimit = 1000

    /// - Parameter password: for what is encrypted; nil where none is known.
    package init(_ content: SecretBytes, password: SecretBytes? = nil) {
        file = CredentialFile(content)
        switch file.form {
        case .pem: items = content.withSpan { Self.blocks(of: $0, password) }
        case .der:
            items = content.withSpan { bytes in
                unsafe bytes.withUnsafeBytes { bytes in
                    let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    return unsafe Self.items(file.kinds.first, start, bytes.count, password)
                }
            }
        case .empty, .utf16, .unknown: break
        }
        items = Array(items.prefix(Self.itemLimit))
    }

    package var certificates: [Certificate] {
        items.compactMap { if case .certificate(let found) = $0 { found } else { nil } }
    }

    package var requests: [CertificateRequest] {
        items.compactMap { if case .request(let found) = $0 { found } else { nil } }
    }

    /// Whether all of it could be read, and there is something.
    package var isWhole: Bool {
        !items.isEmpty
            && items.allSatisfy { item in
                switch item {
                case .locked, .damaged: false
                default: true
                }
            }
    }

    // MARK: PEM

    private static func blocks(of text: Span<UInt8>, _ password: SecretBytes?) -> [Item] {
        unsafe text.withUnsafeBytes { bytes -> [Item] in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count)) else {
                return []
            }
            defer { unsafe BIO_free(memory) }
            var items: [Item] = []
            while items.count < itemLimit, let found = unsafe nextBlock(memory, password) { items += found }
            ERR_clear_error()
            return items
        }
    }

    /// What stands in the next block; nil where there is none any more.
    private static func nextBlock(_ memory: OpaquePointer, _ password: SecretBytes?) -> [Item]? {
        ERR_clear_error()
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var bytes: UnsafeMutablePointer<UInt8>?
        var count: CLong = 0
        guard unsafe PEM_read_bio(memory, &label, &header, &bytes, &count) == 1 else {
            let isEnd = ERR_peek_last_error() & 0x7F_FFFF == UInt(PEM_R_NO_START_LINE)
            return isEnd ? nil : [.damaged(nil, reason: TLSError(.readCertificate(source: "")).reason)]
        }
        let size = count
        defer {
            unsafe shim_OPENSSL_free(label)
            unsafe shim_OPENSSL_free(header)
            unsafe shim_OPENSSL_clear_free(bytes, size)
        }
        let name = unsafe label.map { unsafe String(cString: $0) } ?? ""
        let kind = CredentialFile.kind(of: name)
        if kind == .privateKey, unsafe header.map({ unsafe String(cString: $0) })?.contains("ENCRYPTED") ?? false {
            guard unsafe decrypt(header, bytes, &count, password) else { return [.locked(.encryptedPrivateKey)] }
        }
        return unsafe items(kind, bytes, count, password)
    }

    /// OpenSSL's older form (RFC 1421 §4.6.1.1). It asks at the terminal where it is given no password.
    private static func decrypt(
        _ header: UnsafeMutablePointer<CChar>?, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: inout CLong,
        _ password: SecretBytes?
    ) -> Bool {
        guard let password else { return false }
        var cipher = unsafe EVP_CIPHER_INFO()
        guard unsafe PEM_get_EVP_CIPHER_INFO(header, &cipher) == 1 else { return false }
        return unsafe password.withTerminated { password in
            unsafe PEM_do_header(&cipher, bytes, &count, nil, UnsafeMutableRawPointer(mutating: password)) == 1
        }
    }

    // MARK: ASN.1

    private static func items(
        _ kind: CredentialFile.Kind?, _ bytes: UnsafePointer<UInt8>?, _ count: CLong, _ password: SecretBytes?
    ) -> [Item] {
        ERR_clear_error()
        defer { ERR_clear_error() }
        var place = unsafe bytes
        switch kind {
        case .certificate, .trustedCertificate:
            let found =
                if kind == .certificate { unsafe d2i_X509(nil, &place, count) } else {
                    unsafe d2i_X509_AUX(nil, &place, count)
                }
            guard let found = unsafe found else { return [damaged(kind)] }
            return unsafe [item(found)]
        case .privateKey:
            guard let key = unsafe d2i_AutoPrivateKey(nil, &place, count) else { return [damaged(kind)] }
            return unsafe [.privateKey(PublicKey(owning: key))]
        case .encryptedPrivateKey:
            return unsafe [decryptedKey(bytes, count, password)]
        case .publicKey:
            // RSA's own form (PKCS #1) is rarely seen.
            guard let key = unsafe d2i_PUBKEY(nil, &place, count) else { return [.other(.publicKey)] }
            return unsafe [.publicKey(PublicKey(owning: key))]
        case .certificateRequest:
            guard let found = unsafe d2i_X509_REQ(nil, &place, count),
                let request = try? unsafe CertificateRequest(owning: found)
            else { return [damaged(kind)] }
            return [.request(request)]
        case .pkcs7: return unsafe message(bytes, count)
        case .pkcs12: return unsafe bundle(bytes, count, password)
        case nil: return []
        case let kind?: return [.other(kind)]
        }
    }

    private static func damaged(_ kind: CredentialFile.Kind?) -> Item {
        .damaged(kind, reason: TLSError(.readCertificate(source: "")).reason)
    }

    private static func item(_ certificate: OpaquePointer) -> Item {
        do throws(TLSError) {
            return .certificate(try unsafe Certificate(withoutKey: unsafe [certificate]))
        } catch {
            return .damaged(.certificate, reason: error.reason)
        }
    }

    /// PKCS #8 (RFC 5958 §3).
    private static func decryptedKey(
        _ bytes: UnsafePointer<UInt8>?, _ count: CLong, _ password: SecretBytes?
    ) -> Item {
        var place = unsafe bytes
        guard let sealed = unsafe d2i_X509_SIG(nil, &place, count) else { return damaged(.encryptedPrivateKey) }
        defer { unsafe X509_SIG_free(sealed) }
        let opened = unsafe password.flatMap { password in
            unsafe password.withTerminated { unsafe PKCS8_decrypt(sealed, $0, CInt(clamping: password.count)) }
        }
        guard let opened = unsafe opened else { return .locked(.encryptedPrivateKey) }
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(opened) }
        guard let key = unsafe EVP_PKCS82PKEY(opened) else { return damaged(.encryptedPrivateKey) }
        return unsafe .privateKey(PublicKey(owning: key))
    }

    private static func message(_ bytes: UnsafePointer<UInt8>?, _ count: CLong) -> [Item] {
        var place = unsafe bytes
        guard let found = unsafe d2i_PKCS7(nil, &place, count) else { return [damaged(.pkcs7)] }
        defer { unsafe PKCS7_free(found) }
        let list = unsafe shim_PKCS7_certificates(found)
        let items = (0..<max(0, unsafe OPENSSL_sk_num(list))).compactMap { index -> Item? in
            guard let entry = unsafe OPENSSL_sk_value(list, index) else { return nil }
            let certificate = OpaquePointer(entry)
            unsafe X509_up_ref(certificate)
            return unsafe item(certificate)
        }
        return items.isEmpty ? [.other(.pkcs7)] : items
    }

    private static func bundle(
        _ bytes: UnsafePointer<UInt8>?, _ count: CLong, _ password: SecretBytes?
    ) -> [Item] {
        // Without a password, the one that everybody knows, and the empty one.
        let passwords = password.map { [$0] } ?? ["", DevelopmentAuthority.knownPassword].map { SecretBytes($0.utf8) }
        do throws(PKCS12.Fault) {
            let content = try unsafe PKCS12.read(bytes, count, passwords: passwords)
            let key = unsafe content.key.map { unsafe Item.privateKey(PublicKey(owning: $0)) }
            return unsafe content.certificates.map { unsafe item($0) } + (key.map { [$0] } ?? [])
        } catch {
            switch error {
            case .locked: return [.locked(.pkcs12)]
            case .unreadable(let reason): return [.damaged(.pkcs12, reason: reason)]
            }
        }
    }
}
