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

    @Test("A directory that is not there is an error")
    func missing() {
        #expect(throws: SystemError.self) { _ = try UnnamedFile(in: "/nonexistent") }
    }
}
