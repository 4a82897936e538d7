import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// The certificates given by options, read and checked before anything is started.
enum Identities {
    /// - Parameters:
    ///   - chains: paths of PEM files, each the server's certificate followed by its intermediates.
    ///   - keys: paths of their private keys in the same order; none where every chain file holds its key too.
    static func read(chains: [String], keys: [String]) throws -> [TLSConfiguration.Identity] {
        guard keys.isEmpty || keys.count == chains.count else {
            throw ConfigurationError(
                place: "--tls-key", problem: "There are \(chains.count) certificates but \(keys.count) keys.",
                wayOut: "Give one --tls-key for each --tls-cert in the same order, or none with combined PEM files.")
        }
        return try chains.enumerated().map { index, chain in
            try read(chain: chain, key: keys.isEmpty ? chain : keys[index])
        }
    }

    private static func read(chain: String, key: String) throws -> TLSConfiguration.Identity {
        let chainFile = try contents(chain, option: "--tls-cert")
        let keyFile = key == chain ? chainFile : try contents(key, option: "--tls-key")
        let identity = Certificate.identity(source: chain, chainFile: chainFile, key: keyFile)
        let advice = CredentialAdvice(option: "--tls-cert", path: chain, file: CredentialFile(chainFile))
        let keyAdvice =
            key == chain ? nil : CredentialAdvice(option: "--tls-key", path: key, file: CredentialFile(keyFile))
        let certificate: Certificate
        do {
            certificate = try Certificate(identity)
        } catch {
            switch error.action {
            case .matchPrivateKey:
                throw advice.mismatched(key: key, number: Certificate.number(of: keyFile, in: identity.chain))
            case .readPrivateKey: throw (keyAdvice ?? advice).withoutKey(reason: error.reason)
            default: throw advice.withoutCertificates(key: keyAdvice, reason: error.reason)
            }
        }
        if let weakness = certificate.weakness { throw advice.weak(weakness, key: key) }
        do {
            _ = try TLSContext(TLSConfiguration(identities: [identity]))
        } catch {
            // The system's rules for OpenSSL may be stricter than those here.
            throw ConfigurationError(
                place: "--tls-cert \(chain)", problem: "OpenSSL does not take it: \(error.description).",
                wayOut:
                    "`openssl x509 -in \(chain.shellQuoted) -noout -text` shows its key and its signature; have one issued "
                    + "that is stronger.")
        }
        return identity
    }

    private static func contents(_ path: String, option: String) throws -> SecretBytes {
        do {
            return try SecretBytes.read(path)
        } catch {
            throw ConfigurationError(
                place: "\(option) \(path)", problem: error.reason,
                wayOut: option == "--tls-key"
                    ? "Name the file with the certificate's private key, which this user can read; leave --tls-key out only "
                        + "where the certificate's file holds it too."
                    : "Name a PEM file which this user can read; without --tls-cert a development certificate is made.")
        }
    }

    /// What an operator should hear about a certificate that can be used all the same, and the commands that mend it.
    ///
    /// - Parameter key: the path of its private key.
    static func warnings(_ certificate: Certificate, source: String, key: String, at now: WallTime) -> [String] {
        [
            validityWarning(certificate, source, key, now), nameWarning(certificate, source, key),
            chainWarning(certificate, source, now),
        ].compactMap { $0 }
    }

    static func validityWarning(
        _ certificate: Certificate, _ source: String, _ key: String, _ now: WallTime
    ) -> String? {
        let renewal = CredentialAdvice.renewal(source, key: key, isSelfSigned: certificate.isSelfSigned)
        if certificate.isExpired(at: now) {
            return "\(source) has expired: clients will refuse it; \(renewal)"
        }
        if certificate.isEarly(at: now) {
            return
                "\(source) is not valid yet: clients will refuse it; `openssl x509 -in \(source.shellQuoted) -noout -dates` "
                + "shows from when on it is, `date` what this machine's clock says"
        }
        let days = certificate.daysLeft(at: now)
        return days < 14 ? "\(source) expires in \(days) days; \(renewal)" : nil
    }

    static func nameWarning(_ certificate: Certificate, _ source: String, _ key: String) -> String? {
        guard certificate.names.isEmpty else { return nil }
        let isHost = HostName.isValid(certificate.commonName)
        let name = isHost ? certificate.commonName : "NAME"
        let isAddress = isHost && SocketAddress(host: name, port: 0) != nil
        let words =
            "-key \(key.shellQuoted) -subj \("/CN=\(name)".shellQuoted) "
            + "-addext \("subjectAltName=\(isAddress ? "IP" : "DNS"):\(name)".shellQuoted)"
        let command =
            certificate.isSelfSigned
            ? "`openssl req -x509 -new \(words) -days 90 -out NEW.pem` makes one that names a host"
            : "`openssl req -new \(words) -out NEW.csr` makes the request for one that names a host"
        return "\(source) names no host (subjectAltName), whatever its subject says: clients will refuse it; \(command)"
    }

    static func chainWarning(_ certificate: Certificate, _ source: String, _ now: WallTime) -> String? {
        switch certificate.chainFault(at: now) {
        case nil: nil
        case .broken(let number):
            "in \(source), certificate \(number + 1) is not that of the issuer of certificate \(number): clients may find no way to "
                + "an authority; `openssl storeutl -noout -text -certs \(source.shellQuoted)` shows all of them, and each must be "
                + "followed by its issuer's"
        case .expired(let number):
            "in \(source), certificate \(number + 1), an issuer's, has expired: clients will refuse the chain; `openssl storeutl "
                + "-noout -text -certs \(source.shellQuoted)` shows all of them; put the issuer's present one in its place"
        case .noAuthority(let number):
            "in \(source), certificate \(number + 1) is not an authority's (CA:TRUE): clients will refuse what it has signed; "
                + "`openssl storeutl -noout -text -certs \(source.shellQuoted)` shows all of them, and each behind the first must "
                + "be an authority's"
        case .missingIssuer:
            "\(source) holds one certificate, and its issuer \(certificate.issuer) is no authority that this system trusts: if "
                + "that is an intermediate, clients will refuse it; `openssl x509 -in \(source.shellQuoted) -noout -issuer -ext "
                + "authorityInfoAccess` shows which it is and where, `openssl x509 -in INTERMEDIATE >> \(source.shellQuoted)` "
                + "appends it"
        }
    }
}
