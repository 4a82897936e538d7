import COpenSSL
import MartinetPOSIX

/// What a client's certificate says of it, as mod_ssl words it for programs. The handshake found it good.
package struct PeerCertificate: Equatable, Sendable {
    /// Something it says, and what mod_ssl calls that behind SSL_CLIENT_.
    package struct Attribute: Equatable, Sendable {
        /// "S_DN_O", "SAN_Email_0".
        package let name: String
        /// Without control characters, but for the line feeds of "CERT".
        package let value: String
    }

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
    /// The parts of both names, the names besides, the algorithms, and the whole as PEM.
    private let parts: [Attribute]

    /// Everything it says.
    package var attributes: [Attribute] {
        [
            Attribute(name: "S_DN", value: subject), Attribute(name: "I_DN", value: issuer),
            Attribute(name: "M_SERIAL", value: serialNumber), Attribute(name: "V_START", value: notBefore),
            Attribute(name: "V_END", value: notAfter),
        ] + parts
    }

    init(_ certificate: OpaquePointer) {
        let name = unsafe X509_get_subject_name(certificate)
        unsafe subject = Self.text(of: name)
        unsafe issuer = Self.text(of: X509_get_issuer_name(certificate))
        unsafe commonName = Self.commonName(of: name)
        unsafe serialNumber = Self.digits(of: X509_get0_serialNumber(certificate))
        unsafe notBefore = Self.text { unsafe ASN1_TIME_print($0, X509_get0_notBefore(certificate)) == 1 }
        unsafe notAfter = Self.text { unsafe ASN1_TIME_print($0, X509_get0_notAfter(certificate)) == 1 }
        unsafe parts = Self.parts(of: certificate)
        // A field that cannot be written is empty, and nobody else's error.
        ERR_clear_error()
    }

    /// A distinguished name (RFC 2253), with escapes for what is not ASCII.
    static func text(of name: OpaquePointer?) -> String {
        unsafe text { unsafe X509_NAME_print_ex($0, name, 0, shim_XN_FLAG_RFC2253) >= 0 }
    }

    /// The first common name in a distinguished name; empty where there is none.
    static func commonName(of name: OpaquePointer?) -> String {
        let index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let value = unsafe X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) else {
            return ""
        }
        return unsafe plainText(of: value)
    }

    /// As UTF-8, but no control character as it is: this may end up in a log or in a field.
    private static func plainText(of value: UnsafePointer<ASN1_STRING>) -> String {
        let flags = CUnsignedLong(ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT)
        return unsafe text { unsafe ASN1_STRING_print_ex($0, value, flags) >= 0 }
    }

    // MARK: Parts

    private static func parts(of certificate: OpaquePointer) -> [Attribute] {
        var parts: [Attribute] = []
        parts.append(Attribute(name: "M_VERSION", value: "\(unsafe X509_get_version(certificate) + 1)"))
        let daysLeft = unsafe Certificate.daysLeft(certificate, at: .now)
        parts.append(Attribute(name: "V_REMAIN", value: "\(max(0, daysLeft))"))
        unsafe parts += Self.parts(of: X509_get_subject_name(certificate), "S_DN")
        unsafe parts += Self.parts(of: X509_get_issuer_name(certificate), "I_DN")
        unsafe parts += alternativeNames(of: certificate)
        let key = unsafe X509_get0_pubkey(certificate).map { unsafe EVP_PKEY_get_id($0) } ?? NID_undef
        parts.append(Attribute(name: "A_KEY", value: unsafe String(cString: OBJ_nid2ln(key))))
        let signature = unsafe X509_get_signature_nid(certificate)
        parts.append(Attribute(name: "A_SIG", value: unsafe String(cString: OBJ_nid2ln(signature))))
        parts.append(Attribute(name: "CERT", value: unsafe text { unsafe PEM_write_bio_X509($0, certificate) == 1 }))
        return parts
    }

    /// The attributes of a distinguished name. The first of several with one name has it alone, too; each has its place among
    /// them behind it.
    private static func parts(of name: OpaquePointer?, _ prefix: String) -> [Attribute] {
        var values: [(label: String, values: [String])] = []
        for index in 0..<max(0, unsafe X509_NAME_entry_count(name)) {
            let entry = unsafe X509_NAME_get_entry(name, index)
            let kind = unsafe OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))
            guard let label = labels[kind], let value = unsafe X509_NAME_ENTRY_get_data(entry) else { continue }
            let text = unsafe plainText(of: value)
            if let place = values.firstIndex(where: { $0.label == label }) {
                values[place].values.append(text)
            } else {
                values.append((label, [text]))
            }
        }
        return values.flatMap { label, values in
            let name = "\(prefix)_\(label)"
            let numbered = values.enumerated().map { Attribute(name: "\(name)_\($0)", value: $1) }
            return [Attribute(name: name, value: values[0])] + (values.count > 1 ? numbered : [])
        }
    }

    /// What mod_ssl calls the attributes of a distinguished name.
    private static let labels: [CInt: String] = [
        NID_countryName: "C", NID_stateOrProvinceName: "ST", NID_localityName: "L", NID_organizationName: "O",
        NID_organizationalUnitName: "OU", NID_commonName: "CN", NID_title: "T", NID_initials: "I",
        NID_givenName: "G", NID_surname: "S", NID_description: "D", NID_userId: "UID",
        NID_pkcs9_emailAddress: "Email",
    ]

    private static func alternativeNames(of certificate: OpaquePointer) -> [Attribute] {
        var names: [Attribute] = []
        var counts: [String: Int] = [:]
        unsafe AlternativeNames(of: certificate).forEach { type, value in
            guard let label = [GEN_EMAIL: "Email", GEN_DNS: "DNS"][type] else { return }
            names.append(
                Attribute(name: "SAN_\(label)_\(counts[label, default: 0])", value: unsafe plainText(of: value)))
            counts[label, default: 0] += 1
        }
        return names
    }

    // MARK: Texts

    private static func digits(of integer: UnsafePointer<ASN1_INTEGER>?) -> String {
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
