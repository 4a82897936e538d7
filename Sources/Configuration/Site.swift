/// Names, and what answers for them.
package struct Site: Codable, Equatable, Sendable {
    package enum ClientAuthentication: String, Codable, CaseIterable, Sendable {
        case off = "none"
        case optional
        case required
    }

    /// In lower case, without a dot at their ends: exact, or `*.example.org`. A site without names is for those that no other
    /// site has.
    package var names: [String] = []
    /// Whether it answers for names that no site has, in place of the first site.
    package var isDefault = false
    /// Where it answers; none for every listener.
    package var listeners: [ListeningAddress] = []
    /// The certificate for its names; nil for the one among all that is for the name asked for.
    package var certificate: CertificateFiles?
    /// The authorities, in PEM, whose certificates clients may show; nil where nobody asks for any.
    package var clientAuthorities: String?
    /// Nil for what follows from `clientAuthorities`.
    package var clientAuthentication: ClientAuthentication?
    /// The folder of what authorities ask for to issue a certificate (RFC 8555 §8.3); nil for none.
    package var acmeChallenges: String?
    package var policy = Policy()
    package var routes: [Route] = []
    package var origin = Origin()

    package init() {}

    /// Whether clients must show a certificate: those with authorities must unless something else was said.
    package var effectiveClientAuthentication: ClientAuthentication {
        clientAuthentication ?? (clientAuthorities == nil ? .off : .required)
    }
}

/// A part of a site's paths, and what answers there.
package struct Route: Codable, Equatable, Sendable {
    /// Begins with a slash; not percent-encoded. It holds for itself and for all beneath it.
    package var path = "/"
    package var policy = Policy()
    package var handler = Handler.files(Files())
    package var origin = Origin()

    package init() {}

    package init(_ path: String, _ handler: Handler) {
        self.path = path
        self.handler = handler
    }
}

/// Where a response comes from. A closed set: the compiler finds who forgets one.
package enum Handler: Codable, Equatable, Sendable {
    case files(Files)
    case cgi(Programs)
    case redirect(Redirect)
    case respond(FixedResponse)
}

/// Where something was written, for messages. It is no part of what was asked for: every origin equals every other.
package struct Origin: Codable, Equatable, Sendable {
    /// "/etc/martinet/martinet.yaml:12:5"; nil where nobody wrote it.
    package let text: String?

    package init(_ place: Place? = nil) {
        text = place?.name
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        text = container.decodeNil() ? nil : try container.decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let text { try container.encode(text) } else { try container.encodeNil() }
    }

    package static func == (first: Origin, second: Origin) -> Bool { true }
}
