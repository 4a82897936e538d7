import FoundationEssentials
import Glibc
import Testing

/// A directory of one test's own, removed with everything in it when the test lets go of it.
package final class TemporaryDirectory {
    private let top: String
    /// Where it is; without a slash at its end.
    package private(set) var path: String

    /// - Parameter parent: nil for the system's place for temporary files.
    package init(in parent: TemporaryDirectory? = nil) throws {
        let name = "\(parent?.path ?? "/tmp")/martinet-test-XXXXXX"
        var template = [UInt8](name.utf8).map { CChar(bitPattern: $0) } + [0]
        try #require(unsafe mkdtemp(&template) != nil)
        top = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = top
        // A server that a test runs as another user serves it.
        try setMode(".", to: 0o755)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: top)
    }

    /// Makes a directory in it the place that names are relative to from now on.
    package func enter(_ name: String) {
        path = path(name)
    }

    /// The path of something in the directory, be it there or not.
    package func path(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: Files

    /// Makes a file that all may read, or writes one anew.
    package func makeFile(_ name: String, _ content: String = "") throws {
        try makeFile(name, [UInt8](content.utf8))
    }

    package func makeFile(_ name: String, _ content: [UInt8]) throws {
        // No program that a test beside this one starts has it open: none that is open for writing is executed.
        let number = unsafe open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        try #require(number >= 0, "\(name) cannot be written")
        defer { close(number) }
        try #require(unsafe write(number, content, content.count) == content.count)
    }

    /// Makes a file in which no two blocks can be mistaken for one another.
    package func makeRandomFile(_ name: String, byteCount: Int) throws {
        var random = SeededGenerator(seed: 1)
        try makeFile(name, random.bytes(byteCount))
    }

    /// Makes a file of zeros that takes no room on the disk.
    package func makeSparseFile(_ name: String, byteCount: Int) throws {
        try makeFile(name)
        try #require(unsafe truncate(path(name), byteCount) == 0)
    }

    package func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path(name))))
    }

    package func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    /// Sets when a file was last changed, and thereby whether its times can be relied on.
    package func setModified(_ name: String, to seconds: Int) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        try #require(unsafe utimensat(AT_FDCWD, path(name), &times, 0) == 0)
    }

    package func setMode(_ name: String, to mode: UInt32) throws {
        try #require(unsafe chmod(path(name), mode) == 0)
    }

    /// Whether the mode of a file can keep this user from reading it; root may read everything.
    package static var isUserBoundByModes: Bool { geteuid() != 0 }

    // MARK: Everything else that has a name

    package func makeDirectory(_ name: String) throws {
        try #require(unsafe mkdir(path(name), 0o755) == 0)
    }

    /// A symbolic link at `name` that says `target`.
    package func makeLink(_ name: String, to target: String) throws {
        try #require(unsafe symlink(target, path(name)) == 0)
    }

    package func makeHardLink(_ name: String, to target: String) throws {
        try #require(unsafe link(path(target), path(name)) == 0)
    }

    package func makeFIFO(_ name: String) throws {
        try #require(unsafe mkfifo(path(name), 0o644) == 0)
    }

    package func makeSocket(_ name: String) throws {
        try #require(unsafe mknod(path(name), S_IFSOCK | 0o644, 0) == 0)
    }

    package func rename(_ name: String, to other: String) throws {
        try #require(unsafe Glibc.rename(path(name), path(other)) == 0)
    }

    /// Removes a file, or a directory with everything in it.
    package func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }
}
