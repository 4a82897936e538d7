import MartinetBytes

/// The words of a command line before the argument parser reads them, told apart into options with their values and
/// operands (POSIX.1-2017 §12.1): the parser knows no options whose value may be missing, and takes a mistyped command for
/// a folder.
struct CommandLineWords {
    /// The command where the first word is one; nil where `serve` goes without saying.
    private(set) var command: String?
    /// Words that are neither a command, nor options, nor their values; those behind `--` are not among them.
    private(set) var operands: [String] = []
    /// The options that are given, each without its value.
    private(set) var options: [String] = []
    /// The words for the parser, up to `--`.
    private var words: [String] = []
    /// `--` and the words behind it.
    private let rest: [String]

    static let commands = ["serve", "cert", "version", "help"]

    init(_ arguments: [String]) {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        rest = Array(arguments[end...])
        var unread = arguments[..<end]
        if let first = unread.first, Self.commands.contains(first) {
            command = first
            words.append(unread.removeFirst())
        }
        while let word = unread.popFirst() { add(word, &unread) }
    }

    private mutating func add(_ word: String, _ unread: inout ArraySlice<String>) {
        guard word.hasPrefix("-"), word != "-" else {
            operands.append(word)
            words.append(word)
            return
        }
        options.append(word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word)
        if let value = SiteOptions.optionalValues[word] {
            let isGiven = unread.first.map(value.holds) ?? false
            words.append("\(word)=\(isGiven ? unread.removeFirst() : value.whenMissing)")
        } else {
            words.append(word)
            guard EnvironmentOptions.takesValue(word), let value = unread.first, !value.hasPrefix("--") else { return }
            words.append(unread.removeFirst())
        }
    }

    /// The arguments for the parser.
    ///
    /// - Parameter options: further ones, each with its value.
    func arguments(adding options: [String]) -> [String] { words + options + rest }

    /// Whether somebody asks for help or the version and not for a server.
    var isQuestion: Bool {
        command == "help" || command == "version" || options.contains { ["--help", "-h", "--version"].contains($0) }
    }

    /// Whether somebody asks for a server, by its command or by none.
    var isForServe: Bool { !isQuestion && (command == nil || command == "serve") }

    // MARK: Mistakes

    /// Why the first operand cannot be meant as a folder, and what may be meant; nil where nothing speaks against it.
    func mistake(isFolder: (String) -> Bool) -> String? {
        guard command == nil || command == "help", let word = operands.first, !word.contains("/") else {
            return nil
        }
        if command == "help" {
            guard !Self.commands.contains(word), let name = Self.command(like: word) else { return nil }
            return "There is no command '\(word)'. Did you mean 'martinet help \(name)'?"
        }
        guard operands.count > 1 || !isFolder(word), let name = Self.command(like: word) else { return nil }
        let others = operands.dropFirst().map { " \($0)" }.joined()
        if name == word { return "The command comes first: 'martinet \(name)', then the options." }
        let problem = isFolder(word) ? "'\(word)' is no command" : "'\(word)' is neither a command nor a folder"
        return "\(problem). Did you mean 'martinet \(name)\(name == "serve" ? others : "")'?"
    }

    /// The command that a word may have been meant to be.
    private static func command(like word: String) -> String? {
        let word = word.lowercased()
        if let whole = commands.first(where: { word.count >= 3 && $0.hasPrefix(word) }) { return whole }
        let letters = [UInt8](word.utf8.prefix(32))
        let near = commands.map { (name: $0, distance: EditDistance.between(letters, [UInt8]($0.utf8))) }
            .filter { $0.distance <= ($0.name.count > 4 ? 2 : 1) }
        return near.min { $0.distance < $1.distance }?.name
    }
}
