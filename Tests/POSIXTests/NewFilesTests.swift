import Glibc
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Files that come into being together")
struct NewFilesTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func file(_ name: String, _ content: String, mode: UInt32 = 0o600) -> NewFiles.File {
        NewFiles.File(path: folder.path(name), content: SecretBytes(content.utf8), mode: mode)
    }

    private func reason(_ files: [NewFiles.File], replacing: Bool = false) -> NewFiles.Fault.Reason? {
        do throws(NewFiles.Fault) {
            try NewFiles.write(files, replacing: replacing)
            return nil
        } catch {
            return error.reason
        }
    }

    private func names() throws -> Set<String> { Set(try WholeFile.names(in: folder.path)) }

    @Test("All are there, with their modes, and nothing besides")
    func whole() throws {
        #expect(reason([file("a", "one", mode: 0o640), file("b", "two")]) == nil)
        #expect(try folder.text("a") == "one" && folder.text("b") == "two")
        #expect(try names() == ["a", "b"])
        for (name, mode) in [("a", 0o640), ("b", 0o600)] as [(String, UInt32)] {
            var raw = stat()
            try #require(unsafe lstat(folder.path(name), &raw) == 0)
            #expect(raw.st_mode & 0o777 == mode)
        }
    }

    @Test("A file that is there stays as it is, and the others are not written")
    func existing() throws {
        try folder.makeFile("b", "old")
        #expect(reason([file("a", "one"), file("b", "two")]) == .exists)
        #expect(try folder.text("b") == "old")
        #expect(try names() == ["b"])
        #expect(reason([file("a", "one"), file("b", "two")], replacing: true) == nil)
        #expect(try folder.text("b") == "two")
        #expect(try names() == ["a", "b"])
    }

    @Test("What is no regular file is never replaced, nor what a link leads to", arguments: [false, true])
    func otherKinds(replacing: Bool) throws {
        try folder.makeDirectory("folder")
        try folder.makeFIFO("fifo")
        try folder.makeFile("target", "old")
        try folder.makeLink("link", to: "target")
        try folder.makeLink("nowhere", to: "new")
        let before = try names()
        for name in ["folder", "fifo", "link", "nowhere"] {
            #expect(reason([file("a", "one"), file(name, "two")], replacing: replacing) == .otherKind)
        }
        #expect(try folder.text("target") == "old")
        #expect(try names() == before)
    }

    @Test(
        "Where one cannot be written there is none, and what was to be replaced is as before", arguments: [false, true])
    func partial(replacing: Bool) throws {
        if replacing { try folder.makeFile("a", "old") }
        let before = try names()
        #expect(reason([file("a", "one"), file("missing/b", "two")], replacing: replacing) == .system(.missing))
        #expect(reason([file("a", "one"), file("./a", "two")], replacing: replacing) == .exists)
        #expect(try names() == before)
        if replacing { #expect(try folder.text("a") == "old") }
    }

    @Test("Where the second finds something in its place at the last moment the first is taken back")
    func late() throws {
        // While both are prepared the first has this name.
        let name = "a.\(ThisProcess.identifier).new"
        #expect(reason([file("a", "one"), file(name, "two")]) == .exists)
        #expect(try names().isEmpty)
    }
}

extension SystemError {
    fileprivate static var missing: SystemError { SystemError("open", code: ENOENT) }
}
