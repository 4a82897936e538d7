import FoundationEssentials
import Glibc
import Testing

/// A directory of one test's own, removed with everything in it when the test lets go of it.
final class TemporaryDirectory {
    private let top: String
    private(set) var path: String

    init() throws {
        var template = [UInt8]("/tmp/martinet-test-XXXXXX".utf8).map { CChar(bitPattern: $0) } + [0]
        try #require(unsafe mkdtemp(&template) != nil)
        top = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = top
    }

    deinit {
        try? FileManager.default.removeItem(atPath: top)
    }

    /// Makes a directory in it the place that names are relative to from now on.
    func enter(_ name: String) {
        path = path(name)
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

    func makeFIFO(_ name: String) throws {
        try #require(unsafe mkfifo(path(name), 0o644) == 0)
    }

    /// Sets when a file was last changed, and thereby whether its times can be relied on.
    func setModified(_ name: String, to seconds: Int) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        try #require(unsafe utimensat(AT_FDCWD, path(name), &times, 0) == 0)
    }

    func setMode(_ name: String, to mode: UInt32) throws {
        try #require(unsafe chmod(path(name), mode) == 0)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }
}

/// Who runs the tests.
enum ThisUser {
    /// Whether a file's mode can keep this user from reading it; root may read everything.
    static var isBoundByModes: Bool { geteuid() != 0 }
}
