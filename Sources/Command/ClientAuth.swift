import ArgumentParser
import MartinetPOSIX
import MartinetTLS

/// Whether clients are asked for a certificate.
enum ClientAuth: String, ExpressibleByArgument, CaseIterable {
    case off = "none"
    case optional
    case required
}

extension TLSConfiguration.ClientAuthentication {
    /// The authorities in a file, read and checked before anything is started.
    init(authoritiesAt path: String, isRequired: Bool) throws {
        let place = "--client-ca \(path)"
        do {
            self.init(source: path, authorities: try WholeFile.read(path), isRequired: isRequired)
        } catch {
            throw ConfigurationError(
                place: place, problem: error.reason,
                wayOut: "Name a readable PEM file with the certificates of the authorities that sign your clients'.")
        }
        do {
            _ = try ClientAuthorities(self)
        } catch {
            let file = CredentialFile(SecretBytes(authorities))
            throw CredentialAdvice(option: "--client-ca", path: path, file: file)
                .withoutCertificates(key: nil, reason: error.reason)
        }
    }
}
