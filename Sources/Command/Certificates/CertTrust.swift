import ArgumentParser
import MartinetPOSIX

/// `martinet cert trust`: this machine's programs take what the development authorities have signed.
struct CertTrust: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Have this machine's browsers and tools trust the development authorities.",
        discussion: """
            Puts the root of each authority that serve keeps (authority.pem, and authority-NAME.pem for names that may be \
            somebody else's) into every store of this machine: the system's, those of Chromium and its kin, of each \
            profile of Firefox, and of each Java. An authority is made first where there is none. What is there already \
            stays as it is. A store that needs root is left alone, with the line to run; run this as yourself, not \
            with sudo, which may have another home.

            An authority can sign for names of this machine and network only, and the key of its root is gone.

            Exit status: 0 if a store trusts each authority now, 1 if not.
            """)

    @Flag(name: .customLong("print"), help: "Change nothing; print the commands for this host and for others.")
    var printsCommands = false

    func run() throws {
        var anchors = try TrustAnchors(makingMissing: true)
        CertStores.say(anchors.notices)
        let stores = TrustStores.all()
        if printsCommands {
            StandardOutput.write(TrustInstructions(anchors: anchors.current, place: anchors.place, stores: stores).text)
            return
        }
        let isTrusted = try CertStores.visit(stores, &anchors, of: anchors.current, asks: true) { $0.trust($1) }
        if stores.contains(where: { $0.name == "Firefox" && $0 is NSSTrustStore }) {
            StandardOutput.write("Browsers that are open look at their stores when they are started again.")
        }
        guard isTrusted else { throw ExitCode(1) }
    }
}

/// `martinet cert untrust`: the stores are as they were before `trust`.
struct CertUntrust: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untrust",
        abstract: "Take out of this machine's stores what `cert trust` has put in.",
        discussion: """
            Authorities that have been made anew since they were trusted are taken out as well. Entries that others have \
            made are left alone, also of these authorities.

            Exit status: 0 if nothing of them is left, 1 if a store needs root or failed.
            """)

    func run() throws {
        var anchors = try TrustAnchors(makingMissing: false)
        guard !anchors.all.isEmpty else { return StandardOutput.write("There is no authority in \(anchors.place).") }
        var isLeft = false
        _ = try CertStores.visit(TrustStores.all(), &anchors, of: anchors.all, forgets: true) { store, anchors in
            let report = store.untrust(anchors)
            if report.hasFailed || report.states.contains(where: \.isOwn) { isLeft = true }
            return report
        }
        guard !isLeft else { throw ExitCode(1) }
    }
}

/// `martinet cert status`: who trusts what.
struct CertStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which of this machine's stores trust which development authority.",
        discussion: "Exit status: 0 if a store trusts each authority, 1 if not, or if there is none.")

    func run() throws {
        var anchors = try TrustAnchors(makingMissing: false)
        guard !anchors.all.isEmpty else {
            StandardOutput.write("There is no authority in \(anchors.place) yet: martinet cert trust makes one.")
            throw ExitCode(1)
        }
        for anchor in anchors.current { StandardOutput.write("\(anchor.path ?? "")\n  SHA-256 \(anchor.fingerprint)") }
        for anchor in anchors.former {
            StandardOutput.write("\(anchor.nickname), which has been made anew since\n  SHA-256 \(anchor.fingerprint)")
        }
        guard try CertStores.visit(TrustStores.all(), &anchors, of: anchors.all, { $0.status($1) }) else {
            throw ExitCode(1)
        }
    }
}

/// What the three commands have in common.
enum CertStores {
    /// Does something to each store, says what came of it, and keeps what was found.
    ///
    /// - Parameters:
    ///   - asks: whether authorities are remembered from now on, even if no store trusts them: root may be about to see to it.
    ///   - forgets: whether authorities that no store has any more need not be remembered.
    /// - Returns: whether some store trusts each of the current authorities.
    static func visit(
        _ stores: [any TrustStore], _ anchors: inout TrustAnchors, of visited: [TrustAnchor], asks: Bool = false,
        forgets: Bool = false,
        _ body: (any TrustStore, [TrustAnchor]) -> TrustReport
    ) throws -> Bool {
        var reports: [TrustReport] = []
        for store in stores {
            let report = body(store, visited)
            StandardOutput.write(report.line)
            reports.append(report)
        }
        let isUnsure = reports.contains(where: \.hasFailed)
        var states: [String: TrustRecord.State?] = [:]
        for (index, anchor) in visited.enumerated() {
            let found = reports.filter { !$0.states.isEmpty }.map { $0.states[index] }
            if found.contains(where: \.isTrusted) {
                states[anchor.fingerprint] = .some(.trusted)
            } else if forgets && !isUnsure && !found.contains(where: \.isOwn) {
                states[anchor.fingerprint] = .some(nil)
            } else if asks || anchors.record.states[anchor.fingerprint] != nil {
                states[anchor.fingerprint] = .some(.asked)
            }
        }
        try anchors.keep(states)
        return !anchors.current.isEmpty && anchors.current.allSatisfy { states[$0.fingerprint] == .some(.trusted) }
    }

    /// Says what was made anew, and whose authorities these are where that may surprise.
    static func say(_ notices: [String]) {
        for notice in notices { StandardOutput.write(notice) }
        if ThisProcess.isRoot, let user = ThisProcess.environment("SUDO_USER"), user != ThisProcess.userName {
            StandardOutput.write(
                "These are the authorities of \(ThisProcess.userName). For those of \(user), run martinet cert trust "
                    + "without sudo: it says what needs root.")
        }
    }
}
