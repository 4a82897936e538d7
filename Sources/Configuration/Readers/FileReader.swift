import MartinetYAML

/// A configuration from a file and what it includes.
package struct FileReader: Sendable {
    /// Not to be used where there are mistakes.
    package private(set) var configuration = Configuration()
    /// All of them, by file and line.
    package private(set) var mistakes: [Mistake] = []
    /// The lines of each file that was read, for messages.
    package private(set) var lines: [String: [String]] = [:]

    /// More are not read at once by anybody.
    private static let shownMistakeLimit = 50

    private let surroundings: Surroundings

    /// - Parameters:
    ///   - bytes: what is in the file.
    ///   - name: how messages call it: its path.
    ///   - directory: the absolute path of the directory that it is in.
    package init(_ bytes: [UInt8], name: String, directory: String, surroundings: Surroundings = .none) {
        self.surroundings = surroundings
        var reading = Reading(directory: directory, surroundings: surroundings)
        if let node = document(bytes, name: name) {
            reading.judges = mistakes.isEmpty
            Configuration.read(node, into: &configuration, &reading)
            mistakes += Self.sorted(reading.mistakes)
            include(reading.inclusions)
        }
    }

    /// The messages, each with its line and a way out.
    package var messages: [String] {
        let shown = mistakes.prefix(Self.shownMistakeLimit).map { $0.shown(in: lines) }
        let rest = mistakes.count - shown.count
        return rest > 0 ? shown + ["… and \(rest) more."] : shown
    }

    /// The value in a file; nil where it cannot be read at all. Mistakes are noted.
    private mutating func document(_ bytes: [UInt8], name: String) -> YAMLNodeInFile? {
        let text = FileText(bytes)
        lines[name] = text.lines
        func add(_ found: [YAMLMistake]) {
            mistakes += found.map { Mistake(.file(name, $0.place), $0.problem, $0.wayOut) }
        }
        add(text.mistakes)
        guard text.mistakes.isEmpty else { return nil }
        let (node, found) = YAMLReader.read(text.bytes)
        add(found)
        return node.map { YAMLNodeInFile(node: $0, file: name) }
    }

    private static func sorted(_ mistakes: [Mistake]) -> [Mistake] {
        // The sorting of the standard library keeps the order of equals.
        mistakes.sorted { first, second in
            guard case .file(_, let a) = first.place, case .file(_, let b) = second.place else { return false }
            return (a.line, a.column) < (b.line, b.column)
        }
    }

    // MARK: Included files

    private mutating func include(_ folders: [Text]) {
        let known = mistakes.count
        for folder in folders {
            do throws(Unfit) {
                for name in try surroundings.names(folder.string).filter(Self.isIncluded).sorted(by: <) {
                    include("\(folder.string)/\(name)", folder)
                }
            } catch {
                mistakes.append(
                    Mistake(
                        folder.place, "\(folder.written) cannot be included: \(error.reason ?? "").",
                        "Name a directory that exists, or remove include."))
            }
        }
        guard let place = folders.first?.place, known == 0, mistakes.isEmpty else { return }
        // Who was judged without these sites is judged with them.
        var reading = Reading(directory: "/")
        if configuration.sites.isEmpty {
            reading.refuse(
                place, "there is no site, neither here nor in what is included.",
                "Write - root: /srv/www in one of its files.")
        }
        Configuration.checkSites(configuration, at: { _ in place }, &reading)
        mistakes = reading.mistakes
    }

    /// Editors' backups and hidden files are not.
    private static func isIncluded(_ name: String) -> Bool {
        name.hasSuffix(".yaml") && !name.hasPrefix(".") && !name.hasPrefix("~")
    }

    private mutating func include(_ path: String, _ folder: Text) {
        let bytes: [UInt8]
        do throws(Unfit) {
            bytes = try surroundings.content(path)
        } catch {
            mistakes.append(Mistake(folder.place, "\(path) cannot be read: \(error.reason ?? "").", nil))
            return
        }
        let known = mistakes.count
        guard let node = document(bytes, name: path) else { return }
        var reading = Reading(directory: folder.string, surroundings: surroundings)
        reading.judges = mistakes.count == known
        let nodes: [YAMLNodeInFile] =
            if case .sequence(let items) = node.content { items.map(node.child) } else { [node] }
        for node in nodes {
            var site = Site()
            site.policy = configuration.defaults
            site.origin = Origin(node.place)
            Site.read(node, into: &site, &reading)
            configuration.sites.append(site)
        }
        mistakes += Self.sorted(reading.mistakes)
    }
}
