/// What holds for responses, wherever they come from. A route begins with its site's, and a site with that of all sites.
package struct Policy: Codable, Equatable, Sendable {
    /// Fields that are set in every response, in place of what it has under the same names.
    package var headers: [FieldLine] = []
    /// Fields that are added to every response, beside what it has under the same names.
    package var addedHeaders: [FieldLine] = []
    /// Names of fields that no response has, whoever sets or adds them. In lower case.
    package var removedHeaders: [String] = []
    /// How long clients may keep responses without asking again; nil where they always ask.
    package var cache: Duration?
    /// The origin that scripts of other sites may read responses from, or `*`; nil for none.
    package var corsOrigin: String?
    package var compresses = true
    package var usesPrecompressed = true
    /// By status: a file of the route's, relative to its root.
    package var errorPages: [ErrorPage] = []
    /// The htpasswd file of who may see this; nil for everybody.
    package var passwordFile: String?
    package var realm = "Martinet"
    /// Whose requests are answered; none for everybody's. Who is denied is not allowed, whatever this says.
    package var allowed: [Network] = []
    package var denied: [Network] = []
    /// The most content that a request may have.
    package var contentLimit = ByteCount(1 << 30)
    package var hsts: StrictTransport?

    package init() {}
}

/// A field of a response.
package struct FieldLine: Codable, Equatable, Sendable {
    /// A token (RFC 9110 §5.6.2).
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What is sent in place of the built-in page of a status.
package struct ErrorPage: Codable, Equatable, Sendable {
    package var status: Int
    package var file: String

    package init(_ status: Int, _ file: String) {
        self.status = status
        self.file = file
    }
}

/// That browsers are to use https alone (RFC 6797).
package struct StrictTransport: Codable, Equatable, Sendable {
    package var age = Duration.seconds(365 * 86_400)
    package var coversSubdomains = false
    package var preloads = false

    package init() {}
}
