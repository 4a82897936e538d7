// The declarations. A new setting is a stored property, one entry here, and the code that uses it.

extension Configuration: Section {
    package static let title = "the top level"
    package static let help = "What holds for the whole server. Everything that sites share can stand here, too."

    package static let settings: [Setting<Configuration>] =
        [
            .list(
                "listen", \.httpsAddresses, .address, option: .named("listen", short: "l"),
                help: "An address to listen on for HTTPS."),
            .list(
                "redirect-from", \.redirectAddresses, .address,
                help: "An address where plain HTTP is answered with a redirect to https."),
            .list(
                "listen-plain", \.plainAddresses, .address,
                help: "An address where sites are served in plain HTTP: behind a balancer, or on this machine."),
            .value(
                "workers", \.workers, .workers,
                help: "The number of worker processes, or auto for one a processor."),
            .list(
                "trusted", \.trusted, .network,
                help: "Proxies in front of this server, whose word about a client's address is taken."),
            .value(
                "unknown-host", \.unknownHost, .choice, option: .none,
                help: """
                    What answers for a Host that no site has: default, the first site or the marked one; reject, nothing \
                    but 421.
                    """),
            .values(
                "include", .list, .path("dir"),
                help: """
                    A folder whose files *.yaml, in the order of their names, are each a site or a list of sites. They come \
                    behind those of this file; paths in them are relative to them.
                    """,
                assign: { folders, _, reading in
                    reading.inclusions += folders.map { Text($0, written: $1.written, at: $1.place) }
                }, show: { _ in [] }),
        ] + Policy.settings.map { $0.within(\.defaults) }

    package static let sections: [Subsection<Configuration>] =
        Policy.sections.map { $0.outer(\.defaults) } + [
            .one("tls", \.tls), .one("timeouts", \.timeouts), .one("limits", \.limits), .one("logs", \.logs),
            .list("sites", \.sites) { whole, place in
                var site = Site()
                site.policy = whole.defaults
                site.origin = Origin(place)
                return site
            },
        ]

    private var httpsAddresses: [ListeningAddress] {
        get { addresses(for: .https) }
        set { setAddresses(newValue, for: .https) }
    }

    private var redirectAddresses: [ListeningAddress] {
        get { addresses(for: .redirect) }
        set { setAddresses(newValue, for: .redirect) }
    }

    private var plainAddresses: [ListeningAddress] {
        get { addresses(for: .plain) }
        set { setAddresses(newValue, for: .plain) }
    }

    package func addresses(for purpose: Listening.Purpose) -> [ListeningAddress] {
        listeners.filter { $0.purpose == purpose }.map(\.address)
    }

    /// Purposes keep their order, whatever the file's, so that two that ask for the same are equal.
    package mutating func setAddresses(_ addresses: [ListeningAddress], for purpose: Listening.Purpose) {
        let others = listeners.filter { $0.purpose != purpose }
        let new = addresses.map { Listening($0, for: purpose) }
        listeners = Listening.Purpose.allCases.flatMap { each in
            each == purpose ? new : others.filter { $0.purpose == each }
        }
    }
}

extension TLS: Section {
    package static let title = "tls"
    package static let help = "Which TLS is spoken, whatever the site."

    package static let settings: [Setting<TLS>] = [
        .value("minimum", \.minimum, .choice, option: .named("tls-min"), help: "The oldest TLS version to accept."),
        .optional(
            "keylog", \.keyLog, .path("file"),
            help: """
                Write the secrets of every session to a file, for Wireshark. Whoever reads it reads all traffic. Without it, \
                the value of SSLKEYLOGFILE.
                """),
    ]

    package static let sections: [Subsection<TLS>] = [
        .list("certificates", \.certificates) { _, _ in CertificateFiles() }
    ]
}

extension CertificateFiles: Section {
    package static let title = "a certificate"
    package static let help = "Where a certificate and its key are. For which names it is good stands in itself."

    package static let settings: [Setting<CertificateFiles>] = [
        .value(
            "chain", \.chain, .path("file"), option: .named("tls-cert"), isRequired: true,
            help: "A certificate chain in PEM. The first is the default, the others are chosen by server name."),
        .optional(
            "key", \.key, .path("file"), option: .named("tls-key"),
            help: "The private key of the certificate, unless that file holds it too."),
    ]
}

extension Logs: Section {
    package static let title = "logs"
    package static let help = "What is written down, and where."

    package static let settings: [Setting<Logs>] = [
        .value(
            "access", \.access, .logDestination, option: .named("access-log"),
            help:
                "Where a line for each request goes: - for standard output, none, or a file. SIGUSR1 opens a file anew."
        ),
        .value(
            "level", \.level, .choice, option: .none,
            help: "The least that is worth a line of the error log."),
    ]
}
