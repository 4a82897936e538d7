import ArgumentParser
import MartinetBytes
import MartinetPOSIX
import MartinetResponders

/// Programs that answer requests.
struct CGIOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Run the programs in a directory for paths beneath a prefix: /cgi-bin/=./cgi-bin; or one program for all of \
            them: /git/=/usr/lib/git-core/git-http-backend. Repeatable.
            """, valueName: "prefix=path"))
    var cgi: [String] = []

    @Option(
        help: ArgumentHelp(
            "Run scripts with an extension by a program, executable or not: .php=/usr/bin/php-cgi. Repeatable.",
            valueName: "ext=program"))
    var cgiInterpreter: [String] = []

    @Option(
        help: ArgumentHelp(
            "Tell scripts a variable: GIT_PROJECT_ROOT=/srv/git. Repeatable.", valueName: "name=value"))
    var cgiEnv: [String] = []

    @Option(
        help: ArgumentHelp(
            "A script that a directory of scripts runs for its own address: index.cgi. Repeatable.", valueName: "name"))
    var cgiIndex: [String] = []

    @Flag(help: "Serve files in directories of scripts that have no execute bit, and are for no --cgi-interpreter.")
    var cgiFiles = false

    @Option(help: ArgumentHelp("How long a script may be silent: 500ms, 30s, 5m, 1h.", valueName: "time"))
    var cgiTimeout = TimeArgument(.seconds(30), text: "30s")

    @Option(help: ArgumentHelp("How long a script may take in all: 30s, 5m, 1h.", valueName: "time"))
    var cgiTotalTime = TimeArgument(.seconds(3600), text: "1h")

    @Option(
        help: ArgumentHelp(
            "How many scripts may run at one time in each worker; twice as many requests wait, others get 503.",
            valueName: "n"))
    var cgiProcesses = 32

    @Option(
        help: ArgumentHelp(
            """
            How many processes may live on in each worker that scripts left in the background when they ended, holding none \
            of their pipes (nohup job &).
            """, valueName: "n"))
    var cgiJobs = 32

    @Option(help: ArgumentHelp("Processor time for each script, in whole seconds: 10s.", valueName: "time"))
    var cgiCpu: TimeArgument?

    @Option(help: ArgumentHelp("Memory for each script: 512M, 2G.", valueName: "size"))
    var cgiMemory: SizeArgument?

    @Option(help: ArgumentHelp("The most that a script may write: 64K, 512M, 2G.", valueName: "size"))
    var cgiOutput: SizeArgument?

    @Flag(
        help: """
            Spool a request's content to a file before its script starts, also what is longer than 64 KiB, so that slow \
            clients occupy no process.
            """)
    var cgiCollect = false

    @Flag(help: "Let scripts see the client's credentials (HTTP_AUTHORIZATION).")
    var cgiAuthorization = false

    @Option(
        help: ArgumentHelp(
            "The most content that a request may have where content is taken: 64K, 512M, 2G.", valueName: "size"))
    var maxContent = SizeArgument(1 << 30, text: "1G")

    func validate() throws {
        for value in cgi where PrefixedPath(value) == nil {
            throw ValidationError(
                "--cgi \(value) is not a prefix and a directory or program: write /cgi-bin/=./cgi-bin.")
        }
        try validateEnvironment()
        for name in cgiIndex where name.isEmpty || name.hasPrefix(".") || name.contains("/") {
            throw ValidationError("--cgi-index \(name) is not a script's name: write index.cgi.")
        }
        for value in cgiInterpreter where Self.parse(interpreter: value) == nil {
            throw ValidationError(
                "--cgi-interpreter \(value) is not an extension and a program: write .php=/usr/bin/php-cgi.")
        }
        guard (1...4096).contains(cgiProcesses) else {
            throw ValidationError("--cgi-processes \(cgiProcesses) is not between 1 and 4096.")
        }
        guard (0...4096).contains(cgiJobs) else {
            throw ValidationError("--cgi-jobs \(cgiJobs) is not between 0 and 4096.")
        }
        for (option, time) in [("timeout", cgiTimeout), ("total-time", cgiTotalTime)] where time.duration <= .zero {
            throw ValidationError("--cgi-\(option) \(time.text) leaves scripts no time at all.")
        }
        if let cgiCpu, cgiCpu.duration < .seconds(1) || cgiCpu.duration.components.attoseconds != 0 {
            throw ValidationError("--cgi-cpu \(cgiCpu.text) is not what the kernel counts in: give whole seconds.")
        }
        for (option, size) in [("memory", cgiMemory), ("output", cgiOutput)] where size?.byteCount == 0 {
            throw ValidationError("--cgi-\(option) 0 leaves scripts nothing at all.")
        }
        if let prefix = PrefixedPath.repeated(cgi.compactMap(PrefixedPath.init)) {
            throw ValidationError("--cgi is given twice for \(prefix): one prefix has one directory or program.")
        }
        let forScripts = [
            ("interpreter", !cgiInterpreter.isEmpty), ("env", !cgiEnv.isEmpty), ("index", !cgiIndex.isEmpty),
            ("files", cgiFiles),
        ]
        if cgi.isEmpty, let option = forScripts.first(where: \.1)?.0 {
            throw ValidationError("--cgi-\(option) is for scripts: say where they are with --cgi.")
        }
    }

    private func validateEnvironment() throws {
        var names: Set<String> = []
        for value in cgiEnv {
            guard let variable = Self.parse(variable: value) else {
                throw ValidationError("--cgi-env \(value) is not a name and a value: write GIT_PROJECT_ROOT=/srv/git.")
            }
            if CGISite.isReserved(variable.name) {
                throw ValidationError("--cgi-env \(variable.name) is what the server says of a request: name another.")
            }
            guard names.insert(variable.name).inserted else {
                throw ValidationError("--cgi-env is given twice for \(variable.name): one variable has one value.")
            }
        }
    }

    /// The sites of scripts.
    ///
    /// - Parameters:
    ///   - root: the folder that the rest is served from.
    ///   - namesUser: whether requests bear credentials that were checked.
    func sites(root: String, namesUser: Bool) throws -> [CGISite] {
        let temporaryDirectory = try cgi.isEmpty ? nil : Self.temporaryDirectory()
        var interpreters: [String: String] = [:]
        for (ending, program) in try cgiInterpreter.compactMap(Self.parse(interpreter:)).map(Self.checked) {
            interpreters[ending] = program
        }
        return try cgi.compactMap(PrefixedPath.init).map { route in
            var site = try Self.site(route, root: root, interpreters)
            site.indexNames = site.program == nil ? cgiIndex : []
            site.variables = cgiEnv.compactMap(Self.parse(variable:))
            site.timeout = cgiTimeout.duration
            site.totalTime = cgiTotalTime.duration
            site.contentByteLimit = maxContent.byteCount
            site.outputByteLimit = cgiOutput?.byteCount
            site.concurrency = cgiProcesses
            site.queueLength = cgiProcesses * 2
            site.limits.processorSeconds = cgiCpu.map { Int($0.duration.components.seconds) }
            site.limits.memoryByteCount = cgiMemory?.byteCount
            site.spoolsContent = cgiCollect
            site.passesAuthorization = cgiAuthorization
            site.namesUser = namesUser
            if ThisProcess.isTerminal(ThisProcess.standardError) {
                site.messagesPlace = "the terminal where martinet runs"
            }
            site.serverSoftware = "Martinet/\(Version.number)"
            if let temporaryDirectory { site.temporaryDirectory = temporaryDirectory }
            return site
        }
    }

    /// Where content is spooled, if the environment names a place.
    private static func temporaryDirectory() throws -> String? {
        guard let path = ThisProcess.environment("TMPDIR") else { return nil }
        do {
            _ = try UnnamedFile(in: path)
        } catch {
            throw ConfigurationError(
                place: "TMPDIR=\(path)", problem: "No file can be made there: \(error.reason).",
                wayOut: "Name a directory that this user may write to, or unset TMPDIR for /var/tmp.")
        }
        return path
    }

    /// A site of one program where the path is that of a file, of a directory's otherwise.
    private static func site(_ route: PrefixedPath, root: String, _ interpreters: [String: String]) throws -> CGISite {
        let place = "--cgi \(route.prefix)=\(route.path)"
        guard WholeFile.status(route.path)?.kind == .regular else {
            var site = CGISite(
                prefix: route.prefix, directory: try directory(route, place, root: root), documentRoot: root)
            site.interpreters = interpreters
            return site
        }
        // Links stay as they are: what a program is called by may say what it does.
        let path = WholeFile.absolutePath(route.path)
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let name = String(path[path.index(after: slash)...])
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        var site = CGISite(prefix: route.prefix, directory: directory, documentRoot: root)
        site.program = name
        site.interpreters = interpreters
        guard WholeFile.mayExecute([UInt8](path.utf8)) || site.hasInterpreter(for: name) else {
            throw ConfigurationError(
                place: place, problem: "This user may not execute it.",
                wayOut: "Give it the right with `chmod +x`, or name a directory of programs.")
        }
        return site
    }

    private static func parse(variable: String) -> CGISite.Variable? {
        let words = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2, let first = words[0].utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first),
            words[0].utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") })
        else { return nil }
        return CGISite.Variable(name: words[0], value: words[1])
    }

    private static func parse(interpreter: String) -> (ending: String, program: String)? {
        let words = interpreter.split(separator: "=", maxSplits: 1).map(String.init)
        guard words.count == 2, words[0].hasPrefix("."), words[0].count > 1 else { return nil }
        return (words[0], words[1])
    }

    private static func checked(_ ending: String, _ program: String) throws -> (String, String) {
        // Links stay as they are: what a program is called by may say what it does.
        guard WholeFile.canonicalPath(program) != nil else {
            throw ConfigurationError(
                place: "--cgi-interpreter \(ending)=\(program)", problem: SystemError("open").reason,
                wayOut: "Name a program by its path; `command -v php-cgi` shows that of php-cgi.")
        }
        let path = WholeFile.absolutePath(program)
        guard WholeFile.mayExecute([UInt8](path.utf8)) else {
            throw ConfigurationError(
                place: "--cgi-interpreter \(ending)=\(program)", problem: "This user may not execute it.",
                wayOut: "Name a program that is executable.")
        }
        return (ending, path)
    }

    private static func directory(_ route: PrefixedPath, _ place: String, root: String) throws -> String {
        let path = try route.directory(
            place: place, wayOut: "Name a directory of programs, or one program.")
        let holdsRoot = root == path || path == "/" || root.hasPrefix(path + "/")
        if holdsRoot, route.prefix.contains(where: { $0 != "/" }) {
            throw ConfigurationError(
                place: place, problem: "The served folder \(root) lies in it: all its files would be scripts.",
                wayOut: "Keep scripts in a directory of their own, inside the folder or elsewhere.")
        }
        return path
    }
}

/// A time such as `30s`, `500ms`, `5m`, `2h`, `1d`; a bare number is seconds.
struct TimeArgument: ExpressibleByArgument {
    let duration: Duration
    let text: String

    init(_ duration: Duration, text: String) {
        self.duration = duration
        self.text = text
    }

    private static let units: [(suffix: String, milliseconds: Int)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("", 1000),
    ]

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = Int(argument.dropLast(unit.suffix.count)), number >= 0
        else { return nil }
        let (milliseconds, isTooLong) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !isTooLong else { return nil }
        self.init(.milliseconds(milliseconds), text: argument)
    }

    var defaultValueDescription: String { text }
}

/// A number of bytes such as `64K`, `512M`, `1G`, in powers of 1024; a bare number is bytes.
struct SizeArgument: ExpressibleByArgument {
    let byteCount: Int
    private let text: String

    init(_ byteCount: Int, text: String) {
        self.byteCount = byteCount
        self.text = text
    }

    private static let units: [(suffix: String, shift: Int)] = [
        ("K", 10), ("k", 10), ("M", 20), ("m", 20), ("G", 30), ("g", 30), ("T", 40), ("", 0),
    ]

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = Int(argument.dropLast(unit.suffix.count)), number >= 0
        else { return nil }
        let (byteCount, isTooLarge) = number.multipliedReportingOverflow(by: 1 << unit.shift)
        guard !isTooLarge else { return nil }
        self.init(byteCount, text: argument)
    }

    var defaultValueDescription: String { text }
}
