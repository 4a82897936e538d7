import MartinetPOSIX

/// The authorities of a Java installation (`cacerts`), which programs that run on it trust. It asks neither the system nor a
/// browser.
struct JavaTrustStore: TrustStore {
    let name = "Java"
    /// The keystore, links followed: distributions have one for all installations.
    let place: String
    private let tool: Tool?

    /// The password of every such store as it comes; it guards against accidents and nothing else.
    private static let password = "changeit"

    /// The keystores of the installations in these folders, each once.
    static func stores(in homes: [String]) -> [JavaTrustStore] {
        var found: [JavaTrustStore] = []
        for home in homes {
            // Since Java 9, and before it.
            let places = ["\(home)/lib/security/cacerts", "\(home)/jre/lib/security/cacerts"]
            guard let place = places.lazy.compactMap(WholeFile.canonicalPath).first,
                !found.contains(where: { $0.place == place })
            else { continue }
            let own = "\(home)/bin/keytool"
            found.append(JavaTrustStore(place: place, tool: Tool.isProgram(own) ? Tool(path: own) : Tool("keytool")))
        }
        return found
    }

    private init(place: String, tool: Tool?) {
        self.place = place
        self.tool = tool
    }

    func find(_ anchors: [TrustAnchor]) throws(TrustStoreError) -> [TrustState] {
        let entries = try entries()
        return anchors.map { Self.state(of: $0, in: entries) }
    }

    /// Whatever its alias is, an entry with its fingerprint is trusted.
    static func state(of anchor: TrustAnchor, in entries: [Entry]) -> TrustState {
        let isOwn = !aliases(of: anchor, in: entries).isEmpty
        return TrustState(isTrusted: isOwn || entries.contains { $0.fingerprint == anchor.fingerprint }, isOwn: isOwn)
    }

    /// The aliases of the entries that `cert trust` has made: its own, and that of Debian's hook, which adds to this store what
    /// is put into the system's and does not take it out again.
    private static func aliases(of anchor: TrustAnchor, in entries: [Entry]) -> [String] {
        [anchor.nickname, "debian:\(anchor.nickname).pem"].filter { alias in entries.contains { $0.alias == alias } }
    }

    private func entries() throws(TrustStoreError) -> [Entry] { Self.entries(try run(["-list"])) }

    func add(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        for anchor in anchors {
            guard let path = anchor.path else { continue }
            try run(Self.adding(anchor, path))
        }
    }

    func remove(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        let entries = try entries()
        for anchor in anchors {
            for alias in Self.aliases(of: anchor, in: entries) { try run(Self.removing(alias)) }
        }
    }

    var needsRoot: Bool { !WholeFile.mayWrite(place) }

    func commands(adding anchors: [TrustAnchor]) -> [String] {
        anchors.compactMap { anchor in anchor.path.map { words(Self.adding(anchor, $0)) } }
    }

    func commands(removing anchors: [TrustAnchor]) -> [String] {
        let entries = (try? entries()) ?? []
        return anchors.flatMap { Self.aliases(of: $0, in: entries) }.map { words(Self.removing($0)) }
    }

    func advice(adding anchors: [TrustAnchor]) -> String {
        let isMadeFromSystem = place.hasPrefix("/etc/ssl/certs/") || place.hasPrefix("/etc/pki/")
        if isMadeFromSystem, anchors.contains(where: { !SystemTrustStore.hasFile(for: $0) }) {
            return "the line for the system's authorities adds to this store, too; then run martinet cert trust again"
        }
        return "run\n  \(Self.line(commands(adding: anchors)))"
    }

    private func words(_ arguments: [String]) -> String {
        ([tool?.path ?? "keytool"] + arguments + whereabouts).map(\.shellQuoted).joined(separator: " ")
    }

    private static func adding(_ anchor: TrustAnchor, _ path: String) -> [String] {
        ["-importcert", "-noprompt", "-alias", anchor.nickname, "-file", path]
    }

    private static func removing(_ alias: String) -> [String] { ["-delete", "-alias", alias] }

    private var whereabouts: [String] { ["-keystore", place, "-storepass", Self.password] }

    @discardableResult
    private func run(_ arguments: [String]) throws(TrustStoreError) -> String {
        guard let tool else { throw .skipped("keytool is missing, which comes with a JRE") }
        let outcome = tool.run(arguments + whereabouts)
        // It complains on its standard output, behind a warning that another option should be used.
        let words = outcome.output.split(separator: "\n").last { $0.contains("error") }.map(String.init)
        guard outcome.isFine else { throw TrustStoreError(tool, words ?? outcome.problem) }
        return outcome.output
    }

    /// What `keytool -list` says of an entry.
    struct Entry: Equatable {
        let alias: String
        let fingerprint: String
    }

    /// Reads what `keytool -list` prints: two lines an entry, "ALIAS, DATE, trustedCertEntry," and its fingerprint. Old ones
    /// have one of SHA-1, which is nobody's here.
    static func entries(_ text: String) -> [Entry] {
        let lines = text.split(separator: "\n")
        return zip(lines, lines.dropFirst()).compactMap { line, next in
            guard line.contains("trustedCertEntry"), let comma = line.firstIndex(of: ","),
                let blank = next.lastIndex(of: " ")
            else { return nil }
            return Entry(alias: String(line[..<comma]), fingerprint: String(next[next.index(after: blank)...]))
        }
    }
}
