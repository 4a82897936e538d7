import MartinetCrypto
import MartinetPOSIX
import MartinetTLS

/// The certificate for local development: from an authority of the user's own, both made on first use and kept in the
/// user's data directory (`XDG_DATA_HOME/martinet`).
struct DevelopmentCertificate {
    let identity: TLSConfiguration.Identity
    /// The file with the authority's certificate, for clients to trust.
    let authorityPath: String
    /// The files with the private keys, the authority's first.
    let keyPaths: [String]
    /// Whether the authority was made just now, so that nobody trusts it yet.
    let isAuthorityNew: Bool

    /// A certificate with fewer days left is made anew.
    private static let leastDaysLeft = 30

    /// The names in every development certificate.
    static let defaultNames = ["localhost", "127.0.0.1", "::1"]

    /// Finds or makes the certificate for `names`.
    init(names: [String]) throws {
        let directory = try Self.dataDirectory()
        authorityPath = "\(directory)/authority.pem"
        do {
            try WholeFile.makeDirectory(directory)
            let (authority, isNew) = try Self.authority(in: directory)
            isAuthorityNew = isNew
            identity = try Self.server(names, in: directory, authority)
            keyPaths = [authorityPath, identity.source].map { $0.replacing(".pem", with: ".key") }
        } catch let error as SystemError {
            throw ConfigurationError(
                place: directory, problem: error.description,
                wayOut: "The development authority is kept there. Make it writable, or set XDG_DATA_HOME to another "
                    + "folder, or give a certificate with --tls-cert and --tls-key.")
        } catch let error as TLSError {
            throw ConfigurationError(
                place: directory, problem: error.description,
                wayOut: "Remove the files there, and they are made anew; clients must then trust the new authority.")
        }
    }

    /// Where the authority is or would be kept; nil where the environment names no place.
    static var place: String? {
        if let base = ThisProcess.environment("XDG_DATA_HOME"), base.hasPrefix("/") { return "\(base)/martinet" }
        return ThisProcess.environment("HOME").map { "\($0)/.local/share/martinet" }
    }

    private static func dataDirectory() throws -> String {
        if let place { return place }
        throw ConfigurationError(
            place: "HOME", problem: "It is not set, so there is no place for the development authority.",
            wayOut: "Set HOME or XDG_DATA_HOME, or give a certificate with --tls-cert and --tls-key.")
    }

    private static func authority(in directory: String) throws -> (Certificate, isNew: Bool) {
        if let known = try load("authority", in: directory), !known.certificate.isExpired(at: .now) {
            return (known.certificate, false)
        }
        let user = ThisProcess.environment("USER") ?? ThisProcess.environment("LOGNAME") ?? "this user"
        let identity = try DevelopmentAuthority.make(named: "Martinet development authority of \(user)")
        try save(identity, "authority", in: directory)
        return (try Certificate(identity), true)
    }

    private static func server(
        _ names: [String], in directory: String, _ authority: Certificate
    ) throws -> TLSConfiguration.Identity {
        let file = fileName(for: names)
        if let known = try load(file, in: directory), known.certificate.daysLeft(at: .now) >= leastDaysLeft,
            known.certificate.names == names, known.certificate.isIssued(by: authority)
        {
            return known.identity
        }
        let identity = try DevelopmentAuthority.issue(for: names, by: authority)
        try save(identity, file, in: directory)
        return identity
    }

    /// What a certificate's file is called, without its ending: after the names, and where that is longer than file systems
    /// take (255 bytes, with what a draft has behind it), after their digest.
    static func fileName(for names: [String]) -> String {
        let words = names.map { String($0.map { $0.isLetter || $0.isNumber ? $0 : "_" }) }
        let whole = "server-" + words.joined(separator: "+")
        guard whole.utf8.count > 200 else { return whole }
        let digest = Digest.sha256([UInt8](names.joined(separator: ",").utf8))
        let digits = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "server-\(words[0].prefix(64))+\(names.count - 1)-\(digits)"
    }

    /// A certificate and key kept before; nil where there are none, or only damaged ones.
    private static func load(
        _ name: String, in directory: String
    ) throws -> (identity: TLSConfiguration.Identity, certificate: Certificate)? {
        do {
            let identity = TLSConfiguration.Identity(
                source: "\(directory)/\(name).pem", chain: try WholeFile.read("\(directory)/\(name).pem"),
                key: try SecretBytes.read("\(directory)/\(name).key"))
            return (identity, try Certificate(identity))
        } catch let error as SystemError where error.isMissing {
            return nil
        }
    }

    private static func save(_ identity: TLSConfiguration.Identity, _ name: String, in directory: String) throws {
        try identity.key.withSpan { key throws(SystemError) in
            try WholeFile.write(key, to: "\(directory)/\(name).key", mode: 0o600)
        }
        try WholeFile.write(identity.chain, to: "\(directory)/\(name).pem", mode: 0o644)
    }
}
