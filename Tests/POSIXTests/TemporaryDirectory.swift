import FoundationEssentials
import Glibc
import Testing

/// A directory of one test's own, removed with everything in it when the test lets go of it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = [UInt8]("/tmp/martinet-test-XXXXXX".utf8).map { CChar(bitPattern: $0) } + [0]
        try #require(unsafe mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func makeDirectory(_ name: String) throws {
        try #require(unsafe mkdir(path(name), 0o755) == 0)
    }

    func makeFile(_ name: String, _ content: String = "") throws {
        let number = unsafe creat(path(name), 0o644)
        try #require(number >= 0)
        defer { close(number) }
        let bytes = [UInt8](content.utf8)
        try #require(unsafe write(number, bytes, bytes.count) == bytes.count)
    }

    /// A symbolic link at `name` that says `target`.
    func makeLink(_ name: String, to target: String) throws {
        try #require(unsafe symlink(target, path(name)) == 0)
    }

    func makeHardLink(_ name: String, to target: String) throws {
        try #require(unsafe link(path(target), path(name)) == 0)
    }

    func rename(_ name: String, to other: String) throws {
        try #require(unsafe Glibc.rename(path(name), path(other)) == 0)
    }

    func makeFIFO(_ name: String) throws {
        try #require(unsafe mkfifo(path(name), 0o644) == 0)
    }

    func makeSocket(_ name: String) throws {
        try #require(unsafe mknod(path(name), S_IFSOCK | 0o644, 0) == 0)
    }
}
