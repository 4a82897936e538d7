import Glibc
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("Files without a name")
struct UnnamedFileTests {
    @Test("What was appended is read from the beginning, and no name is left in the directory")
    func appending() throws {
        let directory = try TemporaryDirectory()
        let file = try UnnamedFile(in: directory.path)
        let first = [UInt8]("first ".utf8), second = [UInt8]("second".utf8)
        try file.append(first.span)
        try file.append(second.span)
        try file.rewind()
        var room = [UInt8](repeating: 0, count: 32)
        var span = room.mutableSpan
        #expect(try file.descriptor.read(into: &span) == .bytes(12))
        #expect(room.prefix(12) == (first + second)[...])
        #expect(try Directory(directory.path).descriptor.entries().isEmpty)
    }

    @Test("Any part is read, whatever comes next, and more than there is is an error; cleared it begins anew")
    func parts() throws {
        let directory = try TemporaryDirectory()
        let file = try UnnamedFile(in: directory.path)
        func read(_ count: Int, at offset: Int) throws -> String {
            var room = [UInt8](repeating: 0, count: count)
            var span = room.mutableSpan
            try file.read(into: &span, at: offset)
            return String(decoding: room, as: UTF8.self)
        }
        try file.append([UInt8]("first ".utf8).span)
        #expect(try read(3, at: 2) == "rst")
        try file.append([UInt8]("second".utf8).span)
        #expect(try read(12, at: 0) == "first second")
        #expect(throws: SystemError("pread", code: EIO)) { _ = try read(2, at: 11) }
        try file.clear()
        #expect(throws: SystemError.self) { _ = try read(1, at: 0) }
        try file.append([UInt8]("third".utf8).span)
        #expect(try read(5, at: 0) == "third")
    }

    @Test("A directory that is not there is an error")
    func missing() {
        #expect(throws: SystemError.self) { _ = try UnnamedFile(in: "/nonexistent") }
    }
}
