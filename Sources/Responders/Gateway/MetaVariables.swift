import MartinetBytes
import MartinetHTTP

/// What a script is told of its request: the meta-variables of RFC 3875 §4.1, and those that practice and mod_ssl added.
struct MetaVariables: ~Copyable {
    /// What a request is for, as the finder of scripts has found it.
    struct Script {
        /// The path that clients know it by, decoded (SCRIPT_NAME).
        var name: [UInt8]
        /// The path of its file (SCRIPT_FILENAME).
        var file: [UInt8]
        /// What follows its name in the path, with its slash (PATH_INFO); empty where nothing does.
        var pathInfo: [UInt8]
    }

    /// What the operator has said of them.
    struct Settings: Sendable {
        /// Told beside the request.
        var variables: [CGISite.Variable] = []
        /// The directory that the site is served from: DOCUMENT_ROOT, PATH_TRANSLATED.
        var documentRoot: String
        /// SERVER_SOFTWARE: "Martinet/1.0".
        var serverSoftware = "Martinet"
        /// Whether the client's credentials are told (HTTP_AUTHORIZATION).
        var passesAuthorization = false
        /// Whether requests bear Basic credentials that were checked, so that the user can be told.
        var namesUser = false
    }

    private let request: Request
    private let script: Script
    private let settings: Settings
    /// The request's number in the log.
    private let identifier: String

    /// - Parameter request: its content's length is known by now.
    init(_ request: Request, _ script: Script, _ settings: Settings, identifier: String) {
        self.request = request
        self.script = script
        self.settings = settings
        self.identifier = identifier
    }

    /// Appends all of them, each once.
    func add(to list: inout some MetaVariableList) {
        for variable in settings.variables { list.append(variable.name.utf8, value: variable.value.utf8) }
        list.set("GATEWAY_INTERFACE", "CGI/1.1")
        list.set("SERVER_SOFTWARE", settings.serverSoftware)
        addServer(to: &list)
        addRequest(to: &list)
        list.set("REQUEST_ID", identifier)
        addScript(to: &list)
        if let peer = request.peer { Self.add(peer, to: &list) }
        if settings.namesUser { addUser(to: &list) }
        addFields(to: &list)
    }

    // MARK: Groups of variables

    private func addServer(to list: inout some MetaVariableList) {
        let address = request.peer?.localAddress?.host ?? "127.0.0.1"
        if request.host.isEmpty {
            list.set("SERVER_NAME", address.contains(":") ? "[\(address)]" : address)
        } else {
            list.append(Self.name("SERVER_NAME"), value: request.bytes[request.host])
        }
        // The port that the client used, as seen from here; that in Host is a claim.
        if let port = request.peer?.localAddress?.port {
            list.set("SERVER_PORT", "\(port)")
        } else if request.port.isEmpty {
            list.set("SERVER_PORT", "443")
        } else {
            list.append(Self.name("SERVER_PORT"), value: request.bytes[request.port])
        }
        list.set("SERVER_ADDR", address)
        list.set("SERVER_PROTOCOL", "\(request.version.text)")
        list.set("REQUEST_SCHEME", "https")
        list.set("HTTPS", "on")
    }

    private func addRequest(to list: inout some MetaVariableList) {
        list.append(Self.name("REQUEST_METHOD"), value: request.bytes[request.methodName])
        list.append(Self.name("REQUEST_URI"), value: request.bytes[request.target])
        list.append(Self.name("QUERY_STRING"), value: request.query.map { request.bytes[$0] } ?? [])
        switch request.content {
        case .length(let count): list.set("CONTENT_LENGTH", "\(count)")
        // Content of no bytes is content, too, where a length says so.
        case .none: if request.has(.contentLength) { list.set("CONTENT_LENGTH", "0") }
        case .unknownLength: break
        }
        if let type = request.value(of: .contentType) {
            list.append(Self.name("CONTENT_TYPE"), value: request.bytes[type])
        }
    }

    private func addScript(to list: inout some MetaVariableList) {
        list.append(Self.name("SCRIPT_NAME"), value: script.name)
        list.append(Self.name("SCRIPT_FILENAME"), value: script.file)
        list.set("DOCUMENT_ROOT", settings.documentRoot)
        // php-cgi starts for nobody but a server, which it recognises by this.
        list.set("REDIRECT_STATUS", "200")
        guard !script.pathInfo.isEmpty else { return }
        list.append(Self.name("PATH_INFO"), value: script.pathInfo)
        list.append(Self.name("PATH_TRANSLATED"), value: [UInt8](settings.documentRoot.utf8) + script.pathInfo)
    }

    private static func add(_ peer: Peer, to list: inout some MetaVariableList) {
        list.set("REMOTE_ADDR", peer.address)
        // No name is looked up (RFC 3875 §4.1.9).
        list.set("REMOTE_HOST", peer.address)
        list.set("REMOTE_PORT", "\(peer.port)")
        guard let session = peer.session else { return }
        list.set("SSL_PROTOCOL", session.protocolVersion)
        list.set("SSL_CIPHER", session.cipher)
        let bits = session.cipher.contains("128") ? "128" : "256"
        list.set("SSL_CIPHER_USEKEYSIZE", bits)
        list.set("SSL_CIPHER_ALGKEYSIZE", bits)
        if let name = session.serverName { list.set("SSL_TLS_SNI", name) }
        list.set("SSL_SESSION_RESUMED", session.isResumed ? "Resumed" : "Initial")
        guard let certificate = session.clientCertificate else { return list.set("SSL_CLIENT_VERIFY", "NONE") }
        list.set("SSL_CLIENT_VERIFY", "SUCCESS")
        for attribute in certificate.attributes {
            list.append("SSL_CLIENT_\(attribute.name)".utf8, value: attribute.value.utf8)
        }
    }

    private func addUser(to list: inout some MetaVariableList) {
        guard let credentials = BasicCredentials(request) else { return }
        list.set("AUTH_TYPE", "Basic")
        list.append(Self.name("REMOTE_USER"), value: credentials.user)
    }

    /// `HTTP_…` for each field (RFC 3875 §4.1.18), repeated ones joined.
    private func addFields(to list: inout some MetaVariableList) {
        var fields: [(name: [UInt8], value: [UInt8])] = []
        let connectionOptions = connectionOptions
        for line in request.fields where isPassed(line) {
            let lowercased = request.bytes[line.name].map(ASCII.lowercased)
            if ConnectionFields.contains(lowercased) { continue }
            if connectionOptions.contains(lowercased), !Self.isEndToEnd(lowercased) { continue }
            guard let name = Self.variable(request.bytes[line.name]) else { continue }
            // An absolute target's authority takes the place of what Host says (RFC 9112 §3.2.2).
            let value = request.bytes[line.known == .host ? request.authority : line.value]
            if let index = fields.firstIndex(where: { $0.name == name }) {
                // A list of cookies is the one whose separator is another (RFC 9113 §8.2.3).
                let isCookie = name == Self.cookie
                fields[index].value += [isCookie ? UInt8(ascii: ";") : ASCII.comma, ASCII.space] + value
            } else {
                fields.append((name, [UInt8](value)))
            }
        }
        for field in fields { list.append(field.name, value: field.value) }
    }

    private func isPassed(_ line: Request.FieldLine) -> Bool {
        switch line.known {
        case .authorization: settings.passesAuthorization
        // What has variables of its own, and what has been met.
        case .contentLength, .contentType, .expect: false
        default: true
        }
    }

    /// Whether a field is for the script whatever Connection says of it. What tells who asks, for what, and from where must not
    /// be taken away by a client that names it there.
    private static func isEndToEnd(_ lowercasedName: [UInt8]) -> Bool {
        endToEnd.contains(lowercasedName) || lowercasedName.starts(with: "x-forwarded-".utf8)
    }

    private static let endToEnd = ["host", "cookie", "authorization", "forwarded", "x-real-ip"].map { [UInt8]($0.utf8) }

    /// The names of fields that end with the connection (RFC 9110 §7.6.1), in lower case. Read once: there may be
    /// thousands of them in one line.
    private var connectionOptions: Set<[UInt8]> {
        var names: Set<[UInt8]> = []
        ListParser.forEachElement(of: .connection, in: request) { element in
            names.insert(request.bytes[element].map(ASCII.lowercased))
            return true
        }
        return names
    }

    private static let cookie = [UInt8]("HTTP_COOKIE".utf8)
    private static let withheld = [
        // It would be taken for the proxy that programs send their own requests through ("httpoxy").
        "HTTP_PROXY",
        // This server's, if it were a proxy.
        "HTTP_PROXY_AUTHORIZATION",
    ].map { [UInt8]($0.utf8) }

    /// `X-Name` becomes HTTP_X_NAME; nil for what is not passed on.
    ///
    /// A name with `_` would look like another with `-`, and other characters cannot stand in a shell's variable.
    private static func variable(_ field: ArraySlice<UInt8>) -> [UInt8]? {
        var name = [UInt8]("HTTP_".utf8)
        for byte in field {
            if ASCII.isLetter(byte) {
                name.append(byte & ~0x20)
            } else if ASCII.isDigit(byte) {
                name.append(byte)
            } else if byte == UInt8(ascii: "-") {
                name.append(UInt8(ascii: "_"))
            } else {
                return nil
            }
        }
        return withheld.contains(name) ? nil : name
    }

    private static func name(_ text: StaticString) -> [UInt8] { [UInt8](copying: text.utf8Span) }
}

/// Where meta-variables go: the environment of a program, the pairs that an application gets on a connection.
protocol MetaVariableList {
    mutating func append(_ name: some Sequence<UInt8>, value: some Sequence<UInt8>)
}

extension MetaVariableList {
    mutating func set(_ name: StaticString, _ value: StaticString) {
        append([UInt8](copying: name.utf8Span), value: [UInt8](copying: value.utf8Span))
    }

    mutating func set(_ name: StaticString, _ value: String) {
        append([UInt8](copying: name.utf8Span), value: value.utf8)
    }
}
