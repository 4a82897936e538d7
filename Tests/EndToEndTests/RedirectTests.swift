import Foundation
import MartinetTestSupport
import Testing

@Suite("From plain HTTP to HTTPS")
struct RedirectTests {
    /// The status, Location, Cache-Control and Connection of the answer to a plain request with this Host.
    private static func ask(_ url: String, _ host: String?, _ options: String...) throws -> String {
        let shown = "%{http_code} %header{location} %header{cache-control} %header{connection}"
        let outcome = try Client.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", shown, "-H", host.map { "Host: \($0)" } ?? "Host:"]
                + options + [url])
        return outcome.out + outcome.err
    }

    @Test("Both ports send clients to the certificate's names, and to no others")
    func names() throws {
        try Server.run(["--redirect-from", "127.0.0.1:0", "--host", "*.app.test"]) { server in
            let line = try #require(server.banner.first { $0.hasPrefix("redirects") })
            let plain = try #require(line.split(separator: " ").last).description
            for (url, port) in [(plain, "80"), ("http://127.0.0.1:\(server.port)/", "\(server.port)")] {
                for host in ["localhost", "www.app.test", "127.0.0.1", "[::1]"] {
                    #expect(
                        try Self.ask("\(url)a?b", "\(host):\(port)")
                            == "308 https://\(host):\(server.port)/a?b no-store close")
                }
                for host in ["evil.example", "app.test", "192.0.2.1", "[::2]"] {
                    #expect(try Self.ask(url, host) == "400  no-store close")
                }
                #expect(try Self.ask(url, nil, "--http1.0") == "400  no-store close")
            }
        }
    }

    @Test("An authority's challenge is answered on the port for plain HTTP, whatever the host, and nothing else is")
    func challenge() throws {
        let folder = try TemporaryDirectory()
        try folder.makeDirectory(".well-known")
        try folder.makeDirectory(".well-known/acme-challenge")
        try folder.makeFile(".well-known/acme-challenge/token", "token")
        try folder.makeFile("page", "page")
        try Server.run(["--redirect-from", "127.0.0.1:0", "--spa"], folder: folder) { server in
            let line = try #require(server.banner.first { $0.hasPrefix("redirects") })
            let url = try #require(line.split(separator: " ").last) + ".well-known/acme-challenge/"
            for host in ["localhost", "example.org"] {
                let token = try Client.run(["curl", "-sSf", "-H", "Host: \(host)", url + "token"])
                #expect(token.out == "token")
                for path in ["none", ""] { #expect(try Self.ask(url + path, host).hasPrefix("404 ")) }
            }
            #expect(try Self.ask("\(url)../../page", "localhost", "--path-as-is").hasPrefix("308 "))
            let secure = try server.curl("-f", path: ".well-known/acme-challenge/token")
            #expect(secure.out == "token")
        }
    }
}
