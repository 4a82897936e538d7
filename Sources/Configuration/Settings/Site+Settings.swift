extension Site: Section {
    package static let title = "a site"
    package static let help = """
        Names, and what answers for them. Every setting of the top level about responses can stand here, too, and holds in its \
        place.
        """

    package static let settings: [Setting<Site>] =
        [
            .list(
                "names", \.names, .siteName, option: .none,
                help: "A name that a request's Host may have: exact, or *.example.org for all beneath."),
            .value(
                "default", \.isDefault, .flag, option: .none,
                help: "Answer for names that no site has, in place of the first site."),
            .list(
                "listeners", \.listeners, .address, option: .none,
                help: "Where the site answers, as at the top level. Without it, at every address."),
            .optional(
                "client-ca", \.clientAuthorities, .path("file"),
                help: "The authorities, in PEM, whose certificates clients may show; no other is taken."),
            .optional(
                "client-auth", \.clientAuthentication, .choice,
                help: """
                    Whether clients must show a certificate. One that is shown must be good with optional, too. Without it, \
                    required where there is client-ca.
                    """),
            .optional(
                "acme-challenges", \.acmeChallenges, .path("dir"),
                help: """
                    The folder of what authorities ask for to issue a certificate: \
                    /.well-known/acme-challenge/ in plain HTTP (RFC 8555 §8.3).
                    """),
        ] + shorthands + Policy.settings.map { $0.inherited(\.policy) }

    /// They become routes.
    private static let shorthands: [Setting<Site>] = [
        Setting.values(
            "root", .optional, .path("dir"),
            help: "A directory of files that answers where no route does: short for a route of /.",
            assign: { values, site, _ in
                for (directory, text) in values { site.add(.files(Files(root: directory)), "/", text.place) }
            }, show: { _ in [] }
        ).shorthand,
        Setting.pairs(
            "files", separator: "=", .prefix, .path("dir"),
            help: "Serve another directory beneath a path.",
            assign: { pairs, site, _ in
                for (prefix, directory, place) in pairs { site.add(.files(Files(root: directory)), prefix, place) }
            },
            show: { site in
                site.routes.compactMap { if case .files(let files) = $0.handler { ($0.path, files.root) } else { nil } }
            }
        ).shorthand,
        Setting.pairs(
            "cgi", separator: "=", .prefix, .path("path"),
            help: """
                Run the programs in a directory for paths beneath a prefix, or one program for all of them.
                """,
            assign: { pairs, site, _ in
                for (prefix, path, place) in pairs { site.add(.cgi(Programs(path: path)), prefix, place) }
            },
            show: { site in
                site.routes.compactMap {
                    if case .cgi(let programs) = $0.handler { ($0.path, programs.path) } else { nil }
                }
            }
        ).shorthand,
    ]

    package static let sections: [Subsection<Site>] =
        // Policies first: routes begin with the site's.
        Policy.sections.map { $0.inherited(\.policy) } + [
            .optional("certificate", \.certificate, valueKey: "chain"),
            .list("routes", \.routes) { site, place in
                var route = Route()
                route.policy = site.policy
                route.origin = Origin(place)
                return route
            },
        ]

    package static func check(_ site: Site, at places: Places, _ reading: inout Reading) {
        if site.routes.isEmpty {
            reading.refuse(places("routes"), "this site answers nothing.", "Write root: and a directory, or routes.")
        }
        if let authentication = site.clientAuthentication, authentication != .off, site.clientAuthorities == nil {
            reading.refuse(
                places("client-auth"), "\(authentication.rawValue) needs the authorities to trust.",
                "Name their file with client-ca, or ask for no certificates with none.")
        }
        var known: [[Substring]: String] = [:]
        for route in site.routes where known.updateValue(route.path, forKey: route.segments) != nil {
            let place = places("routes")
            let second = route.origin.text.flatMap { $0 == place.name ? nil : "; the second is at \($0)" }
            reading.refuse(place, "\(route.path) has two routes\(second ?? "").", "One path has one answer.")
        }
    }

    private mutating func add(_ handler: Handler, _ path: String, _ place: Place) {
        var route = Route(path, handler)
        route.policy = policy
        route.origin = Origin(place)
        routes.append(route)
    }
}

extension Route: Section {
    package static let title = "a route"
    package static let help = """
        A part of a site's paths, and what answers there: the longest path does. Every setting of a site about responses can \
        stand here, too, and holds in its place.
        """

    package static let settings: [Setting<Route>] =
        [
            .value(
                "path", \.path, .prefix, option: .none, isRequired: true,
                help: "Where the paths begin that this answers, as they are meant, without percent signs.")
        ] + Policy.settings.map { $0.inherited(\.policy) }

    package static let sections: [Subsection<Route>] =
        Policy.sections.map { $0.inherited(\.policy) } + [
            .choice("files", group: "handler", get: { if case .files(let files) = $0.handler { files } else { nil } }) {
                $0.handler = .files($1)
            },
            .choice("cgi", group: "handler", get: { if case .cgi(let programs) = $0.handler { programs } else { nil } })
            {
                $0.handler = .cgi($1)
            },
            .choice(
                "redirect", group: "handler",
                get: { if case .redirect(let redirect) = $0.handler { redirect } else { nil } }
            ) { $0.handler = .redirect($1) },
            .choice(
                "respond", group: "handler",
                get: { if case .respond(let response) = $0.handler { response } else { nil } }
            ) { $0.handler = .respond($1) },
        ]

    /// Two paths with the same segments are the same route.
    package var segments: [Substring] { path.split(separator: "/") }
}
