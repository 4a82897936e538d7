import Foundation
import MartinetTestSupport
import Testing

@testable import MartinetPOSIX

@Suite("Files that are not for clients", .timeLimit(.minutes(1)))
struct ConcealedFilesTests {
    private static let resolutions: [Directory.Resolution] = [.beneath, .checked, .anywhere]

    /// A root with a key, a log and scripts in it, and a key and scripts beside it, each with links to it.
    private static func makeTree() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        for name in ["root", "root/sub", "root/cgi", "root/cgi/deep", "scripts", "scripts/deep"] {
            try folder.makeDirectory(name)
        }
        for name in ["root/page", "root/sub/page", "root/key.pem.html", "root/key.pemx", "root/key"] {
            try folder.makeFile(name, "public")
        }
        for name in [
            "root/key.pem", "root/key.pem~", "root/key.pem.gz", "root/key.pem.bak", "root/log", "root/log.1",
            "root/log.2.gz", "root/log-20260101", "root/cgi/run", "root/cgi/deep/run", "key", "scripts/run",
            "scripts/deep/run",
        ] { try folder.makeFile(name, "secret") }
        for (link, target) in [
            ("root/hard", "root/key.pem"), ("root/hard-out", "key"), ("root/hard-script", "root/cgi/deep/run"),
            ("root/hard-script-out", "scripts/deep/run"), ("root/sub/hard-log", "root/log"),
        ] { try folder.makeHardLink(link, to: target) }
        for (link, target) in [
            ("root/soft", "key.pem"), ("root/sub/soft", "../key.pem"), ("root/soft-log", folder.path("root/log")),
            ("root/soft-script", "cgi/run"), ("root/soft-scripts", "cgi"), ("root/soft-hard", "hard"),
            ("root/round", "sub/../key.pem"), ("root/self", "."), ("root/soft-copy", "key.pem.gz"),
        ] { try folder.makeLink(link, to: target) }
        for (link, target) in [
            ("root/leaving", "../key"), ("root/leaving-absolute", folder.path("key")), ("root/parent", ".."),
        ] { try folder.makeLink(link, to: target) }
        return folder
    }

    private static func paths(_ folder: TemporaryDirectory) -> ConcealedPaths {
        var paths = ConcealedPaths()
        paths.files = ["root/key.pem", "root/log", "root/later", "key"].map(folder.path)
        paths.directories = ["root/cgi", "scripts", "root/nowhere"].map(folder.path)
        return paths
    }

    @Test("Neither names, nor copies' names, nor links of any kind lead to one", arguments: resolutions)
    func concealed(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        let root = try ConcealingRoot(folder, resolution, Self.paths(folder))
        for path in [
            "key.pem", "key.pem~", "key.pem.gz", "key.pem.bak", "log", "log.1", "log.2.gz", "log-20260101", "cgi",
            "cgi/run", "cgi/deep", "cgi/deep/run", "hard", "hard-out", "hard-script", "hard-script-out",
            "sub/hard-log", "soft", "sub/soft", "soft-log", "soft-script", "soft-scripts", "soft-scripts/run",
            "soft-hard", "round", "self/key.pem", "self/sub/hard-log", "soft-copy",
        ] { #expect(root.isMissing(path), "\(path)") }
        for path in ["page", "sub/page", "key.pem.html", "key.pemx", "key", "", "sub", "self/page"] {
            #expect(!root.isMissing(path), "\(path)")
        }
    }

    @Test("Where links are followed anywhere, none leads to one outside")
    func leaving() throws {
        let folder = try Self.makeTree()
        let root = try ConcealingRoot(folder, .anywhere, Self.paths(folder))
        for path in ["leaving", "leaving-absolute", "parent/key", "parent/scripts", "parent/scripts/deep/run"] {
            #expect(root.isMissing(path), "\(path)")
        }
        #expect(!root.isMissing("parent/root/page"))
    }

    @Test("What comes to such a path later is concealed from its first moment", arguments: resolutions)
    func later(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        let root = try ConcealingRoot(folder, resolution, Self.paths(folder))
        #expect(!root.isMissing("page"))
        // A log that is begun, and its link.
        try folder.makeFile("root/later", "secret")
        try folder.makeHardLink("root/linked-later", to: "root/later")
        #expect(root.isMissing("linked-later"))
        #expect(root.isMissing("later"))
        // A key that is renewed where clients reach only a link to it.
        try folder.makeFile("new", "secret")
        try folder.makeHardLink("root/new-key", to: "new")
        #expect(!root.isMissing("new-key"))
        try folder.rename("new", to: "key")
        #expect(root.isMissing("new-key"))
        // Scripts that are added, in directories that are added.
        try folder.makeDirectory("scripts/more")
        try folder.makeFile("scripts/more/run", "secret")
        try folder.makeHardLink("root/new-script", to: "scripts/more/run")
        #expect(root.isMissing("new-script"))
        // A page that becomes a script.
        try folder.makeHardLink("scripts/page", to: "root/page")
        #expect(root.isMissing("page"))
        try folder.makeDirectory("root/nowhere")
        try folder.makeFile("root/nowhere/run", "secret")
        #expect(root.isMissing("nowhere/run") && root.isMissing("nowhere"))
    }

    @Test("Copies stay concealed when the folder gets another name, and another one its own", arguments: resolutions)
    func renamed(resolution: Directory.Resolution) throws {
        let folder = try Self.makeTree()
        let root = try ConcealingRoot(folder, resolution, Self.paths(folder))
        try folder.rename("root", to: "old")
        try folder.makeDirectory("root")
        try folder.makeFile("root/key.pem", "secret")
        for path in ["key.pem", "log.1", "cgi/run"] { #expect(root.isMissing(path), "\(path)") }
        #expect(!root.isMissing("page"))
    }

    @Test("A path that is a link stands for the link and for where it leads", arguments: resolutions)
    func link(resolution: Directory.Resolution) throws {
        let folder = try TemporaryDirectory()
        for name in ["root", "root/archive"] { try folder.makeDirectory(name) }
        for name in ["root/archive/key1", "root/archive/key2", "root/live.gz"] { try folder.makeFile(name, "secret") }
        try folder.makeLink("root/live", to: "archive/key1")
        var paths = ConcealedPaths()
        paths.files = [folder.path("root/live")]
        let root = try ConcealingRoot(folder, resolution, paths)
        for path in ["live", "archive/key1", "live.gz"] { #expect(root.isMissing(path), "\(path)") }
        #expect(!root.isMissing("archive/key2"))
    }

    @Test("Listings leave them out, and nothing else")
    func listing() throws {
        let folder = try Self.makeTree()
        let root = try ConcealingRoot(folder, .beneath, Self.paths(folder))
        // A link to a copy is told by where it leads, which is looked up only when it is opened.
        let expected: Set = ["page", "sub", "key.pem.html", "key.pemx", "key", "self", "parent", "soft-copy"]
        #expect(try root.names(in: "") == expected)
        #expect(try root.names(in: "self") == expected)
        #expect(try root.names(in: "sub") == ["page"])
    }

    @Test("Beside a directory that holds too much to be known, files with several links count as scripts")
    func partial() throws {
        let folder = try TemporaryDirectory()
        for name in ["root", "scripts"] { try folder.makeDirectory(name) }
        try folder.makeFile("root/page")
        try folder.makeFile("root/twice")
        try folder.makeHardLink("root/again", to: "root/twice")
        for number in 0...1024 { try folder.makeDirectory("scripts/\(number)") }
        var paths = ConcealedPaths()
        paths.directories = [folder.path("scripts")]
        let root = try ConcealingRoot(folder, .beneath, paths)
        #expect(root.isPartial)
        #expect(!root.isMissing("page"))
        #expect(root.isMissing("twice") && root.isMissing("again"))
    }

    @Test(
        "What a copy's name is made of",
        arguments: [
            ("key", true), ("key.gz", true), ("key.br", true), ("key.1", true), ("key.1.gz", true), ("key-1", true),
            ("key~", true), ("key.bak", true), ("key-20260101.zst", true), ("key.2026-01-01", true),
            ("ke", false), ("keys", false), ("key.html", false), ("key.", false), ("key..", false), ("key.g", false),
            ("key.gzip", false), ("key~~", false), ("key.1a", false), ("key/1", false), ("", false),
        ])
    func variants(name: String, isVariant: Bool) {
        #expect([UInt8](name.utf8).isVariant(of: [UInt8]("key".utf8)) == isVariant)
    }

    @Test("Where something lies in a folder can be said, also through links")
    func relativePath() throws {
        let folder = try Self.makeTree()
        let root = folder.path("root")
        #expect(WholeFile.relativePath(folder.path("root/key.pem"), beneath: root) == "key.pem")
        #expect(WholeFile.relativePath(folder.path("root/self/sub/none"), beneath: root) == "sub/none")
        #expect(WholeFile.relativePath(folder.path("root/leaving"), beneath: root) == "leaving")
        #expect(WholeFile.relativePath(folder.path("root"), beneath: root) == "")
        #expect(WholeFile.relativePath(folder.path("key"), beneath: root) == nil)
        #expect(WholeFile.relativePath("/etc/hosts", beneath: "/") == "etc/hosts")
    }
}

/// The folder `root` of a temporary directory, with what is concealed in it.
private final class ConcealingRoot {
    private let directory: Directory

    init(_ folder: TemporaryDirectory, _ resolution: Directory.Resolution, _ paths: ConcealedPaths) throws {
        directory = try Directory(folder.path("root"), resolution: resolution, concealing: paths)
    }

    var isPartial: Bool { directory.concealed?.isPartial ?? false }

    func isMissing(_ path: String) -> Bool {
        do throws(SystemError) {
            _ = try directory.open([UInt8](path.utf8))
            return false
        } catch {
            return error.isMissing
        }
    }

    /// The names that a listing shows.
    func names(in path: String) throws -> Set<String> {
        let path = [UInt8](path.utf8)
        let opened = try directory.open(path)
        let entries = try opened.descriptor.entries().filter(directory.visibleEntries(of: opened, at: path))
        return Set(entries.map { String(decoding: $0.name, as: UTF8.self) })
    }
}
