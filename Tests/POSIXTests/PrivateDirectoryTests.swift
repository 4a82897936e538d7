import Foundation
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Directories for secrets")
struct PrivateDirectoryTests {
    @Test("What writers that were killed left is removed, and nothing else")
    func drafts() throws {
        let folder = try TemporaryDirectory()
        let kept: Set = ["a.pem", "mine.new", "12.new", "a.new.12", "b..new", "c.1x.new"]
        for name in kept.union(["a.pem.12.new", "b.7.new"]) { try folder.makeFile(name, "x") }
        try PrivateDirectory(locking: folder.path).removeDrafts()
        #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == kept)
    }

    @Test(
        "What others may change, or read though it is a secret, is known",
        arguments: [0o600, 0o640, 0o644, 0o620, 0o602])
    func exposure(mode: UInt32) throws {
        let folder = try TemporaryDirectory()
        try folder.makeFile("a", "x")
        try folder.setMode("a", to: mode)
        #expect((PrivateDirectory.exposure(of: folder.path("a"), isSecret: true) == nil) == (mode & 0o077 == 0))
        #expect((PrivateDirectory.exposure(of: folder.path("a"), isSecret: false) == nil) == (mode & 0o022 == 0))
        #expect(PrivateDirectory.exposure(of: folder.path("b"), isSecret: true) == nil)
    }
}
