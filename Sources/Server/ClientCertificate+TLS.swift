import MartinetHTTP
import MartinetTLS

extension ClientCertificate {
    /// What the handshake found in the certificate, for requests to know.
    convenience init(_ certificate: PeerCertificate) {
        self.init(certificate.attributes.map { Attribute($0.name, $0.value) })
    }
}
