import ArgumentParser
import Logging

/// What is said, and where.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where a line for each request goes: - for standard output, none, or a file.",
            discussion: "SIGUSR1 opens a file anew. (default: -, or none with --quiet)", valueName: "file"))
    var accessLog: String?

    @Flag(name: .shortAndLong, help: "Say more about what happens.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        if verbose, quiet { throw ValidationError("--verbose and --quiet contradict each other.") }
    }

    var level: Logger.Level { verbose ? .debug : quiet ? .error : .notice }

    /// The file that access log lines go to; nil where they go to standard output or nowhere.
    var accessPath: String? { ["-", "none"].contains(accessDestination) ? nil : accessDestination }

    var accessDestination: String { accessLog ?? (quiet ? "none" : "-") }
}
