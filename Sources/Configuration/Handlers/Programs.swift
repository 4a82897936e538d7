/// Programs that answer requests (RFC 3875), and how much they may take.
package struct Programs: Codable, Equatable, Sendable {
    /// A directory whose programs the path chooses from, or one program that answers for all of the route.
    package var path = ""
    /// By extension with its dot: the program that is started with the script's path as its argument.
    package var interpreters: [Interpreter] = []
    /// What programs are told beside the request.
    package var variables: [Variable] = []
    package var indexNames: [String] = []
    /// Whether what is no program there is served as a file.
    package var servesFiles = false
    package var timeout = Duration.seconds(30)
    package var totalTime = Duration.seconds(3600)
    /// How many run at one time in one worker.
    package var concurrency = 32
    /// How many requests wait for their program beside those; nil for twice as many as run.
    package var queueLength: Int?
    package var queueTime = Duration.seconds(10)
    package var processorTime: Duration?
    package var memory: ByteCount?
    package var outputLimit: ByteCount?
    package var spoolsContent = false
    package var passesAuthorization = false
    /// Where request content waits until it has come whole; nil for the environment's TMPDIR, or /var/tmp.
    package var temporaryDirectory: String?

    package struct Interpreter: Codable, Equatable, Sendable {
        package var ending: String
        package var program: String
    }

    package struct Variable: Codable, Equatable, Sendable {
        package var name: String
        package var value: String
    }

    package init() {}

    package init(path: String) {
        self.path = path
    }
}

extension Programs: Section {
    package static let title = "cgi"
    package static let help = "Programs that answer requests, by CGI."

    private static let day = Duration.seconds(86_400)

    package static let settings: [Setting<Programs>] =
        [
            .value(
                "run", \.path, .path("path"), option: .none, isRequired: true,
                help: "A directory of programs, or one program that answers for all of the path."),
            .pairs(
                "interpreters", separator: "=", .scriptEnding, .path("program"), option: .named("cgi-interpreter"),
                help: "Run scripts with an extension by a program, executable or not.",
                assign: { pairs, programs, _ in
                    for (ending, program, _) in pairs {
                        programs.interpreters.removeAll { $0.ending == ending }
                        programs.interpreters.append(Interpreter(ending: ending, program: program))
                    }
                }, show: { $0.interpreters.map { ($0.ending, $0.program) } }),
            .pairs(
                "environment", separator: "=", .variableName, .anyText("value"), option: .named("cgi-env"),
                help: "A variable that programs are told.",
                assign: { pairs, programs, reading in
                    for (name, value, place) in pairs {
                        if programs.variables.contains(where: { $0.name == name }) {
                            reading.refuse(place, "\(name) stands here twice.", "One variable has one value.")
                        } else {
                            programs.variables.append(Variable(name: name, value: value))
                        }
                    }
                }, show: { $0.variables.map { ($0.name, $0.value) } }),
            .list(
                "index", \.indexNames, .fileName, option: .named("cgi-index"),
                help: "A program that a directory of programs runs for its own address."),
            .value(
                "files", \.servesFiles, .flag, option: .named("cgi-files"),
                help: "Serve files in directories of programs that have no execute bit, and are for no interpreter."),
        ] + limits

    private static let limits: [Setting<Programs>] = [
        .value(
            "timeout", \.timeout, .time(.milliseconds(1)...day), option: .named("cgi-timeout"),
            help: "How long a program may neither take content nor write anything."),
        .value(
            "total-time", \.totalTime, .time(.milliseconds(1)...day * 365), option: .named("cgi-total-time"),
            help: "How long a program may take in all."),
        .value(
            "processes", \.concurrency, .number(1...4096), option: .named("cgi-processes"),
            help: "How many programs may run at one time in each worker."),
        .optional(
            "queue", \.queueLength, .number(0...65_536), option: .named("cgi-queue"),
            help: """
                How many requests wait for their program in each worker; others get 503. Without it, twice as many as \
                may run.
                """),
        .value(
            "queue-time", \.queueTime, .time(.milliseconds(1)...day), option: .named("cgi-queue-time"),
            help: "How long a request waits for its program; then it gets 503."),
        .optional(
            "cpu", \.processorTime, .wholeSeconds, option: .named("cgi-cpu"),
            help: "Processor time for each program, in the whole seconds that the kernel counts in."),
        .optional(
            "memory", \.memory, .size(1...), option: .named("cgi-memory"), help: "Memory for each program."),
        .optional(
            "output", \.outputLimit, .size(1...), option: .named("cgi-output"),
            help: "The most that a program may write."),
        .value(
            "collect", \.spoolsContent, .flag, option: .named("cgi-collect"),
            help: """
                Spool a request's content to a file before its program starts, also what is longer than 64 KiB, so \
                that slow clients occupy no process.
                """),
        .value(
            "authorization", \.passesAuthorization, .flag, option: .named("cgi-authorization"),
            help: "Let programs see the client's credentials (HTTP_AUTHORIZATION)."),
        .optional(
            "temporary-directory", \.temporaryDirectory, .path("dir"), option: .named("cgi-temporary-directory"),
            help: "Where request content waits until it has come whole. Without it, TMPDIR or /var/tmp."),
    ]
}
