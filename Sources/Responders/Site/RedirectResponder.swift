import MartinetBytes
package import MartinetHTTP

/// Sends clients that speak plain HTTP to the same address under https.
package final class RedirectResponder: Responder {
    private let port: UInt16?
    private let covers: (_ host: [UInt8]) -> Bool
    private let challenges: (any Responder)?

    /// - Parameters:
    ///   - port: where HTTPS is; nil for the port the client used already.
    ///   - challenges: answers beneath `/.well-known/acme-challenge/`, whatever the host: authorities ask for these files in
    ///     plain HTTP before they certify a name (RFC 8555 §8.3). Nil where that is redirected like everything else.
    ///   - covers: whether clients that are sent to a host find a certificate for it here. An IPv6 address is in brackets.
    package init(
        port: UInt16?, challenges: (any Responder)? = nil, covers: @escaping (_ host: [UInt8]) -> Bool
    ) {
        self.port = port
        self.challenges = challenges
        self.covers = covers
    }

    package func open(_ request: borrowing Request) -> Answer {
        if let challenges, isForChallenges(request) { return challenges.open(request) }
        guard request.method == .get || request.method == .head, !request.authority.isEmpty,
            request.path.isEmpty || request.bytes[request.path.lowerBound] == ASCII.slash
        else { return refusal("This port speaks HTTPS: use an https:// URL.") }
        // Whoever chooses the host would otherwise choose where this server sends people.
        guard covers([UInt8](request.bytes[request.host])) else {
            return refusal(
                "No certificate here is for the host in this URL: use an https:// URL with the server's name.")
        }
        var location = [UInt8]("https://".utf8)
        location += authority(request)
        if request.path.isEmpty { location.append(ASCII.slash) }
        location += request.bytes[request.path]
        if let query = request.query {
            location.append(ASCII.question)
            location += request.bytes[query]
        }
        return final(Response.redirect(.permanentRedirect, to: location))
    }

    private func isForChallenges(_ request: borrowing Request) -> Bool {
        guard let path = try? TargetPath(request) else { return false }
        return (path.relative + (path.endsWithSlash ? [ASCII.slash] : [])).starts(with: Self.challengePrefix)
    }

    private static let challengePrefix = [UInt8](".well-known/acme-challenge/".utf8)

    private func refusal(_ explanation: String) -> Answer { final(.error(.badRequest, explanation)) }

    /// What holds for this request may not hold for the next: names and ports change.
    private func final(_ response: Response) -> Answer {
        var response = response
        response.fields.append("Cache-Control", "no-store")
        return .complete(response)
    }

    /// The host the client named, with the port to go to; 443 needs no mention.
    private func authority(_ request: borrowing Request) -> [UInt8] {
        guard let port else { return [UInt8](request.bytes[request.authority]) }
        var authority = [UInt8](request.bytes[request.host])
        if port != 443 {
            authority.append(ASCII.colon)
            authority.append(decimal: Int(port))
        }
        return authority
    }
}
