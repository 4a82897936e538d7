import Testing

@testable import MartinetConfiguration

@Suite("A configuration from a command line and its environment")
struct ServeReaderTests {
    private func read(_ line: String, path: String = "public", environment: [String: String] = [:]) -> ServeReader {
        let words = CommandLine(line[...])
        return ServeReader(
            path: path, given: words.given, listening: [ListeningAddress(host: "127.0.0.1", port: 8443)],
            environment: environment, own: ["port", "lan", "open", "host", "verbose", "quiet"], directory: "/home/op")
    }

    private func routes(_ line: String) -> [Route] { read(line).configuration.sites[0].routes }

    private func folder(_ line: String) -> Files? {
        if case .files(let files)? = routes(line).first?.handler { files } else { nil }
    }

    /// A value for each option that `serve` had before there was a file.
    static let earlier: [(option: String, value: String)] = [
        ("listen", ":443"), ("redirect-from", ":80"), ("workers", "3"), ("slow-reader-memory", "32M"),
        ("tls-cert", "site.pem"), ("tls-key", "site.key"), ("tls-min", "1.3"), ("client-ca", "ca.pem"),
        ("client-auth", "optional"), ("keylog", "keys"), ("index", "home.html"), ("no-listing", "true"),
        ("spa", "app.html"),
        ("error-page", "404=errors/404.html"), ("hidden", "true"), ("follow-symlinks", "true"),
        ("files", "/static/=/usr/share"),
        ("header", "X-A: b"), ("cors", "https://app.test"), ("cache", "1h"), ("auth-file", "htpasswd"),
        ("no-compress", "true"),
        ("no-precompressed", "true"), ("type", "md=text/plain"), ("cgi", "/c/=cgi"),
        ("cgi-interpreter", ".php=/usr/bin/php-cgi"),
        ("cgi-env", "A=b=c"), ("cgi-index", "index.cgi"), ("cgi-files", "true"), ("cgi-timeout", "1s"),
        ("cgi-total-time", "2s"),
        ("cgi-processes", "3"), ("cgi-jobs", "4"), ("cgi-cpu", "5s"), ("cgi-memory", "6M"), ("cgi-output", "7M"),
        ("cgi-collect", "true"), ("cgi-authorization", "true"), ("max-content", "8M"), ("access-log", "none"),
    ]

    /// What else must be given, so that the option says something.
    private static let company = ["tls-key": "--tls-cert a.pem", "client-auth": "--client-ca ca.pem"]

    @Test(
        "Each option of serve is declared, changes the configuration, and so does its variable",
        arguments: earlier.indices)
    func options(index: Int) {
        let (option, value) = Self.earlier[index]
        let others = "--cgi /d/=/srv/d " + (Self.company[option] ?? "")
        let face = ServeSettings.all.first { $0.face.option?.name == option }?.face
        let given = read("\(others) --\(option)" + (face?.shape == .flag ? "" : "='\(value)'"))
        #expect(given.mistakes == [] && given.warnings == [], "\(option)")
        // A list takes the place of another, and that of /d/ is one.
        let without = read(option == "cgi" ? "" : others)
        #expect(given.configuration != without.configuration, "\(option)")
        let set = read(option == "cgi" ? "" : others, environment: [face?.variable ?? "": value])
        if option != "cgi" { #expect(set.configuration == given.configuration, "\(option)") }
        #expect(set.mistakes == [] && set.warnings == [], "\(option)")
    }

    @Test("What a command line says is printed as a file, and read back as the same")
    func roundTrip() {
        let line = Self.earlier.map { option, value in
            let face = ServeSettings.all.first { $0.face.option?.name == option }?.face
            return face?.shape == .flag ? "--\(option)" : "--\(option)='\(value)'"
        }.joined(separator: " ")
        let reader = read(line)
        #expect(reader.mistakes == [])
        let file = FileReader([UInt8](reader.configuration.file.utf8), name: "f", directory: "/elsewhere")
        #expect(file.messages == [], "\(reader.configuration.file)")
        #expect(file.configuration == reader.configuration, "\(reader.configuration.file)")
        let bare = read("")
        #expect(
            FileReader([UInt8](bare.configuration.file.utf8), name: "f", directory: "/").configuration
                == bare.configuration)
    }

    @Test("Nothing but what one site does not need exists in the file alone")
    func fileAlone() {
        let alone = EverySetting.sections.flatMap { section in
            section.settings.filter { $0.face.option == nil && !$0.face.isInherited }.map {
                "\(section.title): \($0.face.key)"
            }
        }
        #expect(
            alone == [
                // Names, and what is done with those that no site has.
                "the top level: unknown-host", "the top level: include",
                // The level is what --verbose and --quiet say.
                "logs: level",
                "a site: names", "a site: default", "a site: listeners",
                // PATH, --files and --cgi make the routes.
                "a site: root", "a route: path", "files: root", "cgi: run",
                // Routes that a command line has no words for.
                "redirect: to", "redirect: status", "respond: status", "respond: content", "respond: type",
            ])
    }

    @Test("A folder is the route of /; other folders and programs have theirs, in the site's policy")
    func site() {
        let routes = routes("--cgi /c/=cgi --files /s/=/srv/s --cache 1h --no-listing --spa app.html")
        #expect(routes.map(\.path) == ["/", "/s/", "/c/"])
        #expect(routes.allSatisfy { $0.policy.cache == .seconds(3600) })
        guard case .files(let folder) = routes[0].handler, case .files(let other) = routes[1].handler,
            case .cgi(let programs) = routes[2].handler
        else {
            Issue.record("\(routes)")
            return
        }
        #expect(folder.root == "/home/op/public" && !folder.hasListing && folder.fallbackFile == "app.html")
        #expect(other.root == "/srv/s" && !other.hasListing && other.fallbackFile == nil)
        #expect(programs.path == "/home/op/cgi")
    }

    @Test("The n-th key belongs to the n-th certificate")
    func certificates() {
        let tls = read("--tls-cert a.pem --tls-cert b.pem --tls-key a.key").configuration.tls
        #expect(tls.certificates.map(\.chain) == ["/home/op/a.pem", "/home/op/b.pem"])
        #expect(tls.certificates.map(\.key) == ["/home/op/a.key", nil])
    }

    @Test("The command line goes before the environment, whole")
    func precedence() {
        let reader = read("--header 'A: 1'", environment: ["MARTINET_HEADER": "B: 2\nC: 3", "MARTINET_CACHE": "1h"])
        #expect(reader.configuration.sites[0].policy.headers == [FieldLine("A", "1")])
        #expect(reader.configuration.sites[0].policy.cache == .seconds(3600))
        // What is not looked at is not wrong.
        #expect(read("--cache 1s", environment: ["MARTINET_CACHE": "soon"]).mistakes == [])
    }

    @Test("A variable has a value a line; commas are between what can hold none")
    func lists() {
        let headers = read("", environment: ["MARTINET_HEADER": "Cache-Control: public, max-age=60\n\nX-A: b\n"])
        #expect(headers.configuration.sites[0].policy.headers.map(\.value) == ["public, max-age=60", "b"])
        let addresses = read(
            "", environment: ["MARTINET_LISTEN": ":443, :8443\n[::1]:1", "MARTINET_ALLOW": "::1,10.0.0.0/8"])
        #expect(addresses.configuration.addresses(for: .https).map(\.text) == [":443", ":8443", "[::1]:1"])
        #expect(addresses.configuration.sites[0].policy.allowed.map(\.text) == ["::1", "10.0.0.0/8"])
        let names = read("", environment: ["MARTINET_INDEX": "a,b.html\nc.html"])
        guard case .files(let files) = names.configuration.sites[0].routes[0].handler else { return }
        #expect(files.indexNames == ["a,b.html", "c.html"])
    }

    @Test(
        "Flags are set by true and false",
        arguments: [("true", false), ("false", true), ("", true)])
    func flags(value: String, lists: Bool) {
        let reader = read("", environment: ["MARTINET_NO_LISTING": value])
        guard case .files(let files) = reader.configuration.sites[0].routes[0].handler else { return }
        #expect(files.hasListing == lists)
        #expect(reader.mistakes == [])
    }

    @Test("An option whose value may be missing means the same by true")
    func alone() {
        let reader = read("", environment: ["MARTINET_SPA": "true", "MARTINET_CORS": "true"])
        #expect(reader.configuration.sites[0].policy.corsOrigin == "*")
        #expect(folder("--spa=index.html")?.fallbackFile == "index.html")
        #expect(read("", environment: ["MARTINET_CORS": "false"]).configuration.sites[0].policy.corsOrigin == nil)
    }

    @Test("An unknown variable is a warning, with the nearest known one")
    func unknown() {
        let reader = read(
            "",
            environment: [
                "MARTINET_CAHCE": "3s", "MARTINET_FROBNICATE": "1", "MARTINET_PORT": "1", "PATH": "/bin",
                "MARTINET_OPNE": "",
            ])
        #expect(
            reader.warnings == [
                "MARTINET_CAHCE is not known; did you mean MARTINET_CACHE?", "MARTINET_FROBNICATE is not known",
                "MARTINET_OPNE is not known; did you mean MARTINET_OPEN?",
            ])
        #expect(reader.mistakes == [])
    }

    @Test("A number alone is taken for seconds once more, with a warning")
    func seconds() {
        let reader = read("--cache 60 --cgi /c/=c --cgi-timeout 5")
        #expect(reader.configuration.sites[0].policy.cache == .seconds(60))
        #expect(
            reader.warnings == [
                "--cache: 60 has no unit and is taken for seconds; write 60s",
                "--cgi-timeout: 5 has no unit and is taken for seconds; write 5s",
            ])
        #expect(reader.mistakes == [])
    }

    @Test("A value that is wrong is so once, however many routes it is for")
    func once() {
        #expect(read("--cgi /a/=a --cgi /b/=b --cgi-timeout soon").mistakes.count == 1)
        #expect(read("--cgi-timeout soon").mistakes.count == 1)
        #expect(read("--files /a/=a --type md").mistakes.count == 1)
    }
}
