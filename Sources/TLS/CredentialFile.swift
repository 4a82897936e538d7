import COpenSSL
import MartinetBytes
package import MartinetPOSIX

/// What a file holds that was named for certificates or a key, so that it can be said of one that holds something else.
package struct CredentialFile: Equatable, Sendable {
    /// How it is written.
    package enum Form: Sendable {
        case empty
        /// Text with lines that begin and end things (RFC 7468).
        case pem
        /// ASN.1 without them.
        case der
        /// Text as some editors and shells of Windows write it, which nothing reads as PEM.
        case utf16
        case unknown
    }

    package enum Kind: Equatable, Sendable {
        case certificate
        /// With OpenSSL's own notes on what it is trusted for.
        case trustedCertificate
        case privateKey
        case encryptedPrivateKey
        case openSSHPrivateKey
        case publicKey
        /// PKCS #10: what an authority is sent to be signed.
        case certificateRequest
        case revocationList
        /// Curves and the like, without a key.
        case parameters
        /// Certificates in PKCS #7, as some authorities send them.
        case pkcs7
        /// Certificates with their key in PKCS #12: .p12, .pfx.
        case pkcs12
        /// PEM of something else, by its label.
        case other(String)
    }

    package let form: Form
    /// What is in it, in order.
    package let kinds: [Kind]

    package init(_ content: SecretBytes) {
        (form, kinds) = content.withSpan { bytes in
            if bytes.count == 0 { return (.empty, []) }
            let blocks = Self.blocks(of: bytes)
            if !blocks.isEmpty { return (.pem, blocks) }
            if bytes.count > 1, bytes[0] == 0xFF && bytes[1] == 0xFE || bytes[0] == 0xFE && bytes[1] == 0xFF {
                return (.utf16, [])
            }
            // White space alone is nothing, too.
            if bytes.firstIndex(where: { !ASCII.isWhiteSpaceOrLineEnd($0) }) == nil { return (.empty, []) }
            return Self.derKind(of: bytes).map { (.der, [$0]) } ?? (.unknown, [])
        }
    }

    /// Whether there is something of this kind in it.
    package func holds(_ kind: Kind) -> Bool { kinds.contains(kind) }

    // MARK: PEM

    private static let beginning = [UInt8]("-----BEGIN ".utf8)
    private static let dashes = [UInt8]("-----".utf8)
    /// The first line of an encrypted key of OpenSSL's older form (RFC 1421 §4.6.1.1).
    private static let encryptionMark = [UInt8]("Proc-Type: 4,ENCRYPTED".utf8)

    private static func blocks(of text: Span<UInt8>) -> [Kind] {
        var kinds: [Kind] = []
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: ASCII.lineFeed, from: start) ?? text.count
            let line = text.extracting(start..<end)
            start = end + 1
            if let label = label(in: line) {
                kinds.append(kind(of: label))
            } else if kinds.last == .privateKey, line.begins(with: encryptionMark) {
                kinds[kinds.count - 1] = .encryptedPrivateKey
            }
        }
        return kinds
    }

    /// "CERTIFICATE" in a line "-----BEGIN CERTIFICATE-----"; nil where the line begins nothing.
    private static func label(in line: Span<UInt8>) -> String? {
        guard line.begins(with: beginning) else { return nil }
        let rest = line.extracting(beginning.count..<line.count)
        // Labels have single hyphens at the most (RFC 7468 §3).
        guard let end = (0..<rest.count).first(where: { rest.extracting($0..<rest.count).begins(with: dashes) }) else {
            return nil
        }
        return String(decoding: [UInt8](copying: rest.extracting(0..<end)), as: UTF8.self)
    }

    static func kind(of label: String) -> Kind {
        switch label {
        case "CERTIFICATE", "X509 CERTIFICATE": .certificate
        case "TRUSTED CERTIFICATE": .trustedCertificate
        case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST": .certificateRequest
        case "ENCRYPTED PRIVATE KEY": .encryptedPrivateKey
        case "OPENSSH PRIVATE KEY": .openSSHPrivateKey
        case "X509 CRL": .revocationList
        case "PKCS7", "CMS": .pkcs7
        case _ where label.hasSuffix("PRIVATE KEY"): .privateKey
        case _ where label.hasSuffix("PUBLIC KEY"): .publicKey
        case _ where label.hasSuffix("PARAMETERS"): .parameters
        default: .other(label)
        }
    }

    // MARK: DER

    /// The kind of what OpenSSL can read from the first byte on; nil where it is nothing that it knows.
    private static func derKind(of bytes: Span<UInt8>) -> Kind? {
        defer { ERR_clear_error() }
        if unsafe bytes.holds(d2i_X509, X509_free) { return .certificate }
        if unsafe bytes.holds(d2i_PKCS12, PKCS12_free) { return .pkcs12 }
        if unsafe bytes.holds(d2i_X509_REQ, X509_REQ_free) { return .certificateRequest }
        if unsafe bytes.holds(d2i_X509_CRL, X509_CRL_free) { return .revocationList }
        if unsafe bytes.holds(d2i_PKCS7, PKCS7_free) { return .pkcs7 }
        if unsafe bytes.holds(d2i_PUBKEY, EVP_PKEY_free) { return .publicKey }
        // Before plain keys, for which OpenSSL might ask for a passphrase.
        if unsafe bytes.holds(d2i_X509_SIG, X509_SIG_free) { return .encryptedPrivateKey }
        if unsafe bytes.holds(d2i_AutoPrivateKey, EVP_PKEY_free) { return .privateKey }
        return nil
    }
}

extension Span<UInt8> {
    /// Whether one of OpenSSL's readers finds what it reads at the beginning.
    fileprivate func holds<Object>(
        _ read: (
            UnsafeMutablePointer<Object?>?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, CLong
        ) -> Object?, _ free: (Object?) -> Void
    ) -> Bool {
        unsafe withUnsafeBytes { bytes in
            // The reader moves the pointer that it is given.
            var place = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard let object = unsafe read(nil, &place, CLong(bytes.count)) else { return false }
            free(object)
            return true
        }
    }
}

extension Span<UInt8> {
    fileprivate func begins(with bytes: [UInt8]) -> Bool {
        count >= bytes.count && extracting(0..<bytes.count).isEqual(to: bytes)
    }

    fileprivate func firstIndex(where isWanted: (UInt8) -> Bool) -> Int? {
        (0..<count).first { isWanted(self[$0]) }
    }
}

extension ASCII {
    fileprivate static func isWhiteSpaceOrLineEnd(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == lineFeed || byte == carriageReturn
    }
}
