import MartinetEvents
import MartinetPOSIX

/// The authorities of the distribution, which OpenSSL, GnuTLS, curl, Go, Python's `ssl` and others read.
struct SystemTrustStore: TrustStore {
    /// Where a distribution has the administrator put authorities, and what makes one file of all.
    private struct Layout {
        let directory: String
        let ending: String
        let tool: [String]
        let bundle: String

        /// The file for an authority.
        func path(_ anchor: TrustAnchor) -> String { "\(directory)/\(anchor.nickname)\(ending)" }
    }

    /// Fedora's, Debian's and Alpine's, Arch's, openSUSE's.
    private static let layouts = [
        Layout(
            directory: "/etc/pki/ca-trust/source/anchors", ending: ".pem", tool: ["update-ca-trust", "extract"],
            bundle: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
        Layout(
            directory: "/usr/local/share/ca-certificates", ending: ".crt", tool: ["update-ca-certificates"],
            bundle: "/etc/ssl/certs/ca-certificates.crt"),
        Layout(
            directory: "/etc/ca-certificates/trust-source/anchors", ending: ".crt", tool: ["trust", "extract-compat"],
            bundle: "/etc/ca-certificates/extracted/tls-ca-bundle.pem"),
        Layout(
            directory: "/etc/pki/trust/anchors", ending: ".pem", tool: ["update-ca-certificates"],
            bundle: "/var/lib/ca-certificates/ca-bundle.pem"),
    ]

    /// Its tool also runs what others have hooked to it, Java's store among that.
    private static let time = Interval.seconds(300)

    private let layout: Layout
    private let tool: Tool

    let name = "system"
    var place: String { layout.bundle }

    /// Nil where this machine has none of the known ones.
    init?() {
        for layout in Self.layouts where WholeFile.status(layout.directory)?.kind == .directory {
            guard let tool = Tool(layout.tool[0]) else { continue }
            self.layout = layout
            self.tool = tool
            return
        }
        return nil
    }

    static let missing = MissingTrustStore(
        name: "system", place: layouts[1].directory,
        reason: "neither update-ca-certificates nor update-ca-trust nor trust is here with its folder; "
            + Packages.advice(["apt-get": "ca-certificates", "apk": "ca-certificates", "dnf": "ca-certificates"]))

    /// The file with all authorities, where there is one.
    static var bundle: String? {
        (SystemTrustStore().map { [$0.layout.bundle] } ?? layouts.map(\.bundle)).first { WholeFile.status($0) != nil }
    }

    /// Whether one of the folders has a file for the authority.
    static func hasFile(for anchor: TrustAnchor) -> Bool {
        layouts.contains { WholeFile.status($0.path(anchor)) != nil }
    }

    func find(_ anchors: [TrustAnchor]) throws(TrustStoreError) -> [TrustState] {
        let text: [UInt8]
        do throws(SystemError) {
            text = try WholeFile.read(layout.bundle)
        } catch {
            guard error.isMissing else { throw .failed("\(layout.bundle): \(error.reason)") }
            text = []
        }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        return anchors.map { anchor in
            let isOwn = WholeFile.status(layout.path(anchor)) != nil
            return TrustState(isTrusted: anchor.path == nil ? isOwn : anchor.isAmong(lines), isOwn: isOwn)
        }
    }

    func add(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        do throws(SystemError) {
            for anchor in anchors {
                guard let path = anchor.path else { continue }
                try WholeFile.write(try WholeFile.read(path), to: layout.path(anchor), mode: 0o644)
            }
        } catch {
            throw .failed("\(layout.directory): \(error.reason)")
        }
        try update(layout.tool)
    }

    func remove(_ anchors: [TrustAnchor]) throws(TrustStoreError) {
        let arguments = removal(of: anchors)
        do throws(SystemError) {
            for anchor in anchors { try WholeFile.remove(layout.path(anchor)) }
        } catch {
            throw .failed("\(layout.directory): \(error.reason)")
        }
        try update(arguments)
    }

    private func update(_ words: [String]) throws(TrustStoreError) {
        let outcome = tool.run([String](words.dropFirst()), within: Self.time)
        guard outcome.isFine else { throw TrustStoreError(tool, outcome.problem) }
    }

    /// The tool and its arguments once files of these are gone. Debian's overlooks that, unless it makes everything anew: links
    /// to them would stay, and make it overlook that they come back. Others' tools have no such links.
    private func removal(of anchors: [TrustAnchor]) -> [String] {
        let hasLinks = anchors.contains { WholeFile.status("/etc/ssl/certs/\($0.nickname).pem") != nil }
        return layout.tool + (hasLinks && layout.tool == ["update-ca-certificates"] ? ["--fresh"] : [])
    }

    var needsRoot: Bool { !ThisProcess.isRoot }

    func commands(adding anchors: [TrustAnchor]) -> [String] {
        anchors.compactMap { anchor in
            anchor.path.map { "install -m 644 \($0.shellQuoted) \(layout.path(anchor))" }
        } + [layout.tool.joined(separator: " ")]
    }

    func commands(removing anchors: [TrustAnchor]) -> [String] {
        anchors.map { "rm -f \(layout.path($0))" } + [removal(of: anchors).joined(separator: " ")]
    }
}

/// What a missing tool is installed with.
enum Packages {
    /// - Parameter names: what the package is called, by the distribution's command.
    static func advice(_ names: KeyValuePairs<String, String>) -> String {
        let verbs = ["apt-get": "install", "dnf": "install", "zypper": "install", "pacman": "-S", "apk": "add"]
        let found = names.first { Tool($0.key) != nil } ?? names[0]
        return "\(found.key) \(verbs[found.key] ?? "install") \(found.value)"
    }
}
