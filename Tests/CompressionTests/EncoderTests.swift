import MartinetCompression
import MartinetTestSupport
import Testing

@Suite("gzip and brotli (RFC 1952, RFC 7932)", .timeLimit(.minutes(1)))
struct EncoderTests {
    enum Kind: CaseIterable {
        case gzip, brotli

        func makeEncoder() throws -> any Encoder {
            switch self {
            case .gzip: try GzipEncoder()
            case .brotli: try BrotliEncoder()
            }
        }

        func decode(_ encoded: [UInt8]) throws -> [UInt8] {
            switch self {
            case .gzip: try Decoder.gzip(encoded)
            case .brotli: try Decoder.brotli(encoded)
            }
        }
    }

    private static let noise = {
        var random = SeededGenerator(seed: 1)
        return random.bytes(70_000)
    }()

    static let contents: [[UInt8]] = [
        [], [0], [UInt8]("hello".utf8), [UInt8](0...255), [UInt8](repeating: 97, count: 100_000),
        [UInt8](String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 5000).utf8),
        noise,
    ]

    @Test("What is encoded whole comes back as it was", arguments: Kind.allCases, contents)
    func whole(kind: Kind, content: [UInt8]) throws {
        let encoded = try kind.makeEncoder().encodeAll(content)
        let isSame = try kind.decode(encoded) == content
        #expect(isSame)
    }

    @Test(
        "What is encoded in pieces, into rooms however small, comes back as it was", arguments: Kind.allCases,
        [(1, 1), (1, 4096), (4096, 1), (7, 3), (65_536, 65_536)])
    func pieces(kind: Kind, byteCounts: (input: Int, room: Int)) throws {
        for content in Self.contents {
            // A byte at a time, a part shows as much as the whole.
            let content = [UInt8](content.prefix(byteCounts.input * byteCounts.room < 100 ? 3000 : content.count))
            let encoded = try encode(content, with: kind.makeEncoder(), byteCounts.input, byteCounts.room)
            let isSame = try kind.decode(encoded) == content
            #expect(isSame)
        }
    }

    @Test("Steps never claim more than they were given, and nothing follows the end", arguments: Kind.allCases)
    func steps(kind: Kind) throws {
        let encoder = try kind.makeEncoder()
        let content = Self.contents[5]
        var room = [UInt8](repeating: 0, count: 10)
        var start = 0
        var isFinished = false
        while !isFinished {
            var output = room.mutableSpan
            let step = try encoder.encode(content.span.extracting(start..<content.count), into: &output, isLast: true)
            try #require(step.consumed >= 0 && step.produced >= 0 && step.produced <= 10)
            try #require(step.consumed + step.produced > 0 || step.isFinished, "each step does something")
            start += step.consumed
            try #require(start <= content.count)
            isFinished = step.isFinished
        }
        #expect(start == content.count)
    }

    @Test("Text becomes much smaller, and what is random hardly larger", arguments: Kind.allCases)
    func sizes(kind: Kind) throws {
        #expect(try kind.makeEncoder().encodeAll(Self.contents[5]).count < Self.contents[5].count / 50)
        #expect(try kind.makeEncoder().encodeAll(Self.contents[6]).count < Self.contents[6].count + 200)
    }

    @Test(
        "The same content always has the same encoded form, as one strong validator promises", arguments: Kind.allCases)
    func determinism(kind: Kind) throws {
        let first = try kind.makeEncoder().encodeAll(Self.contents[5])
        let second = try encode(Self.contents[5], with: kind.makeEncoder(), Int.max, 1000)
        #expect(first == second)
    }

    @Test("gzip's head has no time and no name in it")
    func gzipHead() throws {
        let encoded = try GzipEncoder().encodeAll([1, 2, 3])
        #expect(encoded.prefix(8) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0])
    }

    private func encode(
        _ content: [UInt8], with encoder: any Encoder, _ inputByteCount: Int, _ roomByteCount: Int
    ) throws -> [UInt8] {
        var encoded: [UInt8] = []
        var room = [UInt8](repeating: 0, count: roomByteCount)
        var start = 0
        while true {
            let end = start + min(inputByteCount, content.count - start)
            var output = room.mutableSpan
            let step = try encoder.encode(
                content.span.extracting(start..<end), into: &output, isLast: end == content.count)
            start += step.consumed
            encoded += room.prefix(step.produced)
            if step.isFinished { return encoded }
        }
    }
}
