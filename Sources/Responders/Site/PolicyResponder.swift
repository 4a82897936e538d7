package import Logging
import MartinetBytes
import MartinetEvents
package import MartinetHTTP

/// Applies a site's policy: asks for credentials, answers preflights, and adds to every response what the site adds.
package final class PolicyResponder: Responder {
    private let inner: any Responder
    private let policy: SitePolicy
    private let pages: FileResponder
    private let gate: PasswordGate?
    private let changer = PreparedResponse.Changer()

    /// - Parameters:
    ///   - pages: where error pages are found.
    ///   - passwords: how the passwords of the policy's users are verified.
    ///   - logger: is told of wrong logins.
    package init(
        _ inner: any Responder, policy: SitePolicy, pages: FileResponder, passwords: PasswordVerification,
        logger: Logger
    ) {
        self.inner = inner
        self.policy = policy
        self.pages = pages
        gate = policy.passwordHashes.map { hashes in PasswordGate(hashes, passwords) { logger.notice("\($0)") } }
    }

    package func open(_ request: borrowing Request) -> Answer {
        // A preflight bears no credentials, and asks for nothing that they protect.
        if policy.corsOrigin != nil, isPreflight(request) { return .complete(preflightResponse(request)) }
        guard let gate else { return answer(request, user: nil) }
        switch gate.admit(request) {
        case .admitted(let user): return answer(request, user: user)
        case .refused(let response): return .complete(decorated(response))
        case .login(let login):
            let user = login.user
            let exchange = DeferredExchange(request, login) { request, outcome in
                switch outcome {
                case .right: self.answer(request, user: user)
                case .refused(let response): .complete(self.decorated(response))
                }
            }
            return .exchange(exchange)
        }
    }

    private func answer(_ request: borrowing Request, user: [UInt8]?) -> Answer {
        switch inner.open(request) {
        // The file that stands for an error is looked at each time.
        case .prepared(let prepared, _) where prepared.response.isErrorPage:
            .complete(decorated(prepared.response, user: user))
        case .prepared(let prepared, _):
            .prepared(prepared.changed(by: changer) { $0 = decorated($0) }, user: user)
        case .complete(let response): .complete(decorated(response, user: user))
        case .exchange(let exchange, let inner):
            .exchange(exchange, HeadDecoration(inner) { $0 = self.decorated($0, user: user) })
        }
    }

    // MARK: Cross-origin requests

    private func isPreflight(_ request: borrowing Request) -> Bool {
        request.method == .options && request.has(.origin) && request.has(.accessControlRequestMethod)
    }

    private func preflightResponse(_ request: borrowing Request) -> Response {
        var response = Response(.noContent)
        if policy.hasPrograms {
            response.fields.append("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        } else {
            response.fields.append("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
        }
        if let names = request.value(of: .accessControlRequestHeaders) {
            response.fields.append("Access-Control-Allow-Headers", [UInt8](request.bytes[names]))
        }
        response.fields.append("Access-Control-Max-Age", 86_400)
        response.fields.append(
            "Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        return decorated(response)
    }

    // MARK: Every response

    private func decorated(_ original: Response, user: [UInt8]? = nil) -> Response {
        var response = original
        response.user = user
        if response.isErrorPage, let path = policy.errorPages[response.status.rawValue],
            let (content, contentType) = pages.page(at: [UInt8](path.utf8))
        {
            response.fields.replace("Content-Type", contentType)
            response.content = .bytes(content)
        }
        // A program that says itself who may read its answer knows more than the site does.
        if let origin = policy.corsOrigin, !response.fields.contains("Access-Control-Allow-Origin") {
            response.fields.append("Access-Control-Allow-Origin", [UInt8](origin.utf8))
            if origin != "*" { response.fields.append("Vary", "Origin") }
            if !response.fields.contains("Access-Control-Expose-Headers") {
                // What scripts need that read files a part at a time.
                response.fields.append(
                    "Access-Control-Expose-Headers", "Content-Range, ETag, Accept-Ranges, Content-Length")
            }
        }
        // All are removed before any is added, so that a name given twice stands twice.
        for header in policy.headers { response.fields.remove([UInt8](header.name.utf8)) }
        for header in policy.headers {
            response.fields.append(name: [UInt8](header.name.utf8), [UInt8](header.value.utf8))
        }
        return response
    }
}
