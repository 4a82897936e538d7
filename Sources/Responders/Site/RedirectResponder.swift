import Bytes
package import HTTP

/// Sends clients that speak plain HTTP to the same address under https.
package final class RedirectResponder: Responder {
    private let port: UInt16?

    /// - Parameter port: where HTTPS is; nil for the port the client used already.
    package init(port: UInt16?) {
        self.port = port
    }

    package func open(_ request: borrowing Request) -> Answer {
        guard request.method == .get || request.method == .head, !request.authority.isEmpty,
            request.path.isEmpty || request.bytes[request.path.lowerBound] == ASCII.slash
        else {
            var response = Response.error(.badRequest, "This port speaks HTTPS: use an https:// URL.")
            response.closesConnection = true
            return .complete(response)
        }
        var location = [UInt8]("https://".utf8)
        location += authority(request)
        if request.path.isEmpty { location.append(ASCII.slash) }
        location += request.bytes[request.path]
        if let query = request.query {
            location.append(ASCII.question)
            location += request.bytes[query]
        }
        var response = Response.redirect(.permanentRedirect, to: location)
        response.closesConnection = true
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
