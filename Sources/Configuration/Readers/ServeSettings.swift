/// The settings that the options of `serve` are, by the titles under which its help shows them: every setting that a server of one
/// site needs, lifted to the whole configuration.
package enum ServeSettings {
    package struct Group: Sendable {
        package let title: String
        package let settings: [Setting<Configuration>]

        fileprivate init(_ title: String, _ settings: [[Setting<Configuration>]]) {
            self.title = title
            // What `serve` says in another way has no option; of a setting of several levels there is one.
            self.settings = settings.flatMap(\.self).filter { $0.face.option != nil && !$0.face.isInherited }
        }
    }

    /// In the order in which they are applied: what makes routes precedes what changes them.
    package static let groups: [Group] = [
        Group("Listening", [Configuration.settings.filter { !isOfPolicy($0.face.key) }]),
        Group(
            "TLS",
            [
                TLS.settings.map { $0.within(\.tls) },
                CertificateFiles.settings.map { $0.column(\.tls.certificates) { CertificateFiles() } },
            ]),
        Group("Site", [Site.settings.map { $0.within(\.site) }]),
        Group("Files", [Files.settings.map(filesSetting)]),
        Group(
            "Responses",
            [
                Policy.settings.map { $0.within(\.site.policy) },
                StrictTransport.settings.map { $0.within(\.site.policy.hsts) { StrictTransport() } },
            ]),
        Group(
            "Programs (CGI)", [Programs.settings.map { $0.each(Configuration.visitPrograms, standard: Programs()) }]),
        Group("Logs", [Logs.settings.map { $0.within(\.logs) }]),
        Group(
            "Limits",
            [Timeouts.settings.map { $0.within(\.timeouts) }, WorkerLimits.settings.map { $0.within(\.limits) }]),
    ]

    package static let all: [Setting<Configuration>] = groups.flatMap(\.settings)

    private static func isOfPolicy(_ key: String) -> Bool { Policy.settings.contains { $0.face.key == key } }

    /// What is sent where nothing is belongs to the folder alone; the rest holds for other folders, too.
    private static func filesSetting(_ setting: Setting<Files>) -> Setting<Configuration> {
        let isForFolder = ["spa", "try"].contains(setting.face.key)
        return setting.each(isForFolder ? Configuration.visitFolder : Configuration.visitFiles, standard: Files())
    }
}

extension Configuration {
    /// The one site that `serve` makes.
    fileprivate var site: Site {
        get { sites.first ?? Site() }
        set { if sites.isEmpty { sites = [newValue] } else { sites[0] = newValue } }
    }

    fileprivate static func visitFiles(_ whole: inout Configuration, _ change: (inout Files) -> Void) {
        for index in whole.site.routes.indices {
            guard case .files(var files) = whole.site.routes[index].handler else { continue }
            change(&files)
            whole.site.routes[index].handler = .files(files)
        }
    }

    fileprivate static func visitFolder(_ whole: inout Configuration, _ change: (inout Files) -> Void) {
        guard case .files(var files)? = whole.site.routes.first?.handler else { return }
        change(&files)
        whole.site.routes[0].handler = .files(files)
    }

    fileprivate static func visitPrograms(_ whole: inout Configuration, _ change: (inout Programs) -> Void) {
        for index in whole.site.routes.indices {
            guard case .cgi(var programs) = whole.site.routes[index].handler else { continue }
            change(&programs)
            whole.site.routes[index].handler = .cgi(programs)
        }
    }

    /// What holds for the site holds for its routes.
    mutating func spreadPolicy() {
        for index in site.routes.indices { site.routes[index].policy = site.policy }
    }
}
