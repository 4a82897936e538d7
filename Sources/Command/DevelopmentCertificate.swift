import MartinetCrypto
import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// The certificates for local development: from authorities of the user's own, all made on first use and kept in the user's
/// data directory (`XDG_DATA_HOME/martinet`).
struct DevelopmentCertificate {
    /// One of the certificates, and the authority that has signed it.
    struct Part {
        let identity: TLSConfiguration.Identity
        let scope: AuthorityScope
        /// The names that the certificate is for.
        let names: [String]
        /// The file with the authority's root, for clients to trust.
        let authorityPath: String
        /// Whether the authority was made just now, so that nobody trusts it yet.
        let isAuthorityNew: Bool

        /// What else the authority could sign for, in words.
        var reach: String { scope.reach }
    }

    /// The one for local names first, then one for each name that needs an authority of its own.
    let parts: [Part]
    /// What was made anew, and why.
    let notices: [String]
    /// The files with private keys that sign or serve.
    let keyPaths: [String]

    var identities: [TLSConfiguration.Identity] { parts.map(\.identity) }

    /// The part that answers for a name.
    func part(for name: String) -> Part {
        parts.dropFirst().first { $0.scope.contains(name) } ?? parts[0]
    }

    /// A certificate with fewer days left is made anew.
    private static let leastDaysLeft = 30

    /// The names in every development certificate.
    static let defaultNames = ["localhost", "127.0.0.1", "::1"]

    /// Finds or makes the certificates for `names`.
    ///
    /// - Parameter changing: further names, local ones, that may be others at the next start: the certificate is made anew
    ///   then, in the same file.
    init(names: [String], changing: [String] = []) throws {
        let alternative = ", or give a certificate with --tls-cert and --tls-key"
        (parts, notices, keyPaths) = try AuthorityFolder.use(alternative: alternative) { folder in
            var parts: [Part] = []
            for (scope, lasting) in Self.scopes(of: names, { folder.scope(for: $0) }) {
                let (authority, isNew) = try folder.authority(for: scope)
                let others = scope == .local ? changing : []
                let names = lasting + others
                let fileName = Self.fileName(for: lasting + (others.isEmpty ? [] : ["lan"]))
                parts.append(
                    Part(
                        identity: try Self.server(names, in: &folder, authority, fileName), scope: scope, names: names,
                        authorityPath: folder.rootPath(scope), isAuthorityNew: isNew))
            }
            return (parts, folder.notices, [folder.path("issuer.pem")] + parts.map(\.identity.source))
        }
    }

    /// The names by the authority that may sign for them, the local ones first, be there any or not. A name beneath another
    /// one shares its.
    static func scopes(
        of names: [String], _ scope: (String) -> AuthorityScope
    ) -> [(scope: AuthorityScope, names: [String])] {
        var scopes: [(scope: AuthorityScope, names: [String])] = [(.local, [])]
        // The shorter first, so that what is beneath a name finds it.
        for name in names.sorted(by: { $0.utf8.count < $1.utf8.count })
        where !scopes.contains(where: { $0.scope.contains(name) }) {
            scopes.append((scope(name), []))
        }
        for name in names {
            let index = scopes.indices.first { scopes[$0].scope.contains(name) } ?? 0
            scopes[index].names.append(name)
        }
        return scopes
    }

    private static func server(
        _ names: [String], in folder: inout AuthorityFolder, _ authority: DevelopmentAuthority, _ fileName: String
    ) throws -> TLSConfiguration.Identity {
        let path = folder.path(fileName + ".pem")
        if let known = try folder.read(path), let certificate = try? Certificate(known), certificate.names == names,
            authority.hasIssued(certificate)
        {
            let daysLeft = certificate.daysLeft(at: .now)
            if daysLeft >= leastDaysLeft { return known }
            folder.add(notice: "\(path) was made anew: it had \(max(0, daysLeft)) days left")
        }
        let identity = try authority.issue(for: names, source: path)
        try folder.save(identity)
        return identity
    }

    /// What a certificate's file is called, without its ending: after the names, and where that is longer than file systems
    /// take (255 bytes, with what a draft has behind it), after their digest.
    static func fileName(for names: [String]) -> String {
        "server-" + fileWord(names.joined(separator: "+"), keeping: "+")
    }

    /// A text as a part of a file's name.
    static func fileWord(_ text: String, keeping kept: String = ".-") -> String {
        let word = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) || kept.contains($0) ? $0 : "_" })
        guard word.utf8.count > 180 else { return word }
        let digest = Digest.sha256([UInt8](text.utf8)).prefix(16)
        let digits = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "\(word.prefix(64))_\(digits)"
    }
}
