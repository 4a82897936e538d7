import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Fields of the connection (RFC 9110 §7.6.1)")
struct ConnectionFieldsTests {
    private static let names = ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade"]

    @Test("A script is given none of them, in any case", arguments: names + ["Transfer-Encoding"])
    func request(name: String) throws {
        let directory = try TemporaryDirectory()
        try directory.makeFile("x")
        let location = try ScriptLocation([UInt8]("x".utf8), endsWithSlash: false, in: Directory(directory.path))
        #expect(ConnectionFields.contains([UInt8](name.lowercased().utf8)))
        for name in [name, name.uppercased(), name.lowercased()] {
            let request = Request("/x", [(name, "x"), ("X-Other", "y")])
            let site = CGISite(prefix: "/", directory: "/srv", documentRoot: "/srv")
            let environment = CGIVariables(request, location, site).environment(identifier: "1")
            let words = environment.words.map { String(decoding: $0, as: UTF8.self) }
            #expect(words.contains("HTTP_X_OTHER=y"))
            #expect(!words.contains { $0.hasSuffix("=x") && $0.hasPrefix("HTTP_") })
        }
    }

    @Test("A script sets none of them", arguments: names)
    func response(name: String) throws {
        let text = [UInt8]("Status: 200\n\(name): x\nX-Other: y\n\n".utf8)
        var start = 0
        let header = try #require(try ScriptHeader.parse(text.span, from: &start)).header
        #expect(header.fields.lines == "X-Other: y\r\n")
    }
}
