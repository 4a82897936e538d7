import MartinetPOSIX
import MartinetTLS

/// The root of a development authority, as stores of trusted authorities are told of it (trust anchor, RFC 5280 §6.1.1).
struct TrustAnchor {
    /// The file with its certificate; nil for one that was trusted formerly and is not there any more.
    let path: String?
    /// The SHA-256 of its certificate: "AB:CD:…".
    let fingerprint: String
    /// Its certificate's; empty for a former one.
    let commonName: String
    /// What its certificate is as PEM, line by line, without the boundaries; empty for a former one.
    let body: [Substring]

    /// What entries for it are called in stores. It has so much of the fingerprint in it that it is nothing else's name.
    var nickname: String {
        "martinet-" + fingerprint.filter { $0 != ":" }.prefix(16).lowercased()
    }

    /// What it is called in messages.
    var name: String { path.map { String($0.split(separator: "/").last ?? "") } ?? nickname }

    /// Reads a root's certificate.
    init(file path: String) throws {
        let text = try WholeFile.read(path)
        guard let fingerprint = Certificate.fingerprint(in: text) else {
            throw ConfigurationError(
                place: path, problem: "It holds no certificate.",
                wayOut: "Move it away:\n  mv '\(path)' '\(path).other'")
        }
        let name = Certificate.commonName(in: text) ?? ""
        guard name.hasPrefix(DevelopmentAuthority.title) else {
            throw ConfigurationError(
                place: path, problem: "It is the certificate of \"\(name)\", which was not made here.",
                wayOut: "Move it away:\n  mv '\(path)' '\(path).other'")
        }
        self.path = path
        self.fingerprint = fingerprint
        commonName = name
        body = String(decoding: text, as: UTF8.self).split(separator: "\n")
            .drop { !$0.hasPrefix("-----BEGIN") }.dropFirst().prefix { !$0.hasPrefix("-----") }.map(\.self)
    }

    /// One of which nothing but the fingerprint is known any more.
    init(formerly fingerprint: String) {
        path = nil
        self.fingerprint = fingerprint
        commonName = ""
        body = []
    }

    /// Whether a text of many certificates has it.
    func isAmong(_ lines: [Substring]) -> Bool {
        guard let first = body.first else { return false }
        return lines.indices.contains { index in
            lines[index] == first && lines[index...].prefix(body.count).elementsEqual(body)
        }
    }
}

/// The user's authorities, and what is known of who trusts them.
struct TrustAnchors {
    /// The folder of the authorities.
    let place: String
    /// The common one first.
    let current: [TrustAnchor]
    /// Those that were trusted here and have been replaced since.
    let former: [TrustAnchor]
    private(set) var record: TrustRecord
    /// What was made, or made anew.
    let notices: [String]

    /// Reads what is in the folder.
    ///
    /// - Parameter makesMissing: whether the common authority is made where there is none.
    init(makingMissing makesMissing: Bool) throws {
        let place = try AuthorityFolder.requirePlace()
        self.place = place
        guard makesMissing || WholeFile.status(place) != nil else {
            (current, former, record, notices) = ([], [], TrustRecord(), [])
            return
        }
        (current, former, record, notices) = try AuthorityFolder.use { folder in
            var notices: [String] = []
            if makesMissing {
                let isNew = try folder.authority(for: .local).isNew
                notices = folder.notices
                if isNew && notices.isEmpty { notices = ["\(folder.rootPath(.local)) was made just now"] }
            }
            let names = try WholeFile.names(in: place).filter(Self.isRoot).sorted { ($0.count, $0) < ($1.count, $1) }
            let current = try names.map { try TrustAnchor(file: folder.path($0)) }
            let record = try TrustRecord(in: place)
            let known = Set(current.map(\.fingerprint))
            let former = record.states.keys.filter { !known.contains($0) }.sorted().map(TrustAnchor.init(formerly:))
            return (current, former, record, notices)
        }
    }

    /// Whether that is what an authority's root is called.
    static func isRoot(_ name: String) -> Bool {
        name == "authority.pem" || name.hasPrefix("authority-") && name.hasSuffix(".pem")
    }

    var all: [TrustAnchor] { current + former }

    /// Keeps what was found of each authority: whether a store trusts it, or nil where none has anything of it any more.
    mutating func keep(_ states: [String: TrustRecord.State?]) throws {
        do {
            // Locked, since another may do the same; not while stores are changed, which takes seconds.
            let folder = try AuthorityFolder(at: place)
            record = try TrustRecord(in: place)
            let before = record
            for (fingerprint, state) in states { record.states[fingerprint] = state }
            if record != before { try record.write(in: folder.directory.path) }
        } catch let error as SystemError {
            throw RuntimeFailure(description: "\(place): \(error.description)")
        }
    }
}
