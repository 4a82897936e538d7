import MartinetPOSIX
import MartinetTLS

/// A database of NSS: that of Chromium and its kin, or of a Firefox profile. It is the user's.
struct NSSTrustStore: TrustStore {
    let name: String
    /// The database's folder, which is made where it is missing.
    let place: String

    /// The database is certutil's of libnss3-tools, which shares its name with Microsoft's.
    private static let tool = Tool("certutil")

    static let advice = Packages.advice([
        "apt-get": "libnss3-tools", "dnf": "nss-tools", "zypper": "mozilla-nss-tools", "pacman": "nss",
        "apk": "nss-tools",
    ])

    private var hasDatabase: Bool { WholeFile.status("\(place)/cert9.db") != nil }

    func find(_ anchors: [TrustAnchor]) throws(TrustStoreError) -> [TrustState] {
        guard hasDatabase else {
            _ = try tool()
            return anchors.map { _ in TrustState() }
        }
        let entries = Self.entries(try run(["-L"]))
        var others: [String]?
        var states: [TrustState] = []
        for anchor in anchors {
            let own = entries.first { $0.nickname == anchor.nickname }
            if let own, own.isAuthority {
                states.append(TrustState(isTrusted: true, isOwn: true))
                continue
            }
            // It has a certificate once, under the name it was given first.
            let found: [String]
            if let others { found = others } else { found = try otherFingerprints(entries) }
            others = found
            states.append(TrustState(isTrusted: found.contains(anchor.fingerprint), isOwn: own != nil))
        }
        return states
    }

    func add(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        if !hasDatabase {
            do throws(SystemError) {
                try WholeFile.makeDirectory(place)
            } catch {
                throw .failed(error.reason)
            }
            try run(["-N", "--empty-password"])
        }
        for anchor in anchors {
            guard let path = anchor.path else { continue }
            do throws(TrustStoreError) {
                try run(["-A", "-t", "C,,", "-n", anchor.nickname, "-i", path])
            } catch {
                // Where a primary password protects the trust, the certificate is there all the same, without it.
                _ = try? run(["-D", "-n", anchor.nickname])
                guard case .failed(let problem) = error, problem.contains("BAD_PASSWORD") else { throw error }
                let commands = commands(adding: [anchor]).joined()
                throw .failed("it has a primary password, which certutil asks for: run\n  \(commands)")
            }
        }
    }

    func remove(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        for anchor in anchors { try run(["-D", "-n", anchor.nickname]) }
    }

    let needsRoot = false

    func commands(adding anchors: [TrustAnchor]) -> [String] {
        anchors.compactMap { anchor in
            anchor.path.map {
                "mkdir -p \(place.shellQuoted) && certutil -A -d \("sql:\(place)".shellQuoted) -t C,, -n \(anchor.nickname) -i \($0.shellQuoted)"
            }
        }
    }

    func commands(removing anchors: [TrustAnchor]) -> [String] {
        anchors.map { "certutil -D -d \("sql:\(place)".shellQuoted) -n \($0.nickname)" }
    }

    /// The fingerprints of the authorities that it trusts under other names than ours.
    private func otherFingerprints(_ entries: [Entry]) throws(TrustStoreError) -> [String] {
        var found: [String] = []
        for entry in entries where entry.isAuthority {
            let text = try run(["-L", "-a", "-n", entry.nickname])
            found += [Certificate.fingerprint(in: [UInt8](text.utf8))].compactMap(\.self)
        }
        return found
    }

    private func tool() throws(TrustStoreError) -> Tool {
        guard let tool = Self.tool else { throw .skipped("certutil is missing: \(Self.advice)") }
        return tool
    }

    @discardableResult
    private func run(_ arguments: [String]) throws(TrustStoreError) -> String {
        let tool = try tool()
        // An empty file of passwords keeps it from asking at the terminal.
        let outcome = tool.run(arguments + ["-d", "sql:\(place)", "-f", "/dev/null"])
        guard outcome.isFine else { throw TrustStoreError(tool, outcome.problem) }
        return outcome.output
    }

    /// A line of what `certutil -L` prints.
    struct Entry: Equatable {
        let nickname: String
        /// Whether it is trusted to sign for servers.
        let isAuthority: Bool
    }

    /// Reads what `certutil -L` prints: names, and behind blanks the flags "SSL,S/MIME,JAR/XPI".
    static func entries(_ text: String) -> [Entry] {
        text.split(separator: "\n").compactMap { line in
            let line = line.trimmingBlanks
            guard let blank = line.lastIndex(of: " ") else { return nil }
            let flags = line[line.index(after: blank)...].split(separator: ",", omittingEmptySubsequences: false)
            guard flags.count == 3, flags.allSatisfy({ $0.allSatisfy("pPcCTuw".contains) }) else { return nil }
            return Entry(nickname: String(line[..<blank].trimmingBlanks), isAuthority: flags[0].contains("C"))
        }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
