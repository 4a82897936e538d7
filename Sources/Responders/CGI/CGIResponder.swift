package import Logging
import MartinetBytes
package import MartinetHTTP
package import MartinetPOSIX

/// Answers requests by running programs (the Common Gateway Interface, RFC 3875).
package final class CGIResponder: Responder {
    /// Where local redirections go; the responder itself while there is no other.
    package weak var router: (any Responder)?

    private let site: CGISite
    private let gateway: Gateway
    private let reaper: ChildReaper
    private let nullInput: FileDescriptor
    private let finder: ScriptFinder
    /// Sends what is no script; nil where nothing is sent.
    private let files: FileResponder?
    /// How many bytes of a path, without its first slash, are not the script's.
    private let prefixCount: Int

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
        self.reaper = reaper
        _ = try Directory(site.directory)
        nullInput = try FileDescriptor.open("/dev/null", for: .reading)
        gateway = Gateway(site.gateway, .script, memory: memory, logger: logger)
        finder = ScriptFinder(site)
        prefixCount = site.prefixPath.isEmpty ? 0 : site.prefixPath.count + 1
    }

    package func open(_ request: borrowing Request) -> Answer {
        switch request.method {
        case .trace, .connect:
            var response = Response.error(.methodNotAllowed, "This resource does not answer to this method.")
            response.fields.append("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH")
            return .complete(response)
        default: break
        }
        let path: TargetPath
        do throws(TargetPath.Refusal) {
            path = try TargetPath(request, allowsHidden: true)
        } catch {
            guard case .malformed(let flaw) = error else { return .complete(.error(.notFound, "")) }
            return .complete(.error(.badRequest, flaw.explanation))
        }
        let identifier = gateway.identifier(for: request)
        do throws(ScriptLocation.Failure) {
            let location: ScriptLocation
            switch try finder.find(path, request.method) {
            case .script(let script): location = script
            case .file: return files?.open(request) ?? .complete(.error(.notFound, "There is nothing at this address."))
            case .slashMissing:
                return .complete(.redirect(.movedPermanently, to: path.directoryLocation(request)))
            }
            let name = String(decoding: Script.path(location, site), as: UTF8.self)
            let log = gateway.log(for: request, identifier: identifier, name: name)
            let script = Script(site, location, reaper, nullInput: nullInput.number, log)
            return gateway.answer(request, from: script, log, router: router ?? self)
        } catch {
            let name = site.program.map { [UInt8]($0.utf8) } ?? [UInt8](path.relative.dropFirst(prefixCount))
            let log = gateway.log(
                for: request, identifier: identifier, name: "\(site.directory)/\(String(decoding: name, as: UTF8.self))"
            )
            return .complete(log.response(GatewayFailure(error)))
        }
    }
}
