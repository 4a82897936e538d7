import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// One run of one script: all that is known of it but its request's content.
final class ScriptRun {
    /// Local redirections within one request: as many as Apache httpd allows.
    static let redirectionLimit = 10

    let site: CGISite
    let permits: ScriptPermits
    let spoolBudget: SpoolBudget
    /// Where content waits before it is spooled, or its script is started.
    let memory: ContentMemory
    let nullInput: CInt
    private let reaper: ChildReaper
    private let location: ScriptLocation
    /// The request's number in the log.
    let identifier: String
    /// Where the script's messages are, for the page about a failure to say it and what the log says; nil for neither.
    private let messagesPlace: String?
    private let log: ScriptLog
    private let router: any Responder

    init(
        _ site: CGISite, _ location: ScriptLocation, permits: ScriptPermits, spoolBudget: SpoolBudget,
        memory: ContentMemory, reaper: ChildReaper, nullInput: CInt, identifier: String, messagesPlace: String?,
        log: ScriptLog, router: any Responder
    ) {
        self.site = site
        self.location = location
        self.permits = permits
        self.spoolBudget = spoolBudget
        self.memory = memory
        self.reaper = reaper
        self.nullInput = nullInput
        self.identifier = identifier
        self.messagesPlace = messagesPlace
        self.log = log
        self.router = router
    }

    /// Whether the script writes the whole message, status line and all (RFC 3875 §5).
    var isVerbatim: Bool { fileName.starts(with: "nph-".utf8) }

    private var fileName: ArraySlice<UInt8> {
        location.script[((location.script.lastIndex(of: ASCII.slash) ?? -1) + 1)...]
    }

    private var path: [UInt8] { [UInt8](site.directory.utf8) + [ASCII.slash] + location.script }

    // MARK: Starting

    /// Starts the script in its own directory.
    ///
    /// - Parameters:
    ///   - host: with it is registered what the script waits for, or is waited for.
    ///   - occupied: kept until it has ended.
    ///   - now: when its time begins.
    func start(
        _ request: Request, _ input: ScriptProcess.Input, _ host: HostReference, occupying occupied: [AnyObject],
        at now: MonotonicTime
    ) throws(ScriptFailure) -> ScriptProcess {
        let variables = CGIVariables(request, location, site)
        let path = path
        var arguments = WordList()
        let interpreter = interpreter
        if let interpreter { arguments.append(interpreter.utf8) }
        arguments.append(path)
        if interpreter == nil { for word in variables.searchWords { arguments.append(word) } }
        let directory = path[..<(path.lastIndex(of: ASCII.slash) ?? 0)]
        let program = Program(
            path: interpreter.map { [UInt8]($0.utf8) } ?? path, arguments: arguments,
            environment: variables.environment(identifier: identifier), directory: [UInt8](directory),
            limits: site.limits)
        do throws(SystemError) {
            return try ScriptProcess(
                program, input, host, occupying: occupied, reaper: reaper, until: now + Interval(site.totalTime),
                name: name)
        } catch {
            if let interpreter { throw ScriptFailure(starting: error, interpreter: interpreter) }
            throw ScriptFailure(
                starting: error, isExecutable: WholeFile.mayExecute(path), firstLine: ScriptFile.firstLine(path))
        }
    }

    private var interpreter: String? { site.interpreter(for: location.script) }

    // MARK: Redirections

    /// Opens the request that this script redirects to; nil when there were too many before it.
    func redirect(_ request: Request) -> Answer? {
        guard request.redirectionCount <= Self.redirectionLimit else { return nil }
        return router.open(request)
    }

    // MARK: What is said

    /// Takes lines that the script wrote to its standard error. It may be kept for longer than this run.
    var reporter: (String) -> Void {
        { [log, name] message in log.message(message, script: name) }
    }

    /// Something that is no failure.
    func note(_ fact: String) { log.note(fact, script: name) }

    /// A mistake of the script's that its answer survives.
    func warn(_ fact: String) { log.warn(fact, script: name) }

    /// The sentence with its subject, for a log line that another writes.
    func sentence(_ predicate: String) -> String { "script \(name) \(predicate) [\(identifier)]" }

    /// The answer to a request whose script failed; the log gets a line.
    func response(_ failure: ScriptFailure) -> Response {
        log.response(failure, script: name, messagesPlace: messagesPlace)
    }

    private var name: String { String(decoding: path, as: UTF8.self) }
}

/// Writes the lines about one request to a script.
struct ScriptLog {
    private let logger: Logger
    private let subject: String
    private let identifier: String

    /// - Parameter request: method and target.
    init(_ logger: Logger, client: String, request: String, identifier: String) {
        self.logger = logger
        subject = "\(client): \(request)"
        self.identifier = identifier
    }

    func message(_ text: String, script: String) {
        logger.warning("\(subject): script \(script) says [\(identifier)]: \(text)")
    }

    func note(_ fact: String, script: String) {
        logger.info("\(subject): script \(script) \(fact) [\(identifier)]")
    }

    func warn(_ fact: String, script: String) {
        logger.warning("\(subject): script \(script) \(fact) [\(identifier)]")
    }

    /// The answer to a request whose script failed.
    ///
    /// - Parameter messagesPlace: where the script's messages are, for the page to say it and what the log says; nil for neither.
    func response(_ failure: ScriptFailure, script: String, messagesPlace: String?) -> Response {
        let line = "\(subject): script \(script) \(failure.reason) [\(identifier)]"
        // What a client can cause with any path it likes is no failure of the server's.
        if failure.status.rawValue < 500 { logger.notice("\(line)") } else { logger.error("\(line)") }
        var explanation = failure.explanation
        if let messagesPlace {
            explanation += " The script \(script) \(failure.reason)."
            explanation += " Its messages are in \(messagesPlace), marked [\(identifier)]."
        } else if failure.status.rawValue >= 500 {
            explanation += " In the server's log this request is \(identifier)."
        }
        var response = Response.error(failure.status, explanation)
        if let seconds = failure.retryAfter { response.fields.append("Retry-After", seconds) }
        return response
    }
}

/// A script's file, looked at when it cannot be executed.
enum ScriptFile {
    /// Its first line if it begins with `#!`, a DOS line end included.
    static func firstLine(_ path: [UInt8]) -> String? {
        guard let file = try? FileDescriptor.open(path, for: .reading) else {
            return nil
        }
        var buffer = [UInt8](repeating: 0, count: 256)
        var room = buffer.mutableSpan
        guard let count = try? file.read(into: &room, at: 0) else { return nil }
        let line = buffer[..<count].prefix { $0 != ASCII.lineFeed }
        return line.starts(with: "#!".utf8) ? String(decoding: line, as: UTF8.self) : nil
    }
}
