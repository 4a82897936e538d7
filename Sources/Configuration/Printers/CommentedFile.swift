extension Configuration {
    /// A file that says this configuration, and nothing that goes without saying.
    package var file: String {
        Self.joined(Self.lines(self, standard: Configuration(), .changes))
    }

    /// A file with every setting at its default, each with what it is for: as a comment where a file may be without it.
    package static var commentedFile: String {
        var lines = [
            "# Every setting of martinet, at its default. Lines that begin with # say what goes without saying.", "",
        ]
        for line in Self.lines(outline, standard: Configuration(), .everything) {
            // A gap before each part of the top level.
            if !line.hasPrefix(" "), !line.hasPrefix("#"), line.hasSuffix(":") { lines.append("") }
            lines.append(line)
        }
        return joined(lines)
    }

    /// A site with a route for each kind of answer.
    static var outline: Configuration {
        var whole = Configuration()
        var redirect = Redirect()
        redirect.target = "/new/*"
        var site = Site()
        site.routes = [
            Route("/", .files(Files(root: "/srv/www"))), Route("/cgi-bin/", .cgi(Programs(path: "/srv/cgi-bin"))),
            Route("/old/", .redirect(redirect)), Route("/health", .respond(FixedResponse())),
        ]
        whole.sites = [site]
        return whole
    }

    private static func joined(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}
