import COpenSSL

/// What a client's certificate says of it, as mod_ssl words it for programs. The handshake found it good.
package struct PeerCertificate: Equatable, Sendable {
    /// Whose it is (RFC 2253), with escapes for what is not ASCII: "CN=Alice,O=Example".
    package let subject: String
    /// Who signed it, in the same form.
    package let issuer: String
    /// The subject's common name, the first where there are several; empty where there is none.
    package let commonName: String
    /// In upper-case hexadecimal, two digits a byte.
    package let serialNumber: String
    /// Its first moment: "Nov 22 20:05:38 2026 GMT".
    package let notBefore: String
    /// Its last moment, in the same form.
    package let notAfter: String

    init(_ certificate: OpaquePointer) {
        let name = unsafe X509_get_subject_name(certificate)
        unsafe subject = Self.text(of: name)
        unsafe issuer = Self.text(of: X509_get_issuer_name(certificate))
        unsafe commonName = Self.commonName(of: name)
        unsafe serialNumber = Self.text(of: X509_get0_serialNumber(certificate))
        unsafe notBefore = Self.text { unsafe ASN1_TIME_print($0, X509_get0_notBefore(certificate)) == 1 }
        unsafe notAfter = Self.text { unsafe ASN1_TIME_print($0, X509_get0_notAfter(certificate)) == 1 }
        // A field that cannot be written is empty, and nobody else's error.
        ERR_clear_error()
    }

    private static func text(of name: OpaquePointer?) -> String {
        unsafe text { unsafe X509_NAME_print_ex($0, name, 0, shim_XN_FLAG_RFC2253) >= 0 }
    }

    private static func commonName(of name: OpaquePointer?) -> String {
        let index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let value = unsafe X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) else {
            return ""
        }
        // As UTF-8, but no control character as it is: this may end up in a log or in a field.
        let flags = CUnsignedLong(ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT)
        return unsafe text { unsafe ASN1_STRING_print_ex($0, value, flags) >= 0 }
    }

    private static func text(of integer: UnsafePointer<ASN1_INTEGER>?) -> String {
        guard let number = unsafe ASN1_INTEGER_to_BN(integer, nil) else { return "" }
        defer { unsafe BN_free(number) }
        guard let digits = unsafe BN_bn2hex(number) else { return "" }
        defer { unsafe shim_OPENSSL_free(digits) }
        return unsafe String(cString: digits)
    }

    private static func text(writtenBy body: (OpaquePointer) -> Bool) -> String {
        String(decoding: unsafe MemoryBIO.bytes(writtenBy: body) ?? [], as: UTF8.self)
    }
}
