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
        do {
            _ = try Certificate(identity)
        } catch {
            throw ConfigurationError(place: chain, problem: error.description, wayOut: wayOut(error, chain, key))
        }
        return identity
    }

    private static func contents(_ path: String, option: String) throws -> SecretBytes {
        do {
            return try SecretBytes.read(path)
        } catch {
            throw ConfigurationError(
                place: "\(option) \(path)", problem: error.reason,
                wayOut: "Name a readable PEM file; without \(option) a development certificate is made.")
        }
    }

    private static func wayOut(_ error: TLSError, _ chain: String, _ key: String) -> String {
        switch error.action {
        case .matchPrivateKey:
            "\(key) is the key of another certificate: `openssl x509 -in \(chain) -noout -pubkey` and "
                + "`openssl pkey -in \(key) -pubout` must print the same."
        case .readPrivateKey:
            chain == key
                ? "Name the private key with --tls-key, or put it into \(chain) behind the certificates."
                : "\(key) must hold an unencrypted private key in PEM; `openssl pkey -in \(key)` decrypts one."
        default:
            "The file must hold certificates in PEM, the server's own first, then its intermediates."
        }
    }

    /// What an operator should hear about a certificate that can be used all the same.
    static func warnings(_ certificate: Certificate, source: String) -> [String] {
        let now = WallTime.now
        if certificate.isExpired(at: now) { return ["\(source) has expired: clients will refuse it"] }
        if certificate.isEarly(at: now) { return ["\(source) is not valid yet: clients will refuse it"] }
        let days = certificate.daysLeft(at: now)
        return days < 14 ? ["\(source) expires in \(days) days: renew it"] : []
    }
}
