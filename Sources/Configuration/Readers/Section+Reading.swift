import MartinetYAML

/// The keys of a section as they stand in a file, sorted out by what they are.
struct SectionScan {
    /// By their positions among the settings.
    var settings: [(position: Int, items: [Item])] = []
    /// By their positions among the sections.
    var sections: [(position: Int, node: YAMLNodeInFile)] = []
    var places: [String: Place] = [:]
    /// Whether something in it was refused already, so that it cannot be judged as a whole.
    var hasMistakes = false
}

extension Section {
    /// Reads a section over what it begins with.
    static func read(_ node: YAMLNodeInFile, into part: inout Self, _ reading: inout Reading) {
        let (settings, sections) = (settings, sections)
        let scanner = SectionScanner(node: node, settings: settings.map(\.face), sections: sections.map(\.face))
        guard let scan = scanner.scan(&reading) else { return }
        let before = reading.mistakes.count
        func assign(shorthands: Bool) {
            for (position, items) in scan.settings where settings[position].face.isShorthand == shorthands {
                settings[position].assign(items, &part, &reading)
            }
        }
        func read(inherited: Bool) {
            // In the order of their declarations: what the others begin with comes first, wherever it stands in the file.
            for (position, node) in scan.sections.sorted(by: { $0.position < $1.position })
            where sections[position].face.isInherited == inherited {
                sections[position].read(node, &part, &reading)
            }
        }
        // What settings that stand for others make begins with all the rest.
        assign(shorthands: false)
        read(inherited: true)
        assign(shorthands: true)
        read(inherited: false)
        guard reading.mistakes.count == before, !scan.hasMistakes, reading.judges else { return }
        check(part, at: { scan.places[$0] ?? node.place }, &reading)
    }
}

/// Finds out what the keys of a section are. It knows no types, so that there is one for all sections.
struct SectionScanner {
    let node: YAMLNodeInFile
    let settings: [Face]
    let sections: [SubsectionFace]

    private var keys: [String] { settings.map(\.key) + sections.map(\.key) }

    /// Nil where there is something else. A section whose keys are all comments has none.
    private var pairs: [(key: YAMLNode, value: YAMLNode)]? {
        if case .mapping(let pairs) = node.content { pairs } else if node.node.isNull { [] } else { nil }
    }

    /// The key that must be there, where there is one such.
    private var only: String? {
        let required = settings.filter(\.isRequired)
        return required.count == 1 ? required[0].key : nil
    }

    /// Nil where there are no keys at all. Mistakes are the reading's.
    func scan(_ reading: inout Reading) -> SectionScan? {
        guard let pairs else {
            refuseShape(&reading)
            return nil
        }
        var scan = SectionScan()
        let before = reading.mistakes.count
        var groups: [String: String] = [:]
        var hasUnknownKeys = false
        for (keyNode, value) in pairs {
            guard let key = key(node.child(keyNode), &scan.places, &reading) else { continue }
            let place = Place.file(node.file, keyNode.place)
            if let position = settings.firstIndex(where: { $0.key == key }) {
                if let items = settings[position].items(node.child(value), &reading) {
                    scan.settings.append((position, items))
                }
            } else if let position = sections.firstIndex(where: { $0.key == key }) {
                if let group = sections[position].group {
                    if let other = groups[group] {
                        reading.refuse(
                            place, "\(other) and \(key) cannot both answer here.", "Give each a route of its own.")
                        continue
                    }
                    groups[group] = key
                }
                scan.sections.append((position, node.child(value)))
            } else {
                reading.refuse(place, "\(key) is not known here.", advice(for: key))
                hasUnknownKeys = true
            }
        }
        refuseMissing(scan.places, &reading)
        // What answers may be what is not known.
        if !hasUnknownKeys { refuseUnanswered(groups, &reading) }
        scan.hasMistakes = reading.mistakes.count > before
        return scan
    }

    /// The text of a key that stands here for the first time.
    private func key(_ node: YAMLNodeInFile, _ places: inout [String: Place], _ reading: inout Reading) -> String? {
        guard case .scalar(let key, _) = node.content else {
            if case .refused = node.content { return nil }
            reading.refuse(node.place, "expected a key, found \(node.node.kind).", "Write key: value.")
            return nil
        }
        if let first = places[key] {
            reading.refuse(
                node.place, "\(key) stands here twice; the first is at \(first.name).",
                "Keep one, or write both values as one list.")
            return nil
        }
        places[key] = node.place
        return key
    }

    private func refuseShape(_ reading: inout Reading) {
        var wayOut = "Its keys are \(keys.joined(separator: ", "))."
        switch node.content {
        case .refused: return
        case .scalar(let text, true):
            if let colon = text.firstIndex(of: ":"), keys.contains(String(text[..<colon])) {
                wayOut = "Write a space behind the colon: \(text[...colon]) …"
            } else if let only {
                wayOut = "Write it behind a key of its own: { \(only): \(text) }"
            }
        case .sequence: wayOut = "Leave out the dash or the brackets. " + wayOut
        default: break
        }
        reading.refuse(node.place, "expected keys with values, found \(node.node.kind).", wayOut)
    }

    private func refuseMissing(_ places: [String: Place], _ reading: inout Reading) {
        for face in settings where face.isRequired && places[face.key] == nil {
            reading.refuse(node.place, "there is no \(face.key) here.", "Write \(face.key): and \(face.expected).")
        }
    }

    private func refuseUnanswered(_ groups: [String: String], _ reading: inout Reading) {
        var missing: [String] = []
        for group in sections.compactMap(\.group) where groups[group] == nil && !missing.contains(group) {
            missing.append(group)
            let names = sections.filter { $0.group == group }.map(\.key)
            reading.refuse(node.place, "nothing answers here.", "Write one of \(names.joined(separator: ", ")).")
        }
    }

    private func advice(for key: String) -> String {
        if let wellKnown = Elsewhere.words[key] { return wellKnown }
        if let colon = key.firstIndex(of: ":"), keys.contains(String(key[..<colon])) {
            return "Write a space behind the colon: \(key[...colon]) …"
        }
        if let near = Nearest.word(to: key, among: keys) { return "Did you mean \(near)?" }
        let elsewhere = Elsewhere.sections(with: key)
        if !elsewhere.isEmpty { return "It belongs in \(elsewhere.joined(separator: " or "))." }
        return "Known here: \(keys.sorted().joined(separator: ", "))."
    }
}

/// Where a key is known that is not known where it stands.
enum Elsewhere {
    /// The titles of the sections that have it.
    static func sections(with key: String) -> [String] {
        all.filter { $0.keys.contains(key) }.map(\.title)
    }

    private static let all: [(title: String, keys: [String])] = {
        var found: [(String, [String])] = []
        func add(_ outline: SectionOutline) {
            let settings = outline.settings.map(\.face).filter { !$0.isInherited }.map(\.key)
            let keys = settings + outline.sections.map(\.face).filter { !$0.isInherited }.map(\.key)
            if !found.contains(where: { $0.0 == outline.title }) { found.append((outline.title, keys)) }
            for child in outline.children { add(child.outline) }
        }
        add(Configuration.outline)
        return found
    }()

    /// What other servers' words are here, where no letters are alike.
    static let words: [String: String] = [
        "server": "Write each as an element of sites.", "servers": "Write each as an element of sites.",
        "location": "Write each as an element of a site's routes.",
        "locations": "Write each as an element of a site's routes.",
        "server_name": "Write names, a list.", "server-name": "Write names, a list.",
        "hostname": "Write names, a list.",
        "ssl_certificate": "Write tls: certificates: and chain.",
        "ssl_certificate_key": "Write tls: certificates: and key.",
        "user": "There is none yet: start martinet as the user that workers are to be.",
        "proxy_pass": "There is no proxy yet.", "proxy": "There is no proxy yet.",
        "return": "Write redirect: or respond: in a route.", "autoindex": "Write listing.",
        "try_files": "Write try.", "add_header": "Write add-header, or header to set it.",
        "auth_basic": "Write realm.", "auth_basic_user_file": "Write auth-file.", "gzip": "Write compress.",
        "client_max_body_size": "Write max-content.", "expires": "Write cache.",
    ]
}
