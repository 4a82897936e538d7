import COpenSSL
import MartinetBytes
import MartinetPOSIX

/// Certificates and keys as text (RFC 7468).
enum PEM {
    /// Every certificate in the text, in order; the caller frees them.
    ///
    /// - Parameter source: where the text came from, for errors.
    static func readCertificates(_ text: [UInt8], from source: String) throws(TLSError) -> [OpaquePointer] {
        ERR_clear_error()
        guard let memory = unsafe BIO_new_mem_buf(text, CInt(clamping: text.count)) else {
            throw TLSError(.readCertificate(source: source))
        }
        defer { unsafe BIO_free(memory) }
        var certificates: [OpaquePointer] = unsafe []
        while let certificate = unsafe PEM_read_bio_X509(memory, nil, nil, nil) {
            unsafe certificates.append(certificate)
        }
        // Reading stops with "no start line" where the text ends; anything else is damage.
        let last = ERR_peek_last_error()
        let isEnd = last & 0x7F_FFFF == UInt(PEM_R_NO_START_LINE)
        if unsafe !certificates.isEmpty && !isEnd {
            unsafe certificates.forEach { unsafe X509_free($0) }
            throw TLSError(.readCertificate(source: source))
        }
        return unsafe certificates
    }

    /// The first private key in the text; nil where there is none, or it is encrypted. The caller frees it.
    static func readPrivateKey(_ text: SecretBytes) -> OpaquePointer? {
        ERR_clear_error()
        return unsafe text.withSpan { text -> OpaquePointer? in
            unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
                guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, CInt(clamping: bytes.count)) else {
                    return nil
                }
                defer { unsafe BIO_free(memory) }
                // Without a callback OpenSSL would ask for a passphrase at the terminal.
                return unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil)
            }
        }
    }

    /// The certificates in a text that may hold a key as well: their lines and no others, as they are.
    static func certificateText(in text: Span<UInt8>) -> [UInt8] {
        var found: [UInt8] = []
        var isInside = false
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: ASCII.lineFeed, from: start).map { $0 + 1 } ?? text.count
            let line = text.extracting(start..<end)
            start = end
            if line.hasPrefix(boundary) { isInside = line.hasPrefix(beginning) && line.contains(certificateLabel) }
            if isInside || line.hasPrefix(ending) && line.contains(certificateLabel) {
                found.append(copying: line)
                if end == text.count { found.append(ASCII.lineFeed) }
            }
        }
        return found
    }

    private static let boundary = [UInt8]("-----".utf8)
    private static let beginning = [UInt8]("-----BEGIN ".utf8)
    private static let ending = [UInt8]("-----END ".utf8)
    /// "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"; not "CERTIFICATE REQUEST".
    private static let certificateLabel = [UInt8]("CERTIFICATE-----".utf8)

    static func write(certificate: OpaquePointer) throws(TLSError) -> [UInt8] {
        try unsafe write { unsafe PEM_write_bio_X509($0, certificate) }
    }

    static func write(privateKey: OpaquePointer) throws(TLSError) -> SecretBytes {
        let text = unsafe MemoryBIO.secret { memory in
            unsafe PEM_write_bio_PKCS8PrivateKey(memory, privateKey, nil, nil, 0, nil, nil) == 1
        }
        guard let text else { throw TLSError(.writePEM) }
        return text
    }

    private static func write(_ body: (OpaquePointer) -> CInt) throws(TLSError) -> [UInt8] {
        guard let text = unsafe MemoryBIO.bytes(writtenBy: { unsafe body($0) == 1 }) else {
            throw TLSError(.writePEM)
        }
        return text
    }
}

extension Span<UInt8> {
    fileprivate func hasPrefix(_ bytes: [UInt8]) -> Bool {
        count >= bytes.count && extracting(0..<bytes.count).isEqual(to: bytes)
    }

    fileprivate func contains(_ bytes: [UInt8]) -> Bool {
        guard count >= bytes.count else { return false }
        return (0...count - bytes.count).contains { extracting($0..<$0 + bytes.count).isEqual(to: bytes) }
    }
}
