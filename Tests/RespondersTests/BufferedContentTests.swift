import MartinetHTTP
import Testing

@testable import MartinetResponders

@Suite("Request content that waits in memory")
struct BufferedContentTests {
    private let one = AddressBlock(v4: 0xC000_0201)
    private let loopback = AddressBlock(v4: 0x7F00_0001)

    @Test(
        "As much is kept as a pipe holds, in its order, whatever pieces it comes in",
        arguments: [1, 999, 65536, 100_000])
    func order(pieceByteCount: Int) {
        let content = BufferedContent(ContentMemory(), for: one)
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieceByteCount)
            let count = content.append(bytes.span.extracting(start..<end))
            start += count
            if count < end - start + count { break }
        }
        #expect(start == 65536 && content.byteCount == 65536)
        var taken: [UInt8] = []
        while content.byteCount > 0 {
            content.drain { rest in
                let count = min(rest.count, 1000)
                for index in 0..<count { taken.append(rest[index]) }
                return count
            }
        }
        #expect(taken == Array(bytes[..<65536]))
    }

    @Test("All that waits is bounded, and so is what one address has; what is dropped makes room")
    func bounds() {
        let memory = ContentMemory(byteLimit: 16 * 65536)
        let bytes = [UInt8](repeating: 0, count: 65536)
        var held: [BufferedContent] = []
        func fill(_ address: AddressBlock) -> Int {
            let content = BufferedContent(memory, for: address)
            held.append(content)
            return content.append(bytes.span)
        }
        for _ in 0..<4 { #expect(fill(one) == 65536) }
        #expect(fill(one) == 0, "a quarter is the address's")
        for _ in 0..<12 { #expect(fill(loopback) == 65536) }
        #expect(fill(AddressBlock(v4: 1)) == 0)
        held.removeFirst()
        #expect(fill(AddressBlock(v4: 1)) == 65536)
    }
}
