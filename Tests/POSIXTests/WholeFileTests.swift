import Glibc
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Whole files")
struct WholeFileTests {
    @Test("What was written is read, whatever its size", arguments: [0, 1, 64 * 1024, 64 * 1024 + 1, 300_000])
    func roundTrip(byteCount: Int) throws {
        let folder = try TemporaryDirectory()
        let content = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        try WholeFile.write(content, to: folder.path("file"), mode: 0o600)
        #expect(try WholeFile.read(folder.path("file")) == content)
    }

    @Test("A new file has the mode that was asked for, from its first moment", arguments: [0o600, 0o400] as [UInt32])
    func mode(mode: UInt32) throws {
        let folder = try TemporaryDirectory()
        try WholeFile.write([1], to: folder.path("file"), mode: mode)
        #expect(try Self.mode(of: folder.path("file")) == mode)
    }

    @Test("Replacing a file replaces its mode, and leaves those who read the old one alone")
    func replacing() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file", "old")
        let old = try FileDescriptor.open(folder.path("file"), for: .reading)
        try WholeFile.write([UInt8]("new".utf8), to: folder.path("file"), mode: 0o600)
        #expect(try Self.mode(of: folder.path("file")) == 0o600)
        var bytes: [UInt8] = [0, 0, 0]
        var room = bytes.mutableSpan
        let count = try old.read(into: &room, at: 0)
        #expect(count == 3)
        #expect(String(decoding: bytes, as: UTF8.self) == "old")
        #expect(try WholeFile.read(folder.path("file")) == [UInt8]("new".utf8))
    }

    @Test("A draft that an earlier process left does not get in the way, and none stays behind")
    func drafts() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file.\(ThisProcess.identifier).new", "left behind")
        try WholeFile.write([1], to: folder.path("file"), mode: 0o600)
        #expect(try names(in: folder) == ["file"])
    }

    @Test("A write that cannot end leaves no draft and no change")
    func failing() throws {
        let folder = try TemporaryDirectory()
        try folder.makeDirectory("directory")
        let error = #expect(throws: SystemError.self) {
            try WholeFile.write([1], to: folder.path("directory"), mode: 0o600)
        }
        #expect(error?.call == "rename")
        #expect(try names(in: folder) == ["directory"])
    }

    @Test("A file that is not there is missing, to read or to write into")
    func missing() throws {
        let folder = try TemporaryDirectory()
        let reading = #expect(throws: SystemError.self) { try WholeFile.read(folder.path("none")) }
        #expect(reading?.isMissing == true)
        let writing = #expect(throws: SystemError.self) {
            try WholeFile.write([], to: folder.path("none/file"), mode: 0o600)
        }
        #expect(writing?.isMissing == true)
    }

    @Test("A directory is made with those above it, for its owner alone, and may be there already")
    func directories() throws {
        let folder = try TemporaryDirectory()
        try WholeFile.makeDirectory(folder.path("a/b/c"))
        try WholeFile.makeDirectory(folder.path("a/b/c"))
        #expect(try Self.mode(of: folder.path("a")) == 0o700)
        #expect(try Self.mode(of: folder.path("a/b/c")) == 0o700)
        try folder.makeFile("file")
        #expect(throws: SystemError.self) { try WholeFile.makeDirectory(folder.path("file/below")) }
        #expect(throws: SystemError.self) { try WholeFile.makeDirectory(folder.path("file")) }
    }

    @Test("A canonical path has no links and no dots")
    func canonical() throws {
        let folder = try TemporaryDirectory()
        try folder.makeDirectory("a")
        try folder.makeLink("b", to: "a")
        #expect(WholeFile.canonicalPath(folder.path("a/.././b/")) == WholeFile.canonicalPath(folder.path("a")))
        #expect(WholeFile.canonicalPath(folder.path("b"))?.hasSuffix("/a") == true)
        #expect(WholeFile.canonicalPath(folder.path("none")) == nil)
    }

    private func names(in folder: TemporaryDirectory) throws -> [String] {
        try FileDescriptor.open(folder.path, for: .directory).entries()
            .map { String(decoding: $0.name, as: UTF8.self) }.sorted()
    }

    private static func mode(of path: String) throws -> UInt32 {
        var raw = stat()
        try #require(unsafe stat(path, &raw) == 0)
        return raw.st_mode & 0o777
    }
}
