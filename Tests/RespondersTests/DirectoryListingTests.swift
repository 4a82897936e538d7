import Foundation
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Directory listings")
struct DirectoryListingTests {
    @Test("Directories come first, then names in order of their bytes; what is hidden or no file is left out")
    func order() throws {
        let folder = try TemporaryDirectory()
        for name in ["b", "a.txt", "B", "é", ".hidden"] { try folder.makeFile(name) }
        for name in ["zoo", "Alpha", ".git"] { try folder.makeDirectory(name) }
        try folder.makeFIFO("fifo")
        #expect(try links(of: page(of: folder)) == ["Alpha/", "zoo/", "B", "a.txt", "b", "%c3%a9"])
    }

    @Test("Names are escaped for HTML and for the link, each in its way")
    func escaping() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("<img src=x onerror=alert(1)>.txt")
        try folder.makeFile("a&b\"'.txt")
        try folder.makeFile("javascript:alert(1)")
        try folder.makeFile("100% ?#.txt")
        let page = try page(of: folder, at: "<sub> & \"")
        #expect(!page.contains("<img"))
        #expect(!page.contains("<sub>"))
        #expect(page.contains("<title>/&lt;sub&gt; &amp; &quot;/</title>"))
        #expect(page.contains(">a&amp;b&quot;&#39;.txt</a>"))
        let expected = [
            "../", "100%25%20%3f%23.txt", "%3cimg%20src%3dx%20onerror%3dalert%281%29%3e.txt",
            "a%26b%22%27.txt", "javascript%3aalert%281%29",
        ]
        #expect(links(of: page) == expected)
    }

    @Test("The root has no way up, what is beneath it has; an empty directory says so")
    func parents() throws {
        let folder = try TemporaryDirectory()
        let root = try page(of: folder)
        #expect(links(of: root) == [])
        #expect(root.contains("This directory is empty."))
        #expect(root.contains("<title>/</title>"))
        let below = try page(of: folder, at: "a/b")
        #expect(links(of: below) == ["../"])
        #expect(below.contains("<h1>/a/b/</h1>"))
        try folder.makeFile("file")
        #expect(try !page(of: folder).contains("empty"))
    }

    @Test("A file's size and time are shown, a directory's size is not")
    func columns() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file", String(repeating: "x", count: 1536))
        try folder.setModified("file", to: 784_111_777)
        try folder.makeDirectory("sub")
        try folder.setModified("sub", to: 951_782_400)
        let page = try page(of: folder)
        #expect(page.contains("file</a><td>1.5 KiB<td>1994-11-06 08:49\n"))
        #expect(page.contains("sub/</a><td><td>2000-02-29 00:00\n"))
    }

    @Test(
        "Sizes are shown in three or four digits and never rounded up",
        arguments: [
            (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1535, "1.4 KiB"), (1536, "1.5 KiB"),
            (102_399, "99.9 KiB"), (102_400, "100 KiB"), (1_048_575, "1023 KiB"), (1_048_576, "1.0 MiB"),
            (1_572_864, "1.5 MiB"), (1_073_741_824, "1.0 GiB"), (1_099_511_627_776, "1.0 TiB"),
            (1_125_899_906_842_624, "1.0 PiB"), (.max, "8191 PiB"),
        ])
    func sizes(byteCount: Int, expected: String) {
        #expect(text(ofSize: byteCount) == expected)
    }

    @Test(
        "Entries are sorted by name, size or time, either way, and by name where those agree",
        arguments: [
            ("", ["dir", "sub", "a", "b", "c"]), ("sort=name&order=asc", ["dir", "sub", "a", "b", "c"]),
            ("sort=name&order=desc", ["sub", "dir", "c", "b", "a"]), ("order=desc", ["sub", "dir", "c", "b", "a"]),
            ("sort=size", ["dir", "sub", "c", "a", "b"]), ("sort=size&order=desc", ["sub", "dir", "b", "a", "c"]),
            ("order=desc&sort=size", ["sub", "dir", "b", "a", "c"]), ("sort=time", ["dir", "sub", "b", "c", "a"]),
            ("sort=time&order=desc", ["sub", "dir", "a", "c", "b"]),
            ("sort=size&order=up", ["dir", "sub", "c", "a", "b"]),
            ("sort=", ["dir", "sub", "a", "b", "c"]), ("sort=colour&&=&x=y", ["dir", "sub", "a", "b", "c"]),
            ("SORT=size", ["dir", "sub", "a", "b", "c"]), ("sort=size&sort=name", ["dir", "sub", "a", "b", "c"]),
            ("sort=%22%3E%3Cscript%3E", ["dir", "sub", "a", "b", "c"]), ("\"><script>", ["dir", "sub", "a", "b", "c"]),
        ])
    func sorting(query: String, expected: [String]) throws {
        let folder = try TemporaryDirectory()
        for (name, content, time) in [("a", "22", 3), ("b", "333", 1), ("c", "1", 2)] {
            try folder.makeFile(name, content)
            try folder.setModified(name, to: time)
        }
        for name in ["sub", "dir"] {
            try folder.makeDirectory(name)
            try folder.setModified(name, to: 7)
        }
        let order = ListingOrder(query: query)
        let page = try page(of: folder, order: order)
        #expect(links(of: page) == expected.map { $0.utf8.count == 1 ? $0 : "\($0)/" })
        #expect(!page.contains("<script"))
        let json = try JSONSerialization.jsonObject(with: Data(json(of: folder, order: order))) as? [[String: Any]]
        #expect(json?.compactMap { $0["name"] as? String } == expected)
    }

    @Test("Each column's head sorts by it, and the other way if it does already")
    func heads() throws {
        let folder = try TemporaryDirectory()
        func heads(_ query: String) throws -> [String] {
            try page(of: folder, order: ListingOrder(query: query)).split(separator: "name=\"order\" value=\"")
                .dropFirst()
                .map { head in
                    let words = head.split(separator: "\"")
                    return "\(words[4]) \(words[0])"
                }
        }
        #expect(
            try heads("") == ["name desc", "size asc", "time asc"])
        #expect(
            try heads("sort=size&order=desc")
                == ["name asc", "size asc", "time asc"])
        #expect(
            try heads("sort=time") == [
                "name asc", "size asc", "time desc",
            ]
        )
    }

    @Test("As JSON, an entry has a name, a type, a size and a time")
    func json() throws {
        let folder = try TemporaryDirectory()
        #expect(try json(of: folder) == [UInt8]("[]\n".utf8))
        try folder.makeFile("a.txt", "hello")
        try folder.setModified("a.txt", to: 784_111_777)
        try folder.makeDirectory("sub")
        try folder.setModified("sub", to: 951_782_400)
        let expected = """
            [{"name":"sub","type":"directory","size":null,"modified":"2000-02-29T00:00:00Z"},
            {"name":"a.txt","type":"file","size":5,"modified":"1994-11-06T08:49:37Z"}]

            """
        #expect(String(decoding: try json(of: folder), as: UTF8.self) == expected)
    }

    @Test(
        "Whatever a name holds, a JSON reader reads it again",
        arguments: [
            "\"", "\\", "\n\r\t", "\u{1}\u{1F}\u{7F}", "é\u{2028}", "<script>", "{\"a\":1}", "😀", "\u{10}\u{F}",
        ])
    func jsonNames(name: String) throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile(name)
        let json = try JSONSerialization.jsonObject(with: Data(try json(of: folder))) as? [[String: Any]]
        #expect(json?.first?["name"] as? String == name)
        #expect(json?.count == 1)
    }

    @Test("Hidden names are listed where the site shows them")
    func hidden() throws {
        let folder = try TemporaryDirectory()
        for name in [".a", "b"] { try folder.makeFile(name) }
        #expect(try links(of: page(of: folder, showsHidden: true)) == [".a", "b"])
    }

    private func listing(
        of folder: TemporaryDirectory, at path: String = "", showsHidden: Bool = false,
        order: ListingOrder = ListingOrder(), as form: DirectoryListing.Form
    ) throws -> [UInt8] {
        let directory = try OpenFile(FileDescriptor.open(folder.path, for: .directory))
        let names = try folder.names(showsHidden: showsHidden)
        let arrangement =
            order.key == .name ? nil : names.arrangement(by: order.key, of: directory, memory: nil, now: 0)
        return DirectoryListing(
            of: directory, names, arrangement: arrangement,
            as: .init(path: [UInt8](path.utf8), order: order, form: form)
        ).whole
    }

    private func page(
        of folder: TemporaryDirectory, at path: String = "", showsHidden: Bool = false,
        order: ListingOrder = ListingOrder()
    ) throws -> String {
        let page = try listing(of: folder, at: path, showsHidden: showsHidden, order: order, as: .page)
        return String(decoding: page, as: UTF8.self)
    }

    private func json(of folder: TemporaryDirectory, order: ListingOrder = ListingOrder()) throws -> [UInt8] {
        try listing(of: folder, order: order, as: .json)
    }

    private func links(of page: String) -> [String] {
        page.split(separator: "<a href=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
            .filter { !$0.hasPrefix("?") }
    }
}

private func text(ofSize byteCount: Int) -> String {
    var text: [UInt8] = []
    ListingPage.appendSize(byteCount, to: &text)
    return String(decoding: text, as: UTF8.self)
}

extension TemporaryDirectory {
    /// The names in it, read anew.
    func names(showsHidden: Bool = false) throws -> DirectoryNames {
        let directory = try OpenFile(FileDescriptor.open(path, for: .directory))
        guard case .names(let names) = try DirectoryNames.read(directory, showsHidden: showsHidden) else {
            throw SystemError("readdir", code: 0)
        }
        return names
    }
}
