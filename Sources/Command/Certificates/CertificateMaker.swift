import MartinetBytes
import MartinetPOSIX
import MartinetTLS

/// Makes a certificate with the user's authorities, and writes it into files.
struct CertificateMaker {
    let template: CertificateTemplate
    /// Whose key the certificate is for; nil for a new one.
    let request: CertificateRequest?
    /// Whether files that are there are replaced.
    let replacing: Bool

    /// Where it is written to.
    struct Files: Equatable {
        /// The PEM chain, or the PKCS #12.
        let certificate: String
        /// Nil where there is none by itself.
        let key: String?
        let isPKCS12: Bool

        /// - Parameters:
        ///   - certificate: instead of the name that it gets by itself in `folder`; `key` likewise.
        ///   - hasKey: whether a key is made.
        init(
            template: CertificateTemplate, folder: String, certificate: String?, key: String?, isPKCS12: Bool,
            hasKey: Bool
        ) {
            let stem = (folder == "/" ? "" : folder) + "/" + Self.stem(template)
            self.certificate = certificate ?? stem + (isPKCS12 ? ".p12" : ".pem")
            self.key = isPKCS12 || !hasKey ? nil : key ?? stem + "-key.pem"
            self.isPKCS12 = isPKCS12
        }

        /// As mkcert calls them: after the first name, with "+2" for two others.
        static func stem(_ template: CertificateTemplate) -> String {
            let first = template.names.first ?? template.commonName ?? "certificate"
            let plain = first.hasPrefix("*.") ? "_wildcard" + first.dropFirst() : first
            let word = DevelopmentCertificate.fileWord(plain, keeping: ".-@+")
            // Neither hidden nor taken for an option.
            let safe = word.hasPrefix(".") || word.hasPrefix("-") ? "_" + word.dropFirst() : word
            let others = template.names.count > 1 ? "+\(template.names.count - 1)" : ""
            return safe + others + (template.isForClients && !template.isForServers ? "-client" : "")
        }

        var all: [String] { [certificate] + (key.map { [$0] } ?? []) }
    }

    /// - Parameter password: of the PKCS #12; nil for the one that everybody knows.
    func make(_ files: Files, password: SecretBytes?) throws -> MadeCertificate {
        do throws(NewFiles.Fault) {
            for path in files.all { try NewFiles.check(path, replacing: replacing) }
        } catch {
            throw explain(error)
        }
        return try AuthorityFolder.use { folder in
            let scope = try scope(in: folder)
            let (authority, isNew) = try folder.authority(for: scope)
            let (content, chain) = try issue(authority, files, password)
            do throws(NewFiles.Fault) {
                try NewFiles.write(content, replacing: replacing)
            } catch {
                throw explain(error)
            }
            guard let certificate = Certificate.all(in: chain).first else {
                throw RuntimeFailure(description: "what was made cannot be read")
            }
            return MadeCertificate(
                template: template, certificate: certificate, files: files, authorityPath: folder.rootPath(scope),
                isAuthorityNew: isNew, reach: scope.reach, notices: folder.notices)
        }
    }

    private func issue(
        _ authority: DevelopmentAuthority, _ files: Files, _ password: SecretBytes?
    ) throws -> (files: [NewFiles.File], chain: [UInt8]) {
        if let request {
            let chain = try authority.issue(template, for: request)
            return ([NewFiles.File(path: files.certificate, content: SecretBytes(chain), mode: 0o644)], chain)
        }
        let identity = try authority.issue(template, source: files.certificate)
        guard files.isPKCS12 else {
            var made = [NewFiles.File(path: files.certificate, content: SecretBytes(identity.chain), mode: 0o644)]
            if let key = files.key { made.append(NewFiles.File(path: key, content: identity.key, mode: 0o600)) }
            return (made, identity.chain)
        }
        let bundle = try authority.bundle(
            identity, name: template.names.first ?? template.commonName ?? "martinet",
            password: password ?? SecretBytes(DevelopmentAuthority.knownPassword.utf8))
        return ([NewFiles.File(path: files.certificate, content: bundle, mode: 0o600)], identity.chain)
    }

    /// The one whose authority may sign for all of the names. Mail addresses and common names are not limited.
    private func scope(in folder: borrowing AuthorityFolder) throws -> AuthorityScope {
        var groups: [(scope: AuthorityScope, names: [String])] = []
        let hosts = template.names.filter { !$0.contains("@") }
        // A closure cannot borrow the folder.
        var scopes: [String: AuthorityScope] = [:]
        for name in hosts { scopes[name] = folder.scope(for: name) }
        groups = DevelopmentCertificate.scopes(of: hosts) { scopes[$0] ?? .local }.filter { !$0.names.isEmpty }
        guard groups.count > 1 else { return groups.first?.scope ?? .local }
        let lines = groups.map { group in
            let words = group.names.map(\.shellQuoted).joined(separator: " ")
            let root = folder.rootPath(group.scope).split(separator: "/").last ?? ""
            return "  martinet cert new \(words)    # by \(root)"
        }
        throw ConfigurationError(
            place: "cert new",
            problem: "A certificate has one issuer, and these names need \(groups.count) authorities.",
            wayOut: "Make one for each, with the same options:\n" + lines.joined(separator: "\n"))
    }

    private func explain(_ fault: NewFiles.Fault) -> ConfigurationError {
        let path = fault.path
        let problem: String
        let wayOut: String
        switch fault.reason {
        case .exists:
            problem = "It is there already, and was left as it is. Nothing was written."
            wayOut =
                "Give --force to replace it, or --out, --cert and --key for another place; `martinet cert show "
                + "\(path.shellQuoted)` tells what it is."
        case .otherKind:
            problem = "It is no regular file, and was left as it is. Nothing was written."
            wayOut =
                "Remove it, or name another place with --out, --cert and --key; a link's target must be named itself."
        case .system(let error):
            problem = "\(error.reason). Nothing was written."
            let folder = WholeFile.absolutePath(path).split(separator: "/").dropLast().map { "/\($0)" }.joined()
            wayOut =
                error.isMissing
                ? "Make its folder first: mkdir -p \(folder.shellQuoted)"
                : "Name a folder with --out that this user may write to and that has room."
        }
        return ConfigurationError(place: path.visible, problem: problem, wayOut: wayOut)
    }
}
