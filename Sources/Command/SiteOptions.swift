import ArgumentParser
import MartinetBytes
import MartinetPOSIX
import MartinetResponders

/// What of a folder is served, and how.
struct SiteOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file that a directory shows in place of its listing. Repeatable.", discussion: "(default: index.html)",
            valueName: "name"))
    var index: [String] = []

    @Flag(name: .customLong("no-listing"), help: "Do not list directories that have no index.")
    var hasNoListing = false

    @Option(
        help: ArgumentHelp(
            "For applications that route in the browser: send this file where there is none. --spa alone: index.html.",
            discussion:
                "A word behind it is the file if it ends in .html or .htm, otherwise the folder; --spa=app.php.",
            valueName: "file"))
    var spa: String?

    @Option(
        help: ArgumentHelp(
            "A page to send with an error status, relative to the folder: 404=errors/404.html. Repeatable.",
            valueName: "status=file"))
    var errorPage: [String] = []

    @Flag(name: .customLong("hidden"), help: "Serve names that begin with a dot.")
    var showsHidden = false

    @Flag(name: .customLong("follow-symlinks"), help: "Follow symbolic links that lead out of the folder.")
    var followsLinks = false

    @Option(
        help: ArgumentHelp(
            "Serve another folder beneath a prefix: /static/=/usr/share/app/static. Repeatable.",
            valueName: "prefix=dir"))
    var files: [String] = []

    @Option(
        help: ArgumentHelp(
            "A field to add to every response: 'Name: value'. Repeatable.",
            discussion: "The server's alone are Date, Content-Length and others of the connection.", valueName: "field")
    )
    var header: [String] = []

    @Option(
        help: ArgumentHelp(
            "Let scripts of another origin read responses. --cors alone: of any origin.",
            discussion: "A word behind it is the origin if it holds :// or is * or null, otherwise the folder.",
            valueName: "origin"))
    var cors: String?

    @Option(
        help: ArgumentHelp(
            "How long clients may keep files without asking again. (default: they always ask)", valueName: "seconds"))
    var cache: Int?

    @Option(
        help: ArgumentHelp(
            "Ask for a user name and password from this htpasswd file: bcrypt, yescrypt, SHA-crypt, apr1 or SHA.",
            valueName: "file"))
    var authFile: String?

    @Flag(name: .customLong("no-compress"), help: "Do not send compressed content.")
    var isUncompressed = false

    @Flag(
        name: .customLong("no-precompressed"), help: "Do not send NAME.br or NAME.gz beside NAME in place of NAME.")
    var usesNoPrecompressed = false

    @Option(
        help: ArgumentHelp(
            "The media type of files with an extension: md=text/plain. Repeatable.", valueName: "ext=type"))
    var type: [String] = []

    /// What an option means that may stand without a value.
    struct OptionalValue: Sendable {
        /// The value it then has.
        let whenMissing: String
        /// Whether the word behind it is its value. What is not may be the folder: `--spa dist`, `--cors .`.
        let holds: @Sendable (String) -> Bool
    }

    static let optionalValues = [
        "--spa": OptionalValue(whenMissing: "index.html") { $0.hasSuffix(".html") || $0.hasSuffix(".htm") },
        "--cors": OptionalValue(whenMissing: "*") { $0.contains("://") || $0 == "*" || $0 == "null" },
    ]

    func validate() throws {
        for field in header where Self.parse(header: field) == nil {
            throw ValidationError("--header '\(field)' is not a field: write 'Name: value'.")
        }
        for name in header.compactMap({ Self.parse(header: $0)?.name }) where ConnectionFields.isReserved(name) {
            throw ValidationError(
                "--header cannot set \(name), which says how a response is sent: the server sets it where it belongs.")
        }
        if let cors, !Self.isOrigin(cors) {
            throw ValidationError(
                "--cors \(cors) is no origin, which browsers compare letter by letter: write one as https://app.test or "
                    + "http://localhost:3000, in lower case and without a path or a slash at the end, or * for any.")
        }
        for value in type where Self.parse(type: value) == nil {
            throw ValidationError("--type \(value) is not an extension and a media type: write md=text/plain.")
        }
        for page in errorPage where Self.parse(errorPage: page) == nil {
            throw ValidationError("--error-page \(page) is not a status and a file: write 404=errors/404.html.")
        }
        for value in files where PrefixedPath(value) == nil {
            throw ValidationError("--files \(value) is not a prefix and a directory: write /static/=./static.")
        }
        let prefixes = files.compactMap(PrefixedPath.init)
        for prefix in prefixes where prefix.segments.isEmpty {
            throw ValidationError(
                "--files \(prefix.prefix)=… takes the place of the folder: name it as the folder to serve.")
        }
        if let prefix = PrefixedPath.repeated(prefixes) {
            throw ValidationError("--files is given twice for \(prefix): one prefix has one directory.")
        }
        if let cache, cache < 0 { throw ValidationError("--cache \(cache) is not a number of seconds.") }
    }

    /// - Parameter concealed: what is not for clients.
    func site(root: String, concealing concealed: ConcealedPaths) -> FileSite {
        var site = FileSite(root: root)
        site.concealed = concealed
        if !index.isEmpty { site.indexNames = index }
        site.hasListing = !hasNoListing
        site.showsHidden = showsHidden
        site.followsLinks = followsLinks
        site.compresses = !isUncompressed
        site.usesPrecompressed = !usesNoPrecompressed
        site.mediaTypes = Dictionary(type.compactMap(Self.parse(type:))) { $1 }
        site.cacheControl = cache.map { "max-age=\($0)" } ?? "no-cache"
        site.fallbackFile = spa
        return site
    }

    /// How the files are served that lie among scripts.
    func siteBesideScripts(_ scripts: CGISite, _ concealment: Concealment) -> FileSite {
        let (concealed, programs) = concealment.exposure(of: scripts.directory)
        var site = site(root: scripts.directory, concealing: concealed)
        site.prefix = scripts.prefix
        site.programs = programs
        site.hasListing = false
        site.followsLinks = false
        site.fallbackFile = nil
        return site
    }

    /// Other folders, beneath their prefixes.
    ///
    /// - Parameter exposure: what of a folder is not for clients.
    func folders(_ exposure: (String) -> (ConcealedPaths, ProgramExclusion?)) throws -> [FileSite] {
        try files.compactMap(PrefixedPath.init).map { folder in
            let place = "--files \(folder.prefix)=\(folder.path)"
            let path = try folder.directory(place: place, wayOut: "Name a folder that this user may read.")
            let (concealed, programs) = exposure(path)
            var site = site(root: WholeFile.absolutePath(folder.path), concealing: concealed)
            site.prefix = folder.prefix
            site.programs = programs
            site.fallbackFile = nil
            return site
        }
    }

    /// What an operator should hear: files named by options that are not there.
    func warnings(root: String) -> [String] {
        let pages = errorPage.compactMap { Self.parse(errorPage: $0)?.file }
        return ((spa.map { [$0] } ?? []) + pages).filter { WholeFile.canonicalPath("\(root)/\($0)") == nil }.map {
            "\($0) is not in \(root): until it is, requests for it get a plain page"
        }
    }

    func policy() throws -> SitePolicy {
        var policy = SitePolicy()
        policy.headers = header.compactMap(Self.parse(header:))
        policy.corsOrigin = cors
        for page in errorPage {
            if let (status, file) = Self.parse(errorPage: page) { policy.errorPages[status] = file }
        }
        policy.passwordHashes = try authFile.map(PasswordFile.read)
        return policy
    }

    private static func parse(header: String) -> SitePolicy.Header? {
        let words = header.split(separator: ":", maxSplits: 1)
        guard words.count == 2, !words[0].isEmpty, words[0].utf8.allSatisfy(ASCII.isTokenCharacter),
            header.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        return SitePolicy.Header(name: String(words[0]), value: String(words[1].drop { $0 == " " }))
    }

    /// Whether it is what a browser can say in Origin (RFC 6454 §7), or stands for all of them.
    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" || text == "null" { return true }
        guard let scheme = text.firstRange(of: "://"), !text[..<scheme.lowerBound].isEmpty else { return false }
        let host = text[scheme.upperBound...]
        return !host.isEmpty && text == text.lowercased()
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !#"/?#@,;"\"#.utf8.contains($0) }
    }

    /// The extension without its dot, in lower case, and a media type (RFC 9110 §8.3.1).
    private static func parse(type text: String) -> (String, String)? {
        let words = text.split(separator: "=", maxSplits: 1)
        guard words.count == 2 else { return nil }
        let suffix = words[0].drop { $0 == "." }.lowercased()
        let names = words[1].prefix { $0 != ";" }.split(separator: "/", omittingEmptySubsequences: false)
        guard !suffix.isEmpty, !suffix.contains(where: { $0 == "." || $0 == "/" }), names.count == 2,
            names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(ASCII.isTokenCharacter) }),
            words[1].utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { return nil }
        return (suffix, String(words[1]))
    }

    private static func parse(errorPage: String) -> (status: Int, file: String)? {
        let words = errorPage.split(separator: "=", maxSplits: 1)
        guard words.count == 2, let status = Int(words[0]), (400...599).contains(status) else { return nil }
        return (status, String(words[1].drop { $0 == "/" }))
    }
}
