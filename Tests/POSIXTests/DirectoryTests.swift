import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Files beneath a directory", .timeLimit(.minutes(1)))
struct DirectoryTests {
    private static let resolutions: [Directory.Resolution] = [.beneath, .checked]

    /// A root with a file, a folder, a FIFO and links, and a neighbour that nobody may see.
    private static func makeTree() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try folder.makeDirectory("root")
        try folder.makeDirectory("root/sub")
        try folder.makeDirectory("root-secret")
        try folder.makeFile("root-secret/key", "secret")
        try folder.makeFile("outside", "secret")
        try folder.makeFile("root/file", "content")
        try folder.makeFile("root/sub/deep", "deep content")
        try folder.makeFIFO("root/fifo")
        try folder.makeLink("root/relative", to: "sub/deep")
        try folder.makeLink("root/sub/up", to: "../file")
        try folder.makeLink("root/absolute", to: folder.path("root/sub/deep"))
        try folder.makeLink("root/round", to: "../root/file")
        try folder.makeLink("root/out", to: "../outside")
        try folder.makeLink("root/out-absolute", to: folder.path("outside"))
        try folder.makeLink("root/neighbour", to: folder.path("root-secret/key"))
        try folder.makeLink("root/system", to: "/etc")
        try folder.makeLink("root/parent", to: "..")
        try folder.makeLink("root/self", to: ".")
        try folder.makeLink("root/dangling", to: "nothing")
        try folder.makeLink("root/circle", to: "circle")
        return folder
    }

    private static func open(_ path: String, _ resolution: Directory.Resolution) throws -> String {
        let folder = try makeTree()
        let root = try Directory(folder.path("root"), resolution: resolution)
        let file = try root.open([UInt8](path.utf8))
        var bytes = [UInt8](repeating: 0, count: 100)
        var room = bytes.mutableSpan
        let count = try file.descriptor.read(into: &room, at: 0)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test(
        "Files inside are opened, through links inside too, relative and absolute",
        arguments: [
            ("file", "content"), ("sub/deep", "deep content"), ("relative", "deep content"), ("sub/up", "content"),
            ("absolute", "deep content"), ("round", "content"), ("self/self/file", "content"),
        ], resolutions)
    func inside(expected: (path: String, content: String), resolution: Directory.Resolution) throws {
        #expect(try Self.open(expected.path, resolution) == expected.content)
    }

    @Test(
        "What leads outside is an escape, however it gets there",
        arguments: [
            "out", "out-absolute", "neighbour", "system", "system/hostname", "parent", "parent/outside",
            "self/parent/root-secret/key", "..", "../outside", "sub/../../outside", "/etc/passwd", "/",
        ], resolutions)
    func outside(path: String, resolution: Directory.Resolution) {
        let error = #expect(throws: SystemError.self) { try Self.open(path, resolution) }
        #expect(error?.isEscape == true, "\(path): \(error?.description ?? "")")
    }

    @Test(
        "What is not there is missing", arguments: ["nothing", "sub/nothing", "dangling", "file/below"], resolutions)
    func missing(path: String, resolution: Directory.Resolution) {
        let error = #expect(throws: SystemError.self) { try Self.open(path, resolution) }
        #expect(error?.isMissing == true)
    }

    @Test("Links in a circle and endless names are told apart from missing ones", arguments: resolutions)
    func loops(resolution: Directory.Resolution) {
        let circle = #expect(throws: SystemError.self) { try Self.open("circle", resolution) }
        #expect(circle?.isLoop == true)
        let long = #expect(throws: SystemError.self) {
            try Self.open(String(repeating: "x", count: 300), resolution)
        }
        #expect(long?.isNameTooLong == true)
    }

    @Test("What is neither a file nor a directory is not opened, though it could be", arguments: resolutions)
    func fifo(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        try folder.makeLink("root/fifo-link", to: "fifo")
        let root = try Directory(folder.path("root"), resolution: resolution)
        for name in ["fifo", "fifo-link"] {
            let error = #expect(throws: SystemError.self) { _ = try root.open([UInt8](name.utf8)) }
            #expect(error?.hasNoFarEnd == true && error?.call == "open")
        }
    }

    @Test("Whether something can be reached is told without opening it")
    func reaching() throws {
        let folder = try Self.makeTree()
        try folder.makeLink("root/etc", to: "/etc")
        for resolution in [Directory.Resolution.beneath, .checked] {
            let root = try Directory(folder.path("root"), resolution: resolution)
            let names = ["absolute", "sub", "fifo", "circle"].map { root.reaches([UInt8]($0.utf8)) }
            #expect(names == [true, true, true, false])
            #expect(!root.reaches([UInt8]("etc".utf8)) && !root.reaches([UInt8]("etc/passwd".utf8)))
        }
        #expect(try Directory(folder.path("root"), resolution: .anywhere).reaches([UInt8]("etc/passwd".utf8)))
    }

    @Test("What stands at a path can be told without the right to read it", arguments: resolutions)
    func status(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        try folder.makeSocket("root/socket")
        let root = try Directory(folder.path("root"), resolution: resolution)
        // A socket cannot be opened for reading by anybody.
        #expect(throws: SystemError.self) { _ = try root.open([UInt8]("socket".utf8)) }
        let kinds: [(String, FileStatus.Kind)] = [
            ("socket", .other), ("fifo", .other), ("absolute", .regular), ("sub", .directory), ("self", .directory),
        ]
        for (path, kind) in kinds { #expect(try root.status(of: [UInt8](path.utf8)).kind == kind) }
        for path in ["out", "out-absolute", "parent"] {
            let error = #expect(throws: SystemError.self) { try root.status(of: [UInt8](path.utf8)) }
            #expect(error?.isEscape == true)
        }
    }

    @Test("The empty path is the directory itself, and lists what is in it", arguments: resolutions)
    func listing(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        let root = try Directory(folder.path("root"), resolution: resolution)
        let entries = try root.open([]).descriptor.entries()
        var kinds: [String: FileStatus.Kind] = [:]
        for entry in entries { kinds[String(decoding: entry.name, as: UTF8.self)] = entry.status.kind }
        #expect(entries.count == kinds.count)
        #expect(kinds["file"] == .regular)
        #expect(kinds["sub"] == .directory)
        #expect(kinds["fifo"] == .other)
        #expect(kinds["relative"] == .regular, "the status is the link's target's")
        #expect(kinds["self"] == .directory)
        for absent in [".", "..", "dangling", "circle"] { #expect(kinds[absent] == nil) }
        let size = entries.first { $0.name == [UInt8]("file".utf8) }?.status.byteCount
        #expect(size == 7)
    }

    @Test("What is no directory cannot be a root")
    func root() throws {
        let folder = try Self.makeTree()
        let file = #expect(throws: SystemError.self) { _ = try Directory(folder.path("root/file")) }
        #expect(file?.isMissing == true)
        let nothing = #expect(throws: SystemError.self) { _ = try Directory(folder.path("nothing")) }
        #expect(nothing?.isMissing == true)
    }

    @Test("Files stay reachable when the root itself is named through a link", arguments: resolutions)
    func rootThroughLink(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        try folder.makeLink("alias", to: "root")
        let root = try Directory(folder.path("alias"), resolution: resolution)
        let size = try root.open([UInt8]("absolute".utf8)).status.byteCount
        #expect(size == 12)
    }
}

@Suite("The names in a directory")
struct DirectoryReadingTests {
    @Test("Each has a NUL behind it and its kind, and they are read from the first on each time")
    func names() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file", "content")
        try folder.makeDirectory("directory")
        try folder.makeLink("link", to: "file")
        try folder.makeLink("dangling", to: "nothing")
        try folder.makeFIFO("fifo")
        for name in [".hidden", "..."] { try folder.makeFile(name) }
        let directory = try FileDescriptor.open(folder.path, for: .directory)
        for _ in 1...2 {
            var kinds: [String: EntryKind] = [:]
            var sizes: [String: Int] = [:]
            try directory.forEachName { name, kind in
                let text = String(decoding: (0..<name.count - 1).map { name[$0] }, as: UTF8.self)
                #expect(name[name.count - 1] == 0)
                kinds[text] = kind
                sizes[text] = directory.status(ofEntry: name)?.byteCount
                return true
            }
            #expect(Set(kinds.keys) == ["file", "directory", "link", "dangling", "fifo", ".hidden", "..."])
            #expect(kinds["link"] == .unknown && kinds["fifo"] == .other)
            #expect(sizes["file"] == 7 && sizes["link"] == 7 && sizes["dangling"] == nil)
        }
        var count = 0
        try directory.forEachName { _, _ in
            count += 1
            return count < 3
        }
        #expect(count == 3, "it ends when it is told to")
        #expect(directory.status(ofEntry: [UInt8]("file".utf8).span) == nil, "without its NUL it is no name")
        #expect(directory.status(ofEntry: [UInt8(0)].span) == nil)
    }

    @Test("What is no directory has none")
    func noDirectory() throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file")
        let file = try FileDescriptor.open(folder.path("file"), for: .reading)
        #expect(throws: SystemError.self) { try file.forEachName { _, _ in true } }
    }
}
