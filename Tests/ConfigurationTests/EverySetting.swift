import Testing

@testable import MartinetConfiguration

/// Another value for each setting, by its section and key: what is tried of all of them.
enum EverySetting {
    /// Lines of a file for each section. A key that is declared and does not stand here fails a test.
    static let values: [String: [String: String]] = [
        "the top level": policy.merging([
            "listen": "[\"127.0.0.1:8443\", \"[::1]:8443\"]", "redirect-from": "[\":80\"]",
            "listen-plain": "[\"127.0.0.1:8080\"]",
            "workers": "3", "trusted": "[10.0.0.0/8, \"::1\"]", "unknown-host": "reject", "include": "[more]",
        ]) { $1 },
        "hsts": ["age": "2y", "subdomains": "true", "preload": "true"],
        "tls": ["minimum": "\"1.3\"", "keylog": "/tmp/keys"],
        "a certificate": ["chain": "/etc/a.pem", "key": "/etc/a.key"],
        "timeouts": [
            "handshake": "1s", "head": "2s", "content": "3s", "unread-content": "4s", "output": "5s", "idle": "6s",
            "lingering": "7s", "first-request": "8s", "drain": "9s", "stall": "11s",
        ],
        "limits": [
            "slow-reader-memory": "1M", "content-rate": "1", "cgi-jobs": "0", "reserved-descriptors": "8",
            "few-descriptors": "1", "turn-bytes": "16K", "turn-time": "2ms", "input": "128K", "accepts-per-turn": "1",
            "last-accept-turns": "1",
        ],
        "logs": ["access": "none", "level": "debug"],
        "a site": policy.merging([
            "names": "[a.org, \"*.a.org\"]", "default": "true", "listeners": "[\"127.0.0.1:8443\"]",
            "client-ca": "/etc/ca.pem",
            "client-auth": "optional", "acme-challenges": "/srv/acme", "root": "/srv/other",
            "files": "{ /static/: /srv/static }", "cgi": "{ /cgi-bin/: /srv/cgi }",
        ]) { $1 },
        "a route": policy.merging(["path": "/elsewhere"]) { $1 },
        "files": [
            "root": "/srv/other", "index": "[index.htm, home.html]", "listing": "false", "spa": "app.html",
            "try": "[\"{path}\", \"{path}.html\"]", "hidden": "true", "follow-symlinks": "true",
            "types": "{ md: text/plain }",
        ],
        "cgi": [
            "run": "/srv/cgi", "interpreters": "{ .php: /usr/bin/php-cgi }", "environment": "{ A: \"1,2\", B: \"\" }",
            "index": "[index.cgi]", "files": "true", "timeout": "1s", "total-time": "2s", "processes": "4",
            "queue": "5",
            "queue-time": "6s", "cpu": "7s", "memory": "8M", "output": "9M", "collect": "true", "authorization": "true",
            "temporary-directory": "/tmp",
        ],
        "redirect": ["to": "https://b.org/*", "status": "301"],
        "respond": [
            "status": "418", "content": "\"I'm\\na \\\"teapot\\\" ${HOME\"".replacing("${", with: "$${"),
            "type": "text/html",
        ],
    ]

    private static let policy = [
        "header": "{ X-A: \"b, c\", Server: none }", "add-header": "{ Link: [\"</a>\", \"</b>\"], Vary: X }",
        "remove-header": "[X-C]", "cors": "https://app.test", "cache": "1h", "compress": "false",
        "precompressed": "false",
        "error-page": "{ 404: errors/404.html, 500: 500.html }", "auth-file": "/etc/htpasswd", "realm": "Mine",
        "allow": "[192.0.2.0/24]", "deny": "[192.0.2.7]", "max-content": "2M",
    ]

    /// Every section that there is.
    static let sections: [SectionOutline] = {
        var found: [SectionOutline] = []
        func add(_ outline: SectionOutline) {
            if !found.contains(where: { $0.title == outline.title }) { found.append(outline) }
            for child in outline.children { add(child.outline) }
        }
        add(Configuration.outline)
        return found
    }()

    static let settings: [(section: String, key: String)] = sections.flatMap { section in
        section.settings.map { (section.title, $0.face.key) }
    }

    /// A file in which one setting has another value; without a key for the same file without it.
    static func file(_ section: String, _ key: String?) -> String {
        let line = key.flatMap { key in values[section]?[key].map { "\(key): \($0)" } } ?? ""
        func lines(of title: String, _ others: String, indent: String) -> String {
            (others.isEmpty ? "" : indent + others + "\n")
                + (section == title && !line.isEmpty ? indent + line + "\n" : "")
        }
        /// A key that must be there, unless it is the one that is tried.
        func needed(_ title: String, _ name: String, _ value: String) -> String {
            section == title && key == name ? "" : "\(name): \(value)"
        }
        /// A route for one handler.
        func route(_ path: String, _ handler: String, _ needs: String) -> String {
            let own = lines(of: handler, needs, indent: "          ")
            let tried =
                handler == "files"
                ? lines(of: "a route", needed("a route", "path", path), indent: "        ") : "        path: \(path)\n"
            return "      -\n\(tried)        \(handler):\(own.isEmpty ? " {}" : "")\n\(own)"
        }
        let hsts = key == "preload" || key == "subdomains" ? "age: 2y" : ""
        let covers = key == "preload" ? "  subdomains: true\n" : ""
        return lines(of: "the top level", "", indent: "")
            + (section == "hsts"
                ? "hsts:\n" + lines(of: "hsts", hsts, indent: "  ") + covers + (line.isEmpty ? "  age: 1y\n" : "") : "")
            + (section == "tls" && !line.isEmpty ? "tls:\n" + lines(of: "tls", "", indent: "  ") : "")
            + (section == "a certificate"
                ? "tls:\n  certificates:\n    -\n"
                    + lines(of: "a certificate", needed("a certificate", "chain", "/etc/b.pem"), indent: "      ")
                : "")
            + ["timeouts", "limits", "logs"].filter { section == $0 && !line.isEmpty }.map {
                "\($0):\n" + lines(of: $0, "", indent: "  ")
            }.joined()
            + (section == "a site" && key == "listeners" ? "listen: [\"127.0.0.1:8443\", \":443\"]\n" : "")
            + "sites:\n  -\n"
            + lines(of: "a site", key == "client-auth" ? "client-ca: /etc/ca.pem" : "", indent: "    ")
            + (section == "a site" && key == "root"
                ? "    routes:\n" : "    routes:\n" + route("/", "files", needed("files", "root", "/srv/www")))
            + route("/c/", "cgi", needed("cgi", "run", "/srv/programs"))
            + route("/r/", "redirect", needed("redirect", "to", "/x"))
            + route("/f/", "respond", "")
    }

    static func read(_ text: String) -> FileReader {
        let files: [String: [UInt8]] = [
            "/etc/martinet/more/a.yaml": [UInt8]("{ names: [more.org], root: /srv/more }".utf8)
        ]
        return FileReader(
            [UInt8](text.utf8), name: "f", directory: "/etc/martinet", surroundings: Surroundings(files: files))
    }
}

@Suite("Every setting is tried")
struct EverySettingTests {
    @Test("Each that is declared has another value here, and each here is declared")
    func complete() {
        let declared = EverySetting.settings.map { "\($0.section): \($0.key)" }
        let tried = EverySetting.values.flatMap { section, keys in keys.keys.map { "\(section): \($0)" } }
        #expect(Set(declared).subtracting(tried).isEmpty)
        #expect(Set(tried).subtracting(declared).isEmpty)
        #expect(Set(declared).count == declared.count)
    }

    @Test(
        "Each changes the configuration, and is printed and read back as the same",
        arguments: EverySetting.settings.indices)
    func changes(index: Int) {
        let (section, key) = EverySetting.settings[index]
        let with = EverySetting.read(EverySetting.file(section, key))
        let without = EverySetting.read(EverySetting.file(section, nil))
        #expect(with.messages == [], "\(section): \(key)\n\(EverySetting.file(section, key))")
        #expect(without.messages == [], "\(section)\n\(EverySetting.file(section, nil))")
        #expect(with.configuration != without.configuration, "\(section): \(key)")
        let again = EverySetting.read(with.configuration.file)
        #expect(again.messages == [])
        #expect(again.configuration == with.configuration, "\(with.configuration.file)")
    }

    @Test("Each says what it is for, in a sentence, and names nothing twice")
    func help() {
        for section in EverySetting.sections {
            for (face, _) in section.settings {
                #expect(face.help.hasSuffix(".") && face.help.count > 10, "\(section.title): \(face.key)")
                #expect(!face.expected.isEmpty && !face.placeholder.isEmpty, "\(section.title): \(face.key)")
                if let help = face.option?.help { #expect(help.hasSuffix(".") && face.option?.isNegated == true) }
            }
        }
        let options = ServeSettings.all.compactMap { $0.face.option?.name }
        #expect(Set(options).count == options.count)
    }
}
