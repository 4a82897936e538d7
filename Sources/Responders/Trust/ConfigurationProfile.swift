import MartinetCrypto
import MartinetHTTP

/// A configuration profile that has iOS and iPadOS install an authority's root: a property list, `.mobileconfig`.
///
/// Its identifiers follow from the certificate, so that the same one installed twice is there once.
enum ConfigurationProfile {
    static func text(of offer: TrustPage.Offer) -> [UInt8] {
        let digits = offer.fingerprint.filter { $0 != ":" }.lowercased()
        let identifier = "martinet.authority.\(digits.prefix(16))"
        let name = HTML.escaped(offer.name)
        let certificate = String(decoding: Base64.encode(offer.certificate), as: UTF8.self)
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
            <plist version="1.0">
            <dict>
                <key>PayloadType</key><string>Configuration</string>
                <key>PayloadVersion</key><integer>1</integer>
                <key>PayloadIdentifier</key><string>\(identifier)</string>
                <key>PayloadUUID</key><string>\(identity("profile", digits))</string>
                <key>PayloadDisplayName</key><string>\(name)</string>
                <key>PayloadDescription</key><string>SHA-256 \(offer.fingerprint)</string>
                <key>PayloadContent</key>
                <array>
                    <dict>
                        <key>PayloadType</key><string>com.apple.security.root</string>
                        <key>PayloadVersion</key><integer>1</integer>
                        <key>PayloadIdentifier</key><string>\(identifier).root</string>
                        <key>PayloadUUID</key><string>\(identity("root", digits))</string>
                        <key>PayloadDisplayName</key><string>\(name)</string>
                        <key>PayloadCertificateFileName</key><string>martinet.crt</string>
                        <key>PayloadContent</key><data>\(certificate)</data>
                    </dict>
                </array>
            </dict>
            </plist>

            """
        return [UInt8](text.utf8)
    }

    /// A UUID that is made of a digest (RFC 9562 §5.8).
    private static func identity(_ purpose: String, _ digits: String) -> String {
        var bytes = Array(Digest.sha256([UInt8]("martinet \(purpose) \(digits)".utf8)).prefix(16))
        guard bytes.count == 16 else { return "" }
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = bytes.map { byte in
            String(byte >> 4, radix: 16, uppercase: true) + String(byte & 15, radix: 16, uppercase: true)
        }.joined()
        var groups: [Substring] = []
        var rest = text[...]
        for count in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return groups.joined(separator: "-")
    }
}
