import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("What is not for clients")
struct ConcealmentTests {
    /// A site with a key, which is also its index, an error page and a page for applications, and a link to it.
    private static func makeSite(_ change: (inout FileSite) -> Void = { _ in }) throws -> Site {
        let site = try Site { site in
            site.concealed.files = ["\(site.root)/key.pem"]
            site.indexNames = ["key.pem", "index"]
            change(&site)
        }
        try site.folder.makeFile("key.pem", "secret")
        try site.folder.makeFile("key.pem.gz", "secret")
        try site.folder.makeDirectory("sub")
        try site.folder.makeHardLink("sub/key.pem", to: "key.pem")
        try site.folder.makeHardLink(".hidden", to: "key.pem")
        try site.folder.makeFile("page.html", "public")
        try site.folder.makeHardLink("page.html.gz", to: "key.pem")
        try site.folder.makeLink("link", to: "key.pem")
        return site
    }

    @Test(
        "No spelling of its path is answered with anything but 404",
        arguments: [
            "/key.pem", "/%6Bey.pem", "/./key.pem", "//key.pem", "/sub/../key.pem", "/key.pem/", "/%2E/key%2epem",
            "/sub/%2e%2e/key.pem", "/key.pem/.", "/link", "/sub/key.pem", "/sub//key.pem", "/key.pem.gz", "/.hidden",
        ])
    func paths(path: String) throws {
        let site = try Self.makeSite { $0.showsHidden = true }
        let missing = try site.get("/nothing")
        for fields in [[], [("Range", "bytes=0-1")], [("Accept-Encoding", "gzip")], [("If-None-Match", "*")]] {
            let answer = try site.get(path, fields)
            #expect(answer.status == .notFound && answer.content == missing.content, "\(path) \(fields)")
            #expect(try site.get(path, method: .head, fields).fields == missing.fields)
        }
    }

    @Test("It is no index, no page for what is missing, and no form of another file")
    func otherUses() throws {
        let site = try Self.makeSite { $0.fallbackFile = "key.pem" }
        #expect(try site.get("/sub/").content.contains("This directory is empty."))
        #expect(try site.get("/nothing", [("Accept", "text/html")]).status == .notFound)
        #expect(site.responder.page(at: [UInt8]("key.pem".utf8)) == nil)
        let page = try site.get("/page.html", [("Accept-Encoding", "gzip")])
        #expect(page.content == "public" && page["Content-Encoding"] == nil)
    }

    @Test("Listings leave it out, for people and for programs")
    func listings() throws {
        let site = try Self.makeSite { $0.showsHidden = true }
        for accept in ["text/html", "application/json"] {
            let listing = try site.get("/", [("Accept", accept)])
            #expect(listing.status == .ok && listing.content.contains("page.html"))
            for name in ["key.pem", "link", ".hidden", "page.html.gz"] {
                #expect(!listing.content.contains("\(name)\""), "\(name)")
            }
        }
    }

    @Test("Without a key in it, the site is as it was")
    func others() throws {
        let site = try Self.makeSite { $0.concealed.files = ["/nonexistent/key.pem"] }
        #expect(try site.get("/key.pem").content == "secret")
        #expect(try site.get("/sub/").content == "secret")
    }
}
