package import Logging
import MartinetBytes
package import MartinetHTTP
package import MartinetPOSIX

/// Answers requests by running programs (the Common Gateway Interface, RFC 3875).
package final class CGIResponder: Responder {
    /// Where local redirections go; the responder itself while there is no other.
    package weak var router: (any Responder)?

    private let site: CGISite
    private let permits: ScriptPermits
    private let spoolBudget: SpoolBudget
    private let memory: ContentMemory
    private let reaper: ChildReaper
    private let logger: Logger
    private let nullInput: FileDescriptor
    private let finder: ScriptFinder
    /// Sends what is no script; nil where nothing is sent.
    private let files: FileResponder?
    /// How many bytes of a path, without its first slash, are not the script's.
    private let prefixCount: Int
    /// Part of every request's number, so that numbers of several workers and runs differ.
    private let series: String
    private var requestCount = 0

    /// - Parameters:
    ///   - memory: for content that waits, of this site and of others.
    ///   - reaper: has scripts in its care from their start.
    ///   - files: answers for what is no script, if the site says how such files are served.
    package init(
        _ site: CGISite, memory: ContentMemory, reaper: ChildReaper, logger: Logger,
        files: FileResponder? = nil
    ) throws(SystemError) {
        self.site = site
        self.files = files
        self.memory = memory
        self.reaper = reaper
        self.logger = logger
        _ = try Directory(site.directory)
        nullInput = try FileDescriptor.open("/dev/null", for: .reading)
        permits = ScriptPermits(limit: site.concurrency, queueLimit: site.queueLength)
        spoolBudget = SpoolBudget(contentLimit: site.spoolLimit, byteLimit: site.spoolByteLimit)
        finder = ScriptFinder(site)
        prefixCount = site.prefixPath.isEmpty ? 0 : site.prefixPath.count + 1
        var digits: [UInt8] = []
        digits.append(hexadecimal: UInt64.random(in: 0...UInt64.max), digitCount: 8)
        series = String(decoding: digits, as: UTF8.self)
    }

    package func open(_ request: borrowing Request) -> Answer {
        switch request.method {
        case .trace, .connect:
            var response = Response.error(.methodNotAllowed, "This resource does not answer to this method.")
            response.fields.append("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
            return .complete(response)
        default: break
        }
        requestCount += 1
        let messagesPlace = request.peer?.isOnThisMachine ?? false ? site.messagesPlace : nil
        let identifier = request.logIdentifier ?? "\(series)-\(requestCount)"
        let path: TargetPath
        do throws(TargetPath.Refusal) {
            path = try TargetPath(request, allowsHidden: true)
        } catch {
            guard case .malformed(let flaw) = error else { return .complete(.error(.notFound, "")) }
            return .complete(.error(.badRequest, flaw.explanation))
        }
        let log = ScriptLog(
            logger, client: request.peer?.address ?? "-",
            request: "\(request.text(request.methodName)) \(request.text(request.target))", identifier: identifier)
        do throws(ScriptLocation.Failure) {
            let location: ScriptLocation
            switch try finder.find(path, request.method) {
            case .script(let script): location = script
            case .file: return files?.open(request) ?? .complete(.error(.notFound, "There is nothing at this address."))
            case .slashMissing:
                return .complete(.redirect(.movedPermanently, to: path.directoryLocation(request)))
            }
            let run = ScriptRun(
                site, location, permits: permits, spoolBudget: spoolBudget, memory: memory,
                reaper: reaper, nullInput: nullInput.number, identifier: identifier, messagesPlace: messagesPlace,
                log: log, router: router ?? self)
            if case .length(let count) = request.content, count > site.contentByteLimit {
                return .complete(run.response(.tooLarge(site.contentByteLimit)))
            }
            return .exchange(CGIExchange(copy request, run))
        } catch {
            let name = site.program.map { [UInt8]($0.utf8) } ?? [UInt8](path.relative.dropFirst(prefixCount))
            let script = "\(site.directory)/\(String(decoding: name, as: UTF8.self))"
            return .complete(log.response(ScriptFailure(error), script: script, messagesPlace: messagesPlace))
        }
    }
}
