import FoundationEssentials
import Glibc
import Testing

/// The directory that the table's requests are answered from, made once as `fixture.txt` says and removed at exit.
enum Fixture {
    /// The path of the temporary directory that holds `site` and what is outside of it.
    static let root: String = {
        let path = "/tmp/martinet-conformance-\(getpid())"
        do {
            try make(at: path)
        } catch {
            Issue.record("the fixture cannot be made: \(error)")
        }
        atexit { Fixture.remove() }
        return path
    }()

    static var site: String { "\(root)/site" }

    static func content(of name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(root)/\(name)").map { [UInt8]($0) }
    }

    /// The user whose rights count while a case runs: root may read everything, so it must not be root.
    static func asNobody<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard geteuid() == 0 else { return try body() }
        // The files are made first, and by root.
        _ = root
        // For this thread alone, which seteuid(2) is not. Swift's Glibc hides the call.
        typealias SetUser = @convention(c) (uid_t) -> CInt
        guard let symbol = unsafe dlsym(nil, "setfsuid") else { return try body() }
        let setUser = unsafe unsafeBitCast(symbol, to: SetUser.self)
        _ = setUser(65_534)
        defer { _ = setUser(0) }
        return try body()
    }

    private static func remove() {
        try? FileManager.default.removeItem(atPath: "/tmp/martinet-conformance-\(getpid())")
    }

    private static func make(at root: String) throws {
        try? FileManager.default.removeItem(atPath: root)
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        var text = CaseText()
        try text.define("root", root)
        for line in try Case.lines(of: "fixture.txt") where !line.isEmpty && !line.hasPrefix("#") {
            let columns = line.columns
            let path = [UInt8]("\(root)/".utf8) + (try text.bytes(of: columns[1]))
            let content = columns.count > 3 ? try text.bytes(of: columns[3]) : []
            try make(columns[0], path, Int(columns.count > 2 ? columns[2] : "") ?? 0, content)
        }
    }

    /// With system calls, since names need not be UTF-8.
    private static func make(_ kind: String, _ path: [UInt8], _ seconds: Int, _ content: [UInt8]) throws {
        let name = path.map { CChar(bitPattern: $0) } + [0]
        switch kind {
        case "dir": try check(unsafe mkdir(name, 0o755))
        case "closed": try check(unsafe mkdir(name, 0o700))
        case "fifo": try check(unsafe mkfifo(name, 0o644))
        case "link": try check(unsafe symlink(content.map { CChar(bitPattern: $0) } + [0], name))
        case "file", "unreadable":
            let descriptor = unsafe open(name, O_WRONLY | O_CREAT | O_EXCL, kind == "file" ? 0o644 : 0o600)
            try check(descriptor)
            var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
            let written = unsafe write(descriptor, content, content.count)
            try check(unsafe futimens(descriptor, &times))
            close(descriptor)
            guard written == content.count else { throw CaseText.Mistake(description: "a short write") }
        default: throw CaseText.Mistake(description: "\(kind) is no kind of file")
        }
    }

    private static func check(_ result: CInt) throws {
        guard result >= 0 else { throw CaseText.Mistake(description: unsafe String(cString: strerror(errno))) }
    }
}
