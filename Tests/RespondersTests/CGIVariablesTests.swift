import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("What a script is told (RFC 3875 §4.1)")
struct CGIVariablesTests {
    private func location(_ path: String, slash: Bool = false, prefix: String = "cgi-bin") throws -> ScriptLocation {
        let directory = try TemporaryDirectory()
        try directory.makeFile("script")
        return try ScriptLocation(
            [UInt8](path.utf8), endsWithSlash: slash, in: Directory(directory.path), prefix: [UInt8](prefix.utf8))
    }

    private func variables(
        _ request: Request, at path: String = "script", slash: Bool = false,
        _ change: (inout CGISite) -> Void = { _ in }
    ) throws -> [String: String] {
        var site = CGISite(prefix: "/cgi-bin/", directory: "/srv/cgi", documentRoot: "/srv/www")
        change(&site)
        let location = try location(path, slash: slash, prefix: site.prefix == "/" ? "" : "cgi-bin")
        let words = CGIVariables(request, location, site).environment(identifier: "id-1").words
        var variables: [String: String] = [:]
        for word in words {
            let parts = String(decoding: word, as: UTF8.self).split(separator: "=", maxSplits: 1)
            #expect(variables.updateValue(parts.count > 1 ? String(parts[1]) : "", forKey: String(parts[0])) == nil)
        }
        return variables
    }

    @Test("Path and names are split at the script")
    func path() throws {
        let told = try variables(Request("/cgi-bin/script/a b/c"), at: "script/a b/c", slash: true)
        #expect(told["SCRIPT_NAME"] == "/cgi-bin/script")
        #expect(told["SCRIPT_FILENAME"] == "/srv/cgi/script")
        #expect(told["PATH_INFO"] == "/a b/c/")
        #expect(told["PATH_TRANSLATED"] == "/srv/www/a b/c/")
        #expect(told["DOCUMENT_ROOT"] == "/srv/www")
        let plain = try variables(Request("/cgi-bin/script"))
        #expect(plain["PATH_INFO"] == nil && plain["PATH_TRANSLATED"] == nil)
        #expect(try variables(Request("/"), at: "script") { $0.prefix = "/" }["SCRIPT_NAME"] == "/script")
    }

    @Test("The operator's variables are there, and PATH may be one of them")
    func ownVariables() throws {
        let told = try variables(Request("/x")) {
            $0.variables = [.init(name: "GIT_PROJECT_ROOT", value: "/srv/a=b, c"), .init(name: "EMPTY", value: "")]
        }
        #expect(told["GIT_PROJECT_ROOT"] == "/srv/a=b, c" && told["EMPTY"] == "" && told["PATH"]?.isEmpty == false)
        #expect(try variables(Request("/x")) { $0.variables = [.init(name: "PATH", value: "/bin")] }["PATH"] == "/bin")
    }

    @Test("No variable that the server sets is the operator's to set")
    func reserved() throws {
        var request = Request(
            "/x", [("Content-Length", "0"), ("Content-Type", "a"), ("X-A", "1"), ("Authorization", "Basic YTpi")])
        request.peer = Peer(
            address: "192.0.2.7", port: 1, localAddress: .init(host: "192.0.2.1", port: 443),
            session: .init(protocolVersion: "TLSv1.3", cipher: "a", serverName: "b"))
        let told = try variables(request, at: "script/info") { $0.namesUser = true }
        #expect(told.keys.filter { !CGISite.isReserved($0) } == ["PATH"])
        #expect(!CGISite.isReserved("GIT_HTTP_EXPORT_ALL") && !CGISite.isReserved("HOME"))
    }

    @Test("A request without content and query says so")
    func bare() throws {
        let told = try variables(Request("/x"))
        #expect(told["QUERY_STRING"] == "")
        #expect(try variables(Request("/x", [("Content-Length", "0")]))["CONTENT_LENGTH"] == "0")
        #expect(told["CONTENT_LENGTH"] == nil && told["CONTENT_TYPE"] == nil)
        #expect(told["GATEWAY_INTERFACE"] == "CGI/1.1" && told["HTTPS"] == "on" && told["REDIRECT_STATUS"] == "200")
        #expect(told["REQUEST_ID"] == "id-1")
        #expect(told["SERVER_NAME"] == "127.0.0.1" && told["SERVER_PORT"] == "443")
    }

    @Test(
        "The server's name is the one it was called by",
        arguments: [
            ("example.org", "example.org", "443"), ("example.org:8443", "example.org", "8443"),
            ("[::1]:8443", "[::1]", "8443"), ("[::1]", "[::1]", "443"), ("192.0.2.1:1", "192.0.2.1", "1"),
        ])
    func server(authority: String, name: String, port: String) throws {
        let told = try variables(Request("/x", authority: authority))
        #expect(told["SERVER_NAME"] == name && told["SERVER_PORT"] == port)
    }

    @Test(
        "A script is told the version of the request",
        arguments: zip([.http10, .http11, .http2] as [HTTPVersion], ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"]))
    func version(_ version: HTTPVersion, text: String) throws {
        var request = Request("/x")
        request.version = version
        #expect(try variables(request)["SERVER_PROTOCOL"] == text)
    }

    @Test("A server that was not named has its address for a name")
    func unnamedServer() throws {
        var request = Request("/x")
        request.peer = Peer(address: "::1", port: 1, localAddress: .init(host: "::1", port: 8443))
        let told = try variables(request)
        #expect(told["SERVER_NAME"] == "[::1]" && told["SERVER_ADDR"] == "::1" && told["SERVER_PORT"] == "8443")
    }

    @Test("The connection is described as mod_ssl does")
    func connection() throws {
        var request = Request("/x", authority: "example.org:1")
        request.peer = Peer(
            address: "192.0.2.7", port: 50_000, localAddress: .init(host: "192.0.2.1", port: 8443),
            session: .init(
                protocolVersion: "TLSv1.2", cipher: "ECDHE-ECDSA-AES256-GCM-SHA384", isResumed: true,
                serverName: "example.org"))
        let told = try variables(request)
        #expect(told["REMOTE_ADDR"] == "192.0.2.7" && told["REMOTE_HOST"] == "192.0.2.7")
        #expect(told["REMOTE_PORT"] == "50000")
        #expect(told["SERVER_ADDR"] == "192.0.2.1" && told["SERVER_PORT"] == "8443")
        #expect(told["SSL_PROTOCOL"] == "TLSv1.2" && told["SSL_CIPHER"] == "ECDHE-ECDSA-AES256-GCM-SHA384")
        #expect(told["SSL_CIPHER_USEKEYSIZE"] == "256" && told["SSL_TLS_SNI"] == "example.org")
        #expect(told["SSL_SESSION_RESUMED"] == "Resumed" && told["SSL_CLIENT_VERIFY"] == "NONE")
        #expect(!told.keys.contains { $0.hasPrefix("SSL_CLIENT_S") })
    }

    @Test("A client's certificate is described as mod_ssl does")
    func clientCertificate() throws {
        var request = Request("/x")
        request.peer = Peer(
            address: "192.0.2.7", port: 1,
            session: .init(
                protocolVersion: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256",
                clientCertificate: ClientCertificate([
                    .init("S_DN", "CN=Ada,O=Example"), .init("SAN_Email_0", "ada@example.org"),
                ])))
        let told = try variables(request)
        #expect(told["SSL_CLIENT_VERIFY"] == "SUCCESS")
        #expect(told["SSL_CLIENT_S_DN"] == "CN=Ada,O=Example" && told["SSL_CLIENT_SAN_Email_0"] == "ada@example.org")
    }

    @Test("Fields become HTTP_ variables; those that could deceive a script do not")
    func fields() throws {
        let request = Request(
            "/x",
            [
                ("Accept", "a"), ("X-One", "1"), ("x-one", "2"), ("Cookie", "a=1"), ("Cookie", "b=2"),
                ("Proxy", "evil"), ("X_Two", "evil"), ("X.Three", "evil"), ("Authorization", "Basic YTpi"),
                ("Connection", "close, X-Hop ,\tx-Jump"), ("X-Hop", "1"), ("Connection", "X-Last"), ("X-JUMP", "1"),
                ("X-Last", "1"), ("Transfer-Encoding", "chunked"), ("Content-Type", "t/u"), ("Te", "x"),
                ("Upgrade", "x"), ("Expect", "100-continue"), ("Keep-Alive", "x"),
            ])
        let told = try variables(request)
        let names = told.keys.filter { $0.hasPrefix("HTTP_") }.sorted()
        #expect(names == ["HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_X_ONE"])
        #expect(told["HTTP_X_ONE"] == "1, 2" && told["HTTP_COOKIE"] == "a=1; b=2")
        #expect(told["CONTENT_TYPE"] == "t/u")
        #expect(told["REMOTE_USER"] == nil && told["AUTH_TYPE"] == nil)
        let trusted = try variables(request) {
            $0.passesAuthorization = true
            $0.namesUser = true
        }
        #expect(trusted["HTTP_AUTHORIZATION"] == "Basic YTpi")
        #expect(trusted["REMOTE_USER"] == "a" && trusted["AUTH_TYPE"] == "Basic")
    }

    @Test("A client that names fields in Connection takes none from the script that tell who asks for what")
    func endToEnd() throws {
        let fields = [
            ("Host", "example.org"), ("Cookie", "a=1"), ("Authorization", "Basic YTpi"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Proto", "https"), ("x-forwarded-anything", "1"), ("Forwarded", "for=192.0.2.1"),
            ("X-Real-IP", "192.0.2.1"),
        ]
        let names = fields.map(\.0)
        for options in [names.joined(separator: ", "), names.joined(separator: ",").uppercased()] {
            let others = [("Connection", options), ("X-Forwarded", "1"), ("Connection", "X-Forwarded")]
            let request = Request("/x", fields + others)
            let told = try variables(request) { $0.passesAuthorization = true }
            let expected = names.map { "HTTP_" + $0.uppercased().split(separator: "-").joined(separator: "_") }
            #expect(told.keys.filter { $0.hasPrefix("HTTP_") }.sorted() == expected.sorted())
        }
    }

    @Test(
        "An indexed query is a list of words (RFC 3875 §4.4)",
        arguments: [
            (nil, []), ("", []), ("a", ["a"]), ("a+b", ["a", "b"]), ("a%20b+c%2Bd", ["a b", "c+d"]), ("a=b", []),
            ("a%3Db", ["a=b"]), ("a++b", ["a", "", "b"]), ("-s", []), ("a+-s", []), ("%2ds", []), ("a%00", []),
            ("a%", []), ("a%zz", []), ("a%2", []),
        ] as [(String?, [String])])
    func words(query: String?, expected: [String]) throws {
        let site = CGISite(prefix: "/", directory: "/srv/cgi", documentRoot: "/srv/www")
        let variables = CGIVariables(Request("/x", query: query), try location("script"), site)
        #expect(variables.searchWords.map { String(decoding: $0, as: UTF8.self) } == expected)
        let posted = CGIVariables(Request("/x", query: query, method: .post), try location("script"), site)
        #expect(posted.searchWords.isEmpty)
    }
}
