import COpenSSL

/// Certificates and keys as text (RFC 7468).
enum PEM {
    /// Every certificate in the text, in order; the caller frees them.
    static func readCertificates(_ text: [UInt8]) throws(TLSError) -> [OpaquePointer] {
        ERR_clear_error()
        guard let memory = unsafe BIO_new_mem_buf(text, CInt(clamping: text.count)) else {
            throw TLSError("read a certificate")
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
            throw TLSError("read a certificate")
        }
        return unsafe certificates
    }

    /// The first private key in the text; nil where there is none, or it is encrypted. The caller frees it.
    static func readPrivateKey(_ text: [UInt8]) -> OpaquePointer? {
        ERR_clear_error()
        guard let memory = unsafe BIO_new_mem_buf(text, CInt(clamping: text.count)) else { return nil }
        defer { unsafe BIO_free(memory) }
        // Without a callback OpenSSL would ask for a passphrase at the terminal.
        return unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil)
    }

    static func write(certificate: OpaquePointer) throws(TLSError) -> [UInt8] {
        try unsafe write { unsafe PEM_write_bio_X509($0, certificate) }
    }

    static func write(privateKey: OpaquePointer) throws(TLSError) -> [UInt8] {
        try unsafe write { unsafe PEM_write_bio_PKCS8PrivateKey($0, privateKey, nil, nil, 0, nil, nil) }
    }

    private static func write(_ body: (OpaquePointer) -> CInt) throws(TLSError) -> [UInt8] {
        guard let text = unsafe MemoryBIO.bytes(writtenBy: { unsafe body($0) == 1 }) else {
            throw TLSError("write PEM")
        }
        return text
    }
}
