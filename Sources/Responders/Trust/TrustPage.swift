package import MartinetEvents
package import MartinetHTTP
package import MartinetPOSIX

/// Gives the root of a development authority to a device on the same network, in plain HTTP, since the device trusts nothing
/// here yet: one page with the steps, and the certificate in the two forms that phones take.
///
/// It ends with the first complete download, whichever worker it was from, or when its time is over. What it gives away is
/// public; the page says how to find out whether it is what the server gave.
package final class TrustPage: Responder {
    /// Where it is, and beneath it the files.
    package static let path = "/martinet-trust"

    /// What is given away, and until when.
    package struct Offer: Codable, Sendable {
        /// The root's certificate (DER).
        package let certificate: [UInt8]
        /// Its common name.
        package let name: String
        /// Its SHA-256, as the terminal shows it.
        package let fingerprint: String
        /// When it ends if nobody has downloaded anything.
        package let deadline: MonotonicTime

        package init(certificate: [UInt8], name: String, fingerprint: String, deadline: MonotonicTime) {
            self.certificate = certificate
            self.name = name
            self.fingerprint = fingerprint
            self.deadline = deadline
        }
    }

    private enum Part {
        case page, profile, certificate
    }

    private let offer: Offer
    private let permit: SharedPermit
    private let others: any Responder
    private let isNear: (Peer) -> Bool
    private let covers: (_ host: [UInt8]) -> Bool
    private let report: (String) -> Void
    private let profile: [UInt8]

    /// - Parameters:
    ///   - permit: what a download takes and keeps once it is complete; nobody else has it for longer than one takes.
    ///   - others: answers every other request.
    ///   - isNear: whether a client is on a network of this machine's; for others there is no such page.
    ///   - covers: whether a client finds a certificate for a host here. An IPv6 address is in brackets.
    ///   - report: takes a line for the operator.
    package init(
        _ offer: Offer, permit: SharedPermit, others: any Responder, isNear: @escaping (Peer) -> Bool,
        covers: @escaping (_ host: [UInt8]) -> Bool, report: @escaping (String) -> Void
    ) {
        self.offer = offer
        self.permit = permit
        self.others = others
        self.isNear = isNear
        self.covers = covers
        self.report = report
        profile = ConfigurationProfile.text(of: offer)
    }

    package func open(_ request: borrowing Request) -> Answer {
        guard let part = Self.part(request), let peer = request.peer, isNear(peer) else { return others.open(request) }
        guard request.method == .get || request.method == .head else {
            return Self.final(.methodNotAllowed("GET, HEAD"))
        }
        guard request.content == .none else {
            return Self.final(.error(.contentTooLarge, "There is nothing to be sent to this page."))
        }
        guard request.arrival < offer.deadline, permit.isFree else { return Self.ended }
        switch part {
        case .page: return page(request)
        case .profile:
            return file(profile, "application/x-apple-aspen-config", "martinet.mobileconfig", request, peer)
        case .certificate:
            return file(offer.certificate, "application/x-x509-ca-cert", "martinet.crt", request, peer)
        }
    }

    /// Nil for what is no part of it.
    private static func part(_ request: borrowing Request) -> Part? {
        switch request.text(request.normalPath) {
        case path, "\(path)/": .page
        case "\(path)/\(TrustPageText.profileName)": .profile
        case "\(path)/\(TrustPageText.certificateName)": .certificate
        default: nil
        }
    }

    private func page(_ request: borrowing Request) -> Answer {
        let isCovered = covers([UInt8](request.bytes[request.host]))
        let text = TrustPageText(offer: offer, authority: isCovered ? request.text(request.authority) : nil)
        var fields = Fields()
        fields.append("Content-Type", "text/html; charset=utf-8")
        fields.append("Content-Security-Policy", [UInt8](TrustPageText.policy.utf8))
        fields.append("Referrer-Policy", "no-referrer")
        return Self.final(Response(.ok, fields: fields, content: .bytes([UInt8](text.html.utf8))))
    }

    /// The whole file, whatever part of it is asked for, since a part would be no complete download.
    private func file(
        _ bytes: [UInt8], _ type: StaticString, _ name: StaticString, _ request: borrowing Request, _ peer: Peer
    ) -> Answer {
        var fields = Fields()
        fields.append("Content-Type", type)
        fields.append("Content-Disposition", [UInt8]("attachment; filename=\"\(name)\"".utf8))
        guard request.method == .get else {
            return Self.final(Response(.ok, fields: fields, content: .bytes(bytes)))
        }
        guard permit.take() else { return Self.ended }
        let head = Self.finished(Response(.ok, fields: fields, content: .stream(length: bytes.count)))
        let report = report
        return .exchange(
            TrustDownload(head, of: bytes, permit) {
                report("\(peer.address) has the authority's certificate (\(name)): the trust page has ended")
            })
    }

    private static var ended: Answer {
        final(
            .error(
                .gone,
                """
                This page has ended: the certificate was downloaded, or nobody has done so in time. Start the server \
                again to have it back.
                """))
    }

    private static func final(_ response: Response) -> Answer { .complete(finished(response)) }

    /// What holds for this request may not hold for the next.
    private static func finished(_ response: Response) -> Response {
        var response = response
        response.fields.append("Cache-Control", "no-store")
        response.fields.append("X-Content-Type-Options", "nosniff")
        return response
    }
}
