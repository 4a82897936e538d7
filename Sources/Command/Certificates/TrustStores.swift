import MartinetPOSIX

/// Every store of authorities on this machine that this user's programs look at.
enum TrustStores {
    static func all() -> [any TrustStore] {
        var stores: [any TrustStore] = [SystemTrustStore() ?? SystemTrustStore.missing]
        let home = ThisProcess.environment("HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        stores += found(
            (home.map(chromiumDatabases) ?? []).map { NSSTrustStore(name: "Chromium", place: $0) },
            otherwise: MissingTrustStore(
                name: "Chromium", place: "\(home ?? "~")/.pki/nssdb",
                reason: "no Chromium, Chrome or the like is here"))
        stores += found(
            (home.map(firefoxProfiles) ?? []).map { NSSTrustStore(name: "Firefox", place: $0) },
            otherwise: MissingTrustStore(
                name: "Firefox", place: "\(home ?? "~")/.mozilla/firefox",
                reason: "no profile is here, which Firefox makes when it is started first"))
        stores += found(
            JavaTrustStore.stores(in: javaHomes(home)),
            otherwise: MissingTrustStore(name: "Java", place: "/usr/lib/jvm", reason: "no Java is here"))
        return stores
    }

    private static func found(
        _ stores: [any TrustStore], otherwise missing: MissingTrustStore
    ) -> [any TrustStore] {
        stores.isEmpty ? [missing] : stores
    }

    private static let chromiumCommands = [
        "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "google-chrome-beta",
        "google-chrome-unstable", "brave-browser", "microsoft-edge", "vivaldi", "opera",
    ]

    /// The databases of Chromium and its kin. Where one is installed that has not been started yet, it is made where all
    /// versions look: those since 2026 look elsewhere only if there is none. Those of snaps and flatpaks only they make.
    private static func chromiumDatabases(_ home: String) -> [String] {
        let common = "\(home)/.pki/nssdb"
        let given = ThisProcess.environment("XDG_DATA_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        let data = given ?? "\(home)/.local/share"
        let found = [common, "\(data)/pki/nssdb"].filter(isDirectory)
        let isInstalled =
            chromiumCommands.contains { Tool($0) != nil }
            || ["ms-playwright", "puppeteer"].contains { isDirectory("\(home)/.cache/\($0)") }
        let confined =
            ["\(home)/snap/chromium/current/.pki/nssdb"]
            + directories(in: "\(home)/.var/app").map { "\($0)/.pki/nssdb" }
        return (found.isEmpty && isInstalled ? [common] : found) + confined.filter(isDirectory)
    }

    /// The folders of Firefox's profiles: what has a database, or settings and so will have one.
    private static func firefoxProfiles(_ home: String) -> [String] {
        [
            ".mozilla/firefox", ".config/mozilla/firefox", "snap/firefox/common/.mozilla/firefox",
            ".var/app/org.mozilla.firefox/.mozilla/firefox", ".var/app/org.mozilla.firefox/config/mozilla/firefox",
            ".librewolf",
        ].flatMap { directories(in: "\(home)/\($0)") }
            .filter { profile in ["cert9.db", "prefs.js"].contains { WholeFile.status("\(profile)/\($0)") != nil } }
    }

    private static func javaHomes(_ home: String?) -> [String] {
        let named = ThisProcess.environment("JAVA_HOME").map { [$0] } ?? []
        let own = home.map { ["\($0)/.sdkman/candidates/java", "\($0)/.jdks"] } ?? []
        return named.filter { $0.hasPrefix("/") } + (["/usr/lib/jvm"] + own).flatMap(directories)
    }

    /// The folders in a folder, sorted; a link to one counts.
    private static func directories(in directory: String) -> [String] {
        let names = (try? WholeFile.names(in: directory)) ?? []
        return names.sorted().map { "\(directory)/\($0)" }.filter(isDirectory)
    }

    private static func isDirectory(_ path: String) -> Bool { WholeFile.status(path)?.kind == .directory }
}
