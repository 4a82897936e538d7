extension Configuration {
    package static func check(_ whole: Configuration, at places: Places, _ reading: inout Reading) {
        checkListeners(whole, at: places, &reading)
        if whole.sites.isEmpty, reading.inclusions.isEmpty {
            reading.refuse(places("sites"), "there is no site.", "Write sites: and, for example, - root: /srv/www")
        }
        checkSites(whole, at: places, &reading)
    }

    private static func checkListeners(_ whole: Configuration, at places: Places, _ reading: inout Reading) {
        if whole.listeners.isEmpty {
            reading.refuse(places("listen"), "there is no address to listen on.", "Write listen: [\":443\"]")
        }
        let keys: [Listening.Purpose: String] = [.https: "listen", .redirect: "redirect-from", .plain: "listen-plain"]
        var known: [ListeningAddress: Listening.Purpose] = [:]
        // Port 0 is another one each time.
        for listening in whole.listeners where listening.address.port != 0 {
            guard let first = known.updateValue(listening.purpose, forKey: listening.address) else { continue }
            let other = first == listening.purpose ? "twice" : "in \(keys[first] ?? "") as well"
            reading.refuse(
                places(keys[listening.purpose] ?? ""), "\(listening.address.text) stands here \(other).",
                "An address is listened on once.")
        }
    }

    /// What no site can know by itself.
    static func checkSites(_ whole: Configuration, at places: Places, _ reading: inout Reading) {
        let marked = whole.sites.filter(\.isDefault)
        if marked.count > 1 {
            reading.refuse(
                places("sites"), "\(marked.count) sites are marked as the default: \(Self.places(of: marked)).",
                "Mark one with default: true.")
        }
        let addresses = Set(whole.listeners.map(\.address))
        for site in whole.sites {
            for address in site.listeners where !addresses.contains(address) {
                reading.refuse(
                    places("sites"),
                    "the site at \(Self.places(of: [site])) is for \(address.text), where nobody listens.",
                    "Write it as it stands in listen, redirect-from or listen-plain.")
            }
        }
        for name in whole.repeatedNames {
            let owners = whole.sites.filter { $0.names.contains(name) }
            reading.refuse(
                places("sites"), "\(name) is a name of \(owners.count) sites: \(Self.places(of: owners)).",
                "One name has one site.")
        }
    }

    private static func places(of sites: [Site]) -> String {
        sites.map { $0.origin.text ?? $0.names.first ?? "one without names" }.joined(separator: ", ")
    }

    /// The names that two sites have at one address, in order, each once.
    private var repeatedNames: [String] {
        var owners: [String: [Int]] = [:]
        var repeated: [String] = []
        for (index, site) in sites.enumerated() {
            for name in Set(site.names).sorted() {
                let others = owners[name, default: []]
                if others.contains(where: { sites[$0].shares(with: site) }), !repeated.contains(name) {
                    repeated.append(name)
                }
                owners[name] = others + [index]
            }
        }
        return repeated
    }
}

extension Site {
    /// Whether both answer at some address.
    fileprivate func shares(with other: Site) -> Bool {
        listeners.isEmpty || other.listeners.isEmpty || !Set(listeners).isDisjoint(with: other.listeners)
    }
}
