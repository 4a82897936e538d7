import COpenSSL
import MartinetPOSIX

/// The names in a certificate besides its subject (subjectAltName, RFC 5280 §4.2.1.6), owned and freed once.
@safe struct AlternativeNames: ~Copyable {
    private let stack: OpaquePointer?

    init(of certificate: OpaquePointer) {
        unsafe stack = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) }
    }

    /// Those that a request asks for (RFC 2985 §5.4.2).
    init(of request: CertificateRequest) {
        let extensions = unsafe X509_REQ_get_extensions(request.request)
        defer { unsafe shim_X509_EXTENSION_list_free(extensions) }
        unsafe stack = X509V3_get_d2i(extensions, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) }
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

    /// All of them that are strings.
    var names: [GeneralName] {
        var names: [GeneralName] = []
        unsafe forEach { type, value in
            if let name = unsafe GeneralName(type: type, value) { names.append(name) }
        }
        return names
    }
}

/// A name that a certificate is for or an authority is limited to (GeneralName, RFC 5280 §4.2.1.6): its text, as it stands
/// there, whatever characters somebody has put into it.
package enum GeneralName: Equatable, Sendable {
    case dns(String)
    /// An IP address, or with "/8" behind it a network.
    case address(String)
    case email(String)
    case uri(String)

    package var text: String {
        switch self {
        case .dns(let text), .address(let text), .email(let text), .uri(let text): text
        }
    }

    /// Nil for kinds that have no text.
    init?(type: CInt, _ value: UnsafePointer<ASN1_STRING>) {
        guard let start = unsafe ASN1_STRING_get0_data(value) else { return nil }
        let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(value))))
        switch type {
        case GEN_DNS: self = .dns(String(decoding: bytes, as: UTF8.self))
        case GEN_EMAIL: self = .email(String(decoding: bytes, as: UTF8.self))
        case GEN_URI: self = .uri(String(decoding: bytes, as: UTF8.self))
        case GEN_IPADD: self = .address(Self.addressText(bytes))
        default: return nil
        }
    }

    /// An address of 4 or 16 bytes, or with a mask behind it a network (RFC 5280 §4.2.1.10).
    static func addressText(_ bytes: [UInt8]) -> String {
        switch bytes.count {
        case 4: return bytes.map(String.init).joined(separator: ".")
        case 8, 32:
            let mask = bytes.suffix(bytes.count / 2)
            let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
            let isPrefix = mask.enumerated().allSatisfy { index, byte in
                byte == UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, length - index * 8)))
            }
            return addressText([UInt8](bytes.prefix(bytes.count / 2))) + "/"
                + (isPrefix ? "\(length)" : addressText([UInt8](mask)))
        default:
            let groups = stride(from: 0, to: bytes.count - 1, by: 2).map { index in
                String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
            }
            let text = groups.joined(separator: ":")
            return SocketAddress(host: text, port: 0)?.hostText ?? text
        }
    }
}
