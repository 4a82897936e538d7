import HTTP
import TLS

extension ClientCertificate {
    /// What the handshake found in the certificate, for requests to know.
    convenience init(_ certificate: PeerCertificate) {
        self.init(
            subject: certificate.subject, issuer: certificate.issuer, commonName: certificate.commonName,
            serialNumber: certificate.serialNumber, notBefore: certificate.notBefore, notAfter: certificate.notAfter)
    }
}
