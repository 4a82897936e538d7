import MartinetTLS
import Testing

@testable import MartinetCommand

@Suite("Names that a certificate can be made for")
struct CertificateNameTests {
    @Test(
        "Hosts, stars, addresses, and for clients mail addresses",
        arguments: [
            "app.test", "*.app.test", "localhost", "*.test", "www.example.org", "10.0.0.1", "::1", "xn--bcher-kva.test",
        ])
    func good(name: String) {
        for isForClients in [true, false] {
            #expect(CertificateName.problem(with: name, isForClients: isForClients) == nil)
        }
    }

    @Test(
        "What is none is refused with its reason",
        arguments: [
            ("*.org", "other people's names"), ("a b", "neither a host name"), ("", "neither a host name"),
            ("https://app.test", "neither a host name"), ("bücher.test", "Punycode"), ("a\u{1B}b", "neither"),
            ("a_b.test", "neither a host name"), ("ada@example.test", "give --client"), ("@", "no mail address"),
            ("ada@", "no mail address"), ("@example.test", "no mail address"), ("a@b@c", "no mail address"),
            ("a..b@c.test", "no mail address"), ("a,b@c.test", "no mail address"), ("ä@c.test", "no mail address"),
            ("ada@10.0.0.1", "no mail address"), ("ada@*.test", "no mail address"), ("*.a.*.test", "neither"),
            ("192.168.1", "neither"), ("999.1.1.1", "neither"), ("0x7f000001", "neither"), ("app.test.5", "neither"),
        ])
    func bad(name: String, words: String) throws {
        let problem = try #require(CertificateName.problem(with: name, isForClients: false))
        #expect(problem.contains(words), "\(problem)")
    }

    @Test("Mail addresses are for clients")
    func mail() {
        for name in ["ada@example.test", "a.d+x@example.test", "root@localhost"] {
            #expect(CertificateName.problem(with: name, isForClients: true) == nil)
        }
    }

    @Test("A common name that looks like a host must be one of the names")
    func commonNames() {
        #expect(CertificateName.problem(withCommonName: "Ada Lovelace", among: []) == nil)
        #expect(CertificateName.problem(withCommonName: "app.test", among: ["APP.test"]) == nil)
        for name in ["www.example.org", "10.0.0.1", "", "a\nb", String(repeating: "x", count: 65)] {
            #expect(CertificateName.problem(withCommonName: name, among: ["app.test"]) != nil)
        }
    }

    @Test("Names are in one form, and once")
    func merged() {
        #expect(
            CertificateName.merged([
                "App.Test", "app.test", "::0001", "::1", "Ada@Example.test", "Ada@example.TEST", "b",
            ])
                == ["app.test", "::1", "Ada@example.test", "b"])
    }

    @Test("Files are called as mkcert calls them")
    func files() {
        func stem(_ names: [String], client: Bool = false, commonName: String? = nil) -> String {
            var template = CertificateTemplate(names: names)
            (template.isForClients, template.isForServers, template.commonName) = (client, !client, commonName)
            return CertificateMaker.Files.stem(template)
        }
        #expect(stem(["app.test"]) == "app.test")
        #expect(stem(["*.app.test", "app.test", "::1"]) == "_wildcard.app.test+2")
        #expect(stem(["::1"]) == "__1")
        #expect(stem(["ada@example.test"], client: true) == "ada@example.test-client")
        #expect(stem([], client: true, commonName: "../ada/x") == "_._ada_x-client")
        #expect(stem([], client: true, commonName: "-rf") == "_rf-client")
        #expect(stem([String(repeating: "a.", count: 120) + "test"]).utf8.count < 200)
    }
}
