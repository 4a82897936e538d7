import MartinetBytes
import MartinetEvents
import MartinetHTTP
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

/// A certificate that has been made and written.
struct MadeCertificate {
    let template: CertificateTemplate
    let certificate: Certificate
    let files: CertificateMaker.Files
    /// The file with the root that clients, or servers, must trust.
    let authorityPath: String
    let isAuthorityNew: Bool
    /// What else the authority could sign for, in words.
    let reach: String
    let notices: [String]

    /// - Parameter isPasswordKnown: whether the PKCS #12 has the password that everybody knows.
    func text(isPasswordKnown: Bool) -> String {
        var lines = notices.map(\.visible)
        let kinds = [(template.isForServers, "servers"), (template.isForClients, "clients")].filter(\.0).map(\.1)
        let names = template.names.isEmpty ? template.commonName ?? "" : CertificateName.list(template.names)
        let days = certificate.daysLeft(at: .now)
        let end = certificate.validUntil.map { " until \($0.dayText)" } ?? ""
        lines.append("A certificate for \(names.visible), good for \(CertificateName.list(kinds))\(end) (\(days) days)")
        if files.isPKCS12 {
            lines.append("PKCS #12       \(files.certificate.visible) (certificate, key and authority)")
            let word = isPasswordKnown ? DevelopmentAuthority.knownPassword + ", which everybody knows" : "as given"
            lines.append("password       \(word)")
        } else {
            lines.append("certificate    \(files.certificate.visible) (with the intermediate behind it)")
        }
        if let key = files.key { lines.append("key            \(key.visible) (its owner alone may read it)") }
        lines.append("SHA-256        \(certificate.fingerprint)")
        let newness = isAuthorityNew ? ", made just now" : ""
        lines.append("authority      \(authorityPath.visible) (\(reach)\(newness)): \(template.trusting) must trust it")
        if template.isForServers, !TrustRecord.saysTrusted(authorityPath) {
            lines.append("trust          this machine's browsers and tools accept it after: martinet cert trust")
        }
        lines += template.notes.map { "note           \($0)" }
        return (lines + uses).joined(separator: "\n")
    }

    /// Commands and settings that use it, with paths that are good from anywhere.
    private var uses: [String] {
        let (chain, key, root) = (
            absolute(files.certificate), files.key.map(absolute) ?? "KEY", absolute(authorityPath)
        )
        var lines = ["", "Use it:"]
        if files.isPKCS12 {
            lines.append("  Java       keytool -list -keystore \(chain) -storetype PKCS12")
            if template.isForClients { lines.append("  browsers   import it where they keep your certificates") }
        } else {
            if template.isForServers {
                lines.append("  nginx      ssl_certificate \(chain); ssl_certificate_key \(key);")
                lines.append("  Martinet   martinet serve --tls-cert \(chain) --tls-key \(key)")
            }
            if template.isForClients { lines.append("  curl       curl --cert \(chain) --key \(key) URL") }
        }
        if template.isForClients {
            lines.append("Servers that take it:")
            lines.append("  nginx      ssl_client_certificate \(root); ssl_verify_client on;")
            lines.append("  Martinet   martinet serve --client-ca \(root)")
        }
        return lines
    }

    private func absolute(_ path: String) -> String {
        let whole = WholeFile.canonicalPath(path) ?? WholeFile.absolutePath(path)
        return whole.visible.shellQuoted
    }
}

extension CertificateTemplate {
    /// Who must trust its authority.
    fileprivate var trusting: String {
        isForServers ? isForClients ? "clients and servers" : "clients" : "servers"
    }

    /// What surprises those who use stars.
    fileprivate var notes: [String] {
        names.filter { $0.hasPrefix("*.") }.flatMap { name in
            let base = name.dropFirst(2)
            if !base.contains(".") {
                return ["many clients take no star directly beneath a top-level domain: \(name)"]
            }
            return names.contains(String(base)) ? [] : ["\(name) is one level of names, and not \(base) itself"]
        }
    }
}

extension AuthorityScope {
    /// What an authority could sign for, in words.
    var reach: String {
        guard case .name(let name) = self else { return "for local names" }
        return contains("*.\(name)") ? "for \(name) and all names beneath it" : "for \(name) alone"
    }
}

extension WallTime {
    /// "2027-12-28"
    var dayText: String {
        var text: [UInt8] = []
        CalendarDate(self).appendDay(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
