import COpenSSL

/// The names in a certificate besides its subject (subjectAltName, RFC 5280 §4.2.1.6), owned and freed once.
@safe struct AlternativeNames: ~Copyable {
    private let stack: OpaquePointer?

    init(of certificate: OpaquePointer) {
        unsafe stack = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) }
    }

    deinit {
        unsafe GENERAL_NAMES_free(stack)
    }

    /// Calls `body` with the type (`GEN_DNS` and its like) and the value of each name that is a string.
    func forEach(_ body: (CInt, UnsafePointer<ASN1_STRING>) -> Void) {
        for index in 0..<max(0, unsafe OPENSSL_sk_num(stack)) {
            guard let entry = unsafe OPENSSL_sk_value(stack, index) else { continue }
            var type: CInt = 0
            let value = unsafe GENERAL_NAME_get0_value(entry.assumingMemoryBound(to: GENERAL_NAME.self), &type)
            guard [GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI].contains(type), let value = unsafe value else { continue }
            unsafe body(type, value.assumingMemoryBound(to: ASN1_STRING.self))
        }
    }
}
