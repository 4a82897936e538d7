import MartinetBytes

/// A configuration of one site, from the words of a command line and, behind them, of the environment.
package struct ServeReader: Sendable {
    /// Not to be used where there are mistakes.
    package private(set) var configuration: Configuration
    package private(set) var mistakes: [Mistake] = []
    /// What an operator should know, in sentences.
    package private(set) var warnings: [String] = []

    /// The values of options by their names, without dashes. A flag that is given has `true`.
    package typealias Given = [String: [String]]

    private var places: [String: Place] = [:]

    /// - Parameters:
    ///   - path: the folder to serve.
    ///   - listening: where to listen if no option says so.
    ///   - environment: all variables; those that do not begin with MARTINET_ are passed over.
    ///   - own: names of options that are the caller's alone, so that their variables are known.
    ///   - directory: the working directory.
    package init(
        path: String, given: Given = [:], listening: [ListeningAddress] = [], environment: [String: String] = [:],
        own: [String] = [], directory: String
    ) {
        var reading = Reading(directory: directory)
        configuration = Self.folder(reading.absolute(path), listening)
        for setting in ServeSettings.all { apply(setting, given, environment, &reading) }
        configuration.spreadPolicy()
        judge(&reading)
        mistakes = reading.mistakes
        warn(environment, own)
    }

    private static func folder(_ path: String, _ listening: [ListeningAddress]) -> Configuration {
        var whole = Configuration()
        whole.setAddresses(listening, for: .https)
        var site = Site()
        site.routes = [Route("/", .files(Files(root: path)))]
        whole.sites = [site]
        return whole
    }

    // MARK: Options and variables

    /// Of one source the words are taken whole: the command line's, or else the environment's.
    private mutating func apply(
        _ setting: Setting<Configuration>, _ given: Given, _ environment: [String: String], _ reading: inout Reading
    ) {
        let face = setting.face
        guard let option = face.option, let variable = face.variable else { return }
        let (words, place): ([String], Place)
        if let given = given[option.name], !given.isEmpty {
            (words, place) = (given, .option("--" + option.name))
        } else if let value = environment[variable], !value.isEmpty {
            (words, place) = (Self.words(of: value, face), .variable(variable))
        } else {
            return
        }
        places[face.key] = place
        let items = face.items(words.map { timed($0, face, place) }, at: place, &reading)
        // An option without its value where it may be absent.
        if case .valueOrFlag = face.shape, words == ["false"] { return setting.assign([], &configuration, &reading) }
        if items.count == words.count { setting.assign(items, &configuration, &reading) }
    }

    /// The values in a variable: one a line, and where none can hold a comma, between commas.
    private static func words(of value: String, _ face: Face) -> [String] {
        if case .valueOrFlag(let alone) = face.shape, value == "true" { return [alone] }
        guard face.shape.isRepeatable else { return [value] }
        let separators: [Character] = face.holdsCommas ? ["\n"] : ["\n", ","]
        return value.split { separators.contains($0) }.map { $0.trimmingSpaces }.filter { !$0.isEmpty }
    }

    /// Numbers without units were seconds once.
    private mutating func timed(_ word: String, _ face: Face, _ place: Place) -> String {
        guard face.placeholder == "time", word != "0", !word.isEmpty, word.utf8.allSatisfy(ASCII.isDigit) else {
            return word
        }
        warnings.append("\(place.name): \(word) has no unit and is taken for seconds; write \(word)s")
        return word + "s"
    }

    // MARK: The whole

    private mutating func judge(_ reading: inout Reading) {
        guard reading.mistakes.isEmpty else { return }
        let places = places
        let at: Places = { places[$0] ?? .option("serve") }
        // Without addresses the caller has its own.
        var whole = configuration
        if whole.listeners.isEmpty { whole.setAddresses([ListeningAddress(host: "", port: 0)], for: .https) }
        Configuration.check(whole, at: at, &reading)
        for site in configuration.sites {
            Site.check(site, at: { places[$0] ?? places["cgi"] ?? places["files"] ?? .option("serve") }, &reading)
            if let hsts = site.policy.hsts { StrictTransport.check(hsts, at: at, &reading) }
        }
        for certificate in configuration.tls.certificates where certificate.chain.isEmpty {
            reading.refuse(
                at("key"), "a key needs the certificate it belongs to.",
                "Give as many chains as keys, in the same order.")
            break
        }
    }

    private mutating func warn(_ environment: [String: String], _ own: [String]) {
        let known =
            ServeSettings.all.compactMap(\.face.variable)
            + own.map { name in "MARTINET_" + String(name.uppercased().map { $0 == "-" ? "_" : $0 }) }
        for name in environment.keys.sorted() where name.hasPrefix("MARTINET_") && !known.contains(name) {
            let near = Nearest.word(to: name, among: known)
            warnings.append("\(name.visible) is not known" + (near.map { "; did you mean \($0)?" } ?? ""))
        }
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    fileprivate var trimmingSpaces: String {
        let bytes = Array(utf8)
        return String(decoding: bytes[bytes.span.trimmed(0..<bytes.count)], as: UTF8.self)
    }
}
