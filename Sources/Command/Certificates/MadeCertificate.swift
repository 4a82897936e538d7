import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTLS

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
        if days + 1 < template.days { lines.append("note           no longer than that: its authority ends then") }
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
