import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Small files at hand")
struct FileCacheTests {
    private let path = [UInt8]("/file".utf8)

    @Test("A file is found by its path and by the codings it was chosen for, and by nothing else")
    func finding() throws {
        var cache = FileCache()
        cache.insert(try entry(path, codings: 3), at: 7)
        #expect(cache.entry(at: 7, for: path.span, codings: 3)?.content == [1])
        #expect(cache.entry(at: 7, for: path.span, codings: 4) == nil)
        #expect(cache.entry(at: 8, for: path.span, codings: 3) == nil)
        #expect(cache.entry(at: 7, for: [UInt8]("/file2".utf8).span, codings: 3) == nil)
    }

    @Test("A look is enough for a second, and for another from the moment the file is found anew")
    func validity() throws {
        let entry = try entry(path, now: 5)
        #expect(entry.isCurrent(trust: .zero, now: 1_000_000_004))
        #expect(!entry.isCurrent(trust: .zero, now: 1_000_000_005))
        entry.renew([], trust: .zero, now: 3_000_000_000)
        #expect(entry.isCurrent(trust: .zero, now: 3_999_999_999))
        #expect(!entry.isCurrent(trust: .zero, now: 4_000_000_000))
    }

    @Test("The file is looked at each time, or when it is trusted no more")
    func looking() throws {
        let folder = try TemporaryDirectory()
        let gone = PathStatus([UInt8](folder.path("file").utf8), nil)
        func isCurrent(trust: Interval, now: MonotonicTime) throws -> Bool {
            try entry(path, pathStatuses: [gone], trust: trust).isCurrent(trust: trust, now: now)
        }
        #expect(try isCurrent(trust: .zero, now: 0))
        try folder.makeFile("file")
        #expect(try !isCurrent(trust: .zero, now: 0))
        #expect(try isCurrent(trust: .milliseconds(10), now: 9_999_999))
        #expect(try !isCurrent(trust: .milliseconds(10), now: 10_000_000))
    }

    @Test("Another path in the same place takes it, and leaves it empty when it goes")
    func collisions() throws {
        let other = [UInt8]("/other".utf8)
        var cache = FileCache()
        cache.insert(try entry(path), at: 7)
        cache.insert(try entry(other), at: 7)
        #expect(cache.entry(at: 7, for: other.span, codings: 3) != nil)
        #expect(cache.entry(at: 7, for: path.span, codings: 3) == nil)
        cache.remove(at: 7)
        cache.remove(at: 7)
        #expect(cache.entry(at: 7, for: other.span, codings: 3) == nil)
    }

    @Test("A full cache starts over, and does not count what it has forgotten")
    func bound() throws {
        var cache = FileCache()
        let half = 16 * 1024 * 1024
        func isFull(_ place: Int) -> Bool { cache.entry(at: place, for: path.span, codings: 3) != nil }
        cache.insert(try entry(path, byteCount: half), at: 1)
        // Replacing does not count twice.
        cache.insert(try entry(path, byteCount: half), at: 1)
        cache.insert(try entry(path, byteCount: half), at: 2)
        #expect(isFull(1) && isFull(2))
        cache.insert(try entry(path), at: 3)
        #expect(!isFull(1) && !isFull(2) && isFull(3))
        cache.insert(try entry(path, byteCount: half), at: 4)
        #expect(isFull(3) && isFull(4))
    }

    @Test("Paths spread over the places, and so do the codings of one path")
    func places() {
        let places = (0..<500).map { index in
            let path = [UInt8]("/assets/file-\(index).js".utf8)
            return FileCache.place(of: path.span, codings: 3)
        }
        #expect(places.allSatisfy { (0..<1024).contains($0) })
        // 500 balls in 1024 places by chance fill 395.
        #expect(Set(places).count > 350)
        #expect(Set((0..<28).map { FileCache.place(of: path.span, codings: $0) }).count > 20)
    }

    private func entry(
        _ path: [UInt8], codings: Int = 3, byteCount: Int = 1, pathStatuses: [PathStatus] = [], trust: Interval = .zero,
        now: MonotonicTime = .start
    ) throws -> FileCache.Entry {
        let folder = try TemporaryDirectory()
        try folder.makeFile("file")
        let status = try FileDescriptor.open(folder.path("file"), for: .reading).status()
        let representation = Representation(
            status, FileFacts(content: [], of: status), Representation.Description())
        let key = FileCache.Key(path: path, codings: codings)
        return FileCache.Entry(
            key, representation, [UInt8](repeating: 1, count: byteCount), pathStatuses, trust: trust, now: now)
    }
}
