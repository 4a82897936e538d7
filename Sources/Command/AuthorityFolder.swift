import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// The user's development authorities: `authority.pem` is the root that signs for local names, `authority-NAME.pem` one that
/// signs for one other name. What signs, the intermediate and its key, is in `issuer.pem` and `issuer-NAME.pem`.
///
/// The folder is locked while this value lives, so that of many first starts one makes what is missing and the others find
/// it. Each file is written as a whole. An issuer's comes first, and what it says is what counts: its root is written behind
/// it, and again where that is missing.
struct AuthorityFolder: ~Copyable {
    let directory: PrivateDirectory
    /// What was made anew, and why; one line each.
    private(set) var notices: [String] = []

    init(at path: String) throws {
        let directory = try PrivateDirectory(locking: path)
        try Self.refuseExposed(path, isSecret: false, folder: path)
        try directory.removeDrafts()
        self.directory = directory
    }

    /// Where authorities are or would be kept; nil where the environment names no place.
    static var place: String? {
        if let base = ThisProcess.environment("XDG_DATA_HOME"), base.hasPrefix("/") { return "\(base)/martinet" }
        return ThisProcess.environment("HOME").map { "\($0)/.local/share/martinet" }
    }

    /// The path of a file in it.
    func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    /// The file with the root that signs for a scope.
    func rootPath(_ scope: AuthorityScope) -> String { path("authority\(Self.ending(scope))") }

    /// Finds or makes the authority for a scope.
    mutating func authority(for scope: AuthorityScope) throws -> (authority: DevelopmentAuthority, isNew: Bool) {
        let issuerPath = path("issuer\(Self.ending(scope))")
        let noticeCount = notices.count
        if let known = try load(issuerPath, scope) {
            try publish(known)
            return (known, false)
        }
        try retireRoot(scope, isExplained: notices.count > noticeCount)
        let host = ThisProcess.hostName
        let owner = ThisProcess.userName + (host.isEmpty ? "" : " on \(host)")
        let made = try DevelopmentAuthority.make(for: owner, scope: scope, source: issuerPath)
        try save(made.identity)
        try publish(made)
        return (made, true)
    }

    /// The scope whose authority is to sign for a name: one that is there already, of a domain above it, or its own.
    func scope(for name: String) -> AuthorityScope {
        let own = AuthorityScope(for: name)
        guard case .name(var domain) = own, !domain.contains(":") else { return own }
        while domain.contains(".") {
            let scope = AuthorityScope(for: domain)
            if scope.contains(name), WholeFile.status(path("issuer\(Self.ending(scope))")) != nil { return scope }
            domain = String(domain.drop { $0 != "." }.dropFirst())
        }
        return own
    }

    /// Reads a chain and its key, if there is such a file.
    func read(_ path: String) throws -> TLSConfiguration.Identity? {
        try Self.refuseExposed(path, isSecret: true, folder: directory.path)
        try Self.refuseOtherKinds(path, folder: directory.path)
        do {
            let file = try SecretBytes.read(path)
            return Certificate.identity(source: path, chainFile: file, key: file)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Writes a chain and its key into the file that is its source.
    func save(_ identity: TLSConfiguration.Identity) throws {
        try SecretBytes(identity.key, followedBy: identity.chain).withSpan { text throws(SystemError) in
            try WholeFile.write(text, to: identity.source, mode: 0o600)
        }
    }

    mutating func add(notice: String) { notices.append(notice) }

    // MARK: Finding

    /// The authority that was kept; nil where there is none that can be used.
    private mutating func load(_ issuerPath: String, _ scope: AuthorityScope) throws -> DevelopmentAuthority? {
        guard let identity = try read(issuerPath) else { return nil }
        do throws(AuthorityFault) {
            let authority = try DevelopmentAuthority(identity, scope: scope)
            if authority.daysLeft(at: .now) >= 0 { return authority }
            add(notice: Self.remade(rootPath(scope), "it has expired"))
        } catch {
            switch error {
            case .damaged(let error):
                add(notice: Self.remade(rootPath(scope), "\(issuerPath) is damaged (\(error.reason))"))
            case .unlimited: add(notice: Self.remade(rootPath(scope), "it was not limited to \(Self.text(scope))"))
            case .foreign(let name): throw foreign(issuerPath, name)
            }
        }
        return nil
    }

    /// Makes way for another root, unless the one that is there is none of ours.
    ///
    /// - Parameter isExplained: whether a notice says why.
    private mutating func retireRoot(_ scope: AuthorityScope, isExplained: Bool) throws {
        let path = rootPath(scope)
        try Self.refuseExposed(path, isSecret: false, folder: directory.path)
        guard let text = try readText(path) else { return }
        try refuseForeign(text, path)
        if !isExplained {
            add(notice: Self.remade(path, "its key is gone, or it could sign for any name"))
        }
        // Made before authorities were limited: whoever had its key could be any site to those who trust it.
        if scope == .local { try directory.remove("authority.key") }
    }

    /// Has the root's file say what the issuer's says.
    private mutating func publish(_ authority: DevelopmentAuthority) throws {
        let path = rootPath(authority.scope)
        try Self.refuseExposed(path, isSecret: false, folder: directory.path)
        let root = try authority.rootText()
        let found = try readText(path)
        guard found != root else { return }
        if let found { try refuseForeign(found, path) }
        try WholeFile.write(root, to: path, mode: 0o644)
    }

    private func readText(_ path: String) throws -> [UInt8]? {
        try Self.refuseOtherKinds(path, folder: directory.path)
        do {
            return try WholeFile.read(path)
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    // MARK: Words

    private static func ending(_ scope: AuthorityScope) -> String {
        switch scope {
        case .local: ".pem"
        case .name(let name): "-\(DevelopmentCertificate.fileWord(name)).pem"
        }
    }

    private static func text(_ scope: AuthorityScope) -> String {
        switch scope {
        case .local: "local names"
        case .name(let name): name
        }
    }

    private static func remade(_ path: String, _ reason: String) -> String {
        "\(path) was made anew, since \(reason): let your browser trust the new one"
    }

    private func refuseForeign(_ text: [UInt8], _ path: String) throws {
        guard let name = Certificate.commonName(in: text), !name.hasPrefix(DevelopmentAuthority.title) else { return }
        throw foreign(path, name)
    }

    private func foreign(_ path: String, _ name: String) -> ConfigurationError {
        ConfigurationError(
            place: path, problem: "It is the certificate of \"\(name)\", which was not made here.",
            wayOut:
                "Move it away, and an authority is made in its place:\n  mv \(path.shellQuoted) \("\(path).other".shellQuoted)"
        )
    }

    private static func refuseExposed(_ path: String, isSecret: Bool, folder: String) throws {
        let problem: String
        switch PrivateDirectory.exposure(of: path, isSecret: isSecret) {
        case nil: return
        case .anotherOwner: problem = "It belongs to another user, who could sign for any local site."
        case .openToOthers:
            problem = "Other users may \(isSecret ? "read" : "change") it, and could sign for any local site."
        }
        throw refusal(of: path, problem, folder)
    }

    /// Waiting for a FIFO's writer would be waiting for ever.
    private static func refuseOtherKinds(_ path: String, folder: String) throws {
        guard let status = WholeFile.status(path), status.kind != .regular else { return }
        throw refusal(of: path, "It is no regular file.", folder)
    }

    private static func refusal(of path: String, _ problem: String, _ folder: String) -> ConfigurationError {
        ConfigurationError(
            place: path, problem: problem,
            wayOut: "Move it away, and clients must trust the authority that is made in its place:\n"
                + "  mv \(folder.shellQuoted) \("\(folder).other".shellQuoted)")
    }
}
