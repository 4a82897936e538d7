/// Who the client is by its certificate, which an authority trusted here has signed. Its texts are those that mod_ssl
/// gives to programs, and hold no control characters.
package final class ClientCertificate: Sendable {
    /// The subject's distinguished name (RFC 2253), as SSL_CLIENT_S_DN: "CN=Alice,O=Example".
    package let subject: String
    /// The issuer's distinguished name, as SSL_CLIENT_I_DN.
    package let issuer: String
    /// The subject's common name, as SSL_CLIENT_S_DN_CN; empty where it has none.
    package let commonName: String
    /// In upper-case hexadecimal, as SSL_CLIENT_M_SERIAL.
    package let serialNumber: String
    /// When its validity starts, as SSL_CLIENT_V_START: "Nov 22 20:05:38 2026 GMT".
    package let notBefore: String
    /// When its validity ends, as SSL_CLIENT_V_END.
    package let notAfter: String

    package init(
        subject: String, issuer: String, commonName: String, serialNumber: String, notBefore: String, notAfter: String
    ) {
        self.subject = subject
        self.issuer = issuer
        self.commonName = commonName
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}
