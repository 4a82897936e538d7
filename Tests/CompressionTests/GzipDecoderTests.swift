import MartinetCompression
import Testing

@Suite("How much a gzip file holds (RFC 1952)")
struct GzipDecoderTests {
    private func file(_ byteCount: Int) throws -> [UInt8] {
        try GzipEncoder().encodeAll((0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
    }

    private func count(_ file: [UInt8], atMost limit: Int = 1_000_000) -> Int? {
        GzipDecoder.decodedByteCount(of: file.span, atMost: limit)
    }

    @Test("All members count, however large", arguments: [0, 1, 32_767, 32_768, 32_769, 500_000])
    func members(byteCount: Int) throws {
        let file = try file(byteCount)
        #expect(count(file) == byteCount)
        #expect(try count(file + self.file(7)) == byteCount + 7)
        #expect(count(file + file + [0, 0]) == byteCount * 2)
    }

    @Test("Whether it holds a content is told by all of it")
    func content() throws {
        let content = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let file = try file(70_000)
        #expect(GzipDecoder.holds(content.span, in: file.span) == true)
        var other = content
        other[69_999] ^= 1
        #expect(GzipDecoder.holds(other.span, in: file.span) == false)
        #expect(GzipDecoder.holds(content.span.extracting(0..<69_999), in: file.span) == false)
        #expect(GzipDecoder.holds((content + [0]).span, in: file.span) == false)
        #expect(GzipDecoder.holds(content.span, in: file.span.extracting(0..<1000)) == nil)
        #expect(try GzipDecoder.holds((content + content).span, in: (file + self.file(70_000)).span) == true)
    }

    @Test("It is not read on beyond the limit")
    func limit() throws {
        let count = try #require(count(try file(500_000), atMost: 1000))
        #expect(count > 1000 && count <= 1000 + 32 * 1024)
    }

    @Test("What is cut short, changed or something else is none")
    func broken() throws {
        let file = try file(1000)
        for end in 0..<file.count { #expect(count([UInt8](file[..<end])) == nil) }
        var changed = file
        changed[file.count / 2] ^= 0xFF
        #expect(count(changed) == nil)
        #expect(count(file + [1]) == nil)
        #expect(count([UInt8]("plain text".utf8)) == nil)
    }
}
