import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// What a script is told: the meta-variables of RFC 3875 §4.1, those that practice and mod_ssl added, and nothing of the
/// server's own environment.
struct CGIVariables: ~Copyable {
    private let request: Request
    private let location: ScriptLocation
    private let site: CGISite

    /// - Parameter request: its content's length is known by now.
    init(_ request: Request, _ location: ScriptLocation, _ site: CGISite) {
        self.request = request
        self.location = location
        self.site = site
    }

    /// The programs that scripts find without a path.
    private static let path: StaticString = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The environment.
    ///
    /// - Parameter identifier: the request's number in the log.
    func environment(identifier: String) -> WordList {
        var list = WordList()
        if !site.variables.contains(where: { $0.name == "PATH" }) { list.set("PATH", Self.path) }
        for variable in site.variables { list.append(variable.name.utf8, value: variable.value.utf8) }
        list.set("GATEWAY_INTERFACE", "CGI/1.1")
        list.set("SERVER_SOFTWARE", site.serverSoftware)
        addServer(to: &list)
        addRequest(to: &list)
        list.set("REQUEST_ID", identifier)
        addScript(to: &list)
        if let peer = request.peer { Self.add(peer, to: &list) }
        if site.namesUser { addUser(to: &list) }
        addFields(to: &list)
        return list
    }

    /// The search words of an indexed query (RFC 3875 §4.4): one with no unencoded `=`, to be given as arguments.
    ///
    /// A word that begins with `-` would be an option to whatever runs the script, so then there are none.
    var searchWords: [[UInt8]] {
        guard request.method == .get || request.method == .head, let query = request.query, !query.isEmpty else {
            return []
        }
        let bytes = request.bytes[query]
        guard !bytes.contains(ASCII.equals) else { return [] }
        var words: [[UInt8]] = []
        for word in bytes.split(separator: UInt8(ascii: "+"), omittingEmptySubsequences: false) {
            guard let decoded = Self.decoded([UInt8](word)), decoded.first != UInt8(ascii: "-") else { return [] }
            words.append(decoded)
        }
        return words
    }

    // MARK: Groups of variables

    private func addServer(to list: inout WordList) {
        let address = request.peer?.serverAddress ?? "127.0.0.1"
        if request.host.isEmpty {
            list.set("SERVER_NAME", address.contains(":") ? "[\(address)]" : address)
        } else {
            list.append(Self.name("SERVER_NAME"), value: request.bytes[request.host])
        }
        // The port that the client used, as seen from here; that in Host is a claim.
        if let number = request.peer?.serverPort, number != 0 {
            list.set("SERVER_PORT", "\(number)")
        } else if request.port.isEmpty {
            list.set("SERVER_PORT", "443")
        } else {
            list.append(Self.name("SERVER_PORT"), value: request.bytes[request.port])
        }
        list.set("SERVER_ADDR", address)
        list.set("SERVER_PROTOCOL", request.minorVersion == 0 ? "HTTP/1.0" : "HTTP/1.1")
        list.set("REQUEST_SCHEME", "https")
        list.set("HTTPS", "on")
    }

    private func addRequest(to list: inout WordList) {
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

    private func addScript(to list: inout WordList) {
        list.append(Self.name("SCRIPT_NAME"), value: location.name)
        list.append(Self.name("SCRIPT_FILENAME"), value: [UInt8](site.directory.utf8) + [ASCII.slash] + location.script)
        list.set("DOCUMENT_ROOT", site.documentRoot)
        // php-cgi starts for nobody but a server, which it recognises by this.
        list.set("REDIRECT_STATUS", "200")
        guard !location.pathInfo.isEmpty else { return }
        list.append(Self.name("PATH_INFO"), value: location.pathInfo)
        list.append(Self.name("PATH_TRANSLATED"), value: [UInt8](site.documentRoot.utf8) + location.pathInfo)
    }

    private static func add(_ peer: Peer, to list: inout WordList) {
        list.set("REMOTE_ADDR", peer.address)
        // No name is looked up (RFC 3875 §4.1.9).
        list.set("REMOTE_HOST", peer.address)
        list.set("REMOTE_PORT", "\(peer.port)")
        guard let version = peer.protocolVersion else { return }
        list.set("SSL_PROTOCOL", version)
        if let cipher = peer.cipher {
            list.set("SSL_CIPHER", cipher)
            let bits = cipher.contains("128") ? "128" : "256"
            list.set("SSL_CIPHER_USEKEYSIZE", bits)
            list.set("SSL_CIPHER_ALGKEYSIZE", bits)
        }
        if let name = peer.serverName { list.set("SSL_TLS_SNI", name) }
        list.set("SSL_SESSION_RESUMED", peer.isResumed ? "Resumed" : "Initial")
        guard let certificate = peer.clientCertificate else { return list.set("SSL_CLIENT_VERIFY", "NONE") }
        list.set("SSL_CLIENT_VERIFY", "SUCCESS")
        for attribute in certificate.attributes {
            list.append("SSL_CLIENT_\(attribute.name)".utf8, value: attribute.value.utf8)
        }
    }

    private func addUser(to list: inout WordList) {
        guard let credentials = BasicCredentials(request) else { return }
        list.set("AUTH_TYPE", "Basic")
        list.append(Self.name("REMOTE_USER"), value: credentials.user)
    }

    /// `HTTP_…` for each field (RFC 3875 §4.1.18), repeated ones joined.
    private func addFields(to list: inout WordList) {
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
        case .authorization: site.passesAuthorization
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

    /// The word with its percent-encoding undone; nil where it is malformed or holds a NUL.
    private static func decoded(_ word: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var index = 0
        while index < word.count {
            if word[index] == ASCII.percent {
                guard let byte = PercentEncoding.byte(in: word.span, at: index), byte != 0 else { return nil }
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(word[index])
                index += 1
            }
        }
        return decoded
    }
}

extension WordList {
    fileprivate mutating func set(_ name: StaticString, _ value: StaticString) {
        append([UInt8](copying: name.utf8Span), value: [UInt8](copying: value.utf8Span))
    }

    fileprivate mutating func set(_ name: StaticString, _ value: String) {
        append([UInt8](copying: name.utf8Span), value: value.utf8)
    }
}
