import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Content that waits")
struct ContentBufferTests {
    private let one = AddressBlock(v4: 0xC000_0201)
    private let loopback = AddressBlock(v4: 0x7F00_0001)
    private let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

    private func files(countLimit: Int = 4, byteLimit: Int = 1_000_000) throws -> ContentFiles {
        ContentFiles(in: "/tmp", countLimit: countLimit, byteLimit: byteLimit)
    }

    /// Takes all that there is, in pieces.
    private func takeAll(_ content: ContentBuffer, _ pieceByteCount: Int) throws -> [UInt8] {
        var taken: [UInt8] = []
        while content.byteCount > 0 {
            try content.drain { rest in
                let count = min(rest.count, pieceByteCount)
                for index in 0..<count { taken.append(rest[index]) }
                return count
            }
        }
        return taken
    }

    @Test(
        "As much is kept as a pipe holds, in its order, whatever pieces it comes in",
        arguments: [1, 999, 65536, 100_000])
    func order(pieceByteCount: Int) throws {
        let content = ContentBuffer(ContentMemory(), for: one)
        var start = 0
        while start < 100_000 {
            let end = min(100_000, start + pieceByteCount)
            let count = try content.append(bytes.span.extracting(start..<end))
            start += count
            if count < end - start + count { break }
        }
        #expect(start == 65536 && content.byteCount == 65536)
        #expect(try takeAll(content, 1000) == Array(bytes[..<65536]))
    }

    @Test("All that waits is bounded, and so is what one address has; what is dropped makes room")
    func bounds() throws {
        let memory = ContentMemory(byteLimit: 16 * 65536)
        let bytes = [UInt8](repeating: 0, count: 65536)
        var held: [ContentBuffer] = []
        func fill(_ address: AddressBlock) throws -> Int {
            let content = ContentBuffer(memory, for: address)
            held.append(content)
            return try content.append(bytes.span)
        }
        for _ in 0..<4 { #expect(try fill(one) == 65536) }
        #expect(try fill(one) == 0, "a quarter is the address's")
        for _ in 0..<12 { #expect(try fill(loopback) == 65536) }
        #expect(try fill(AddressBlock(v4: 1)) == 0)
        held.removeFirst()
        #expect(try fill(AddressBlock(v4: 1)) == 65536)
    }

    @Test("A smaller bound is kept, and what was taken makes room", arguments: [1, 1000, 1024, 3000])
    func smallerBound(limit: Int) throws {
        let content = ContentBuffer(ContentMemory(), for: one, memoryByteLimit: limit)
        #expect(try content.append(bytes.span) == limit)
        #expect(try content.append(bytes.span) == 0)
        try content.drain { _ in 1 }
        #expect(content.byteCount == limit - 1)
        #expect(try content.append(bytes.span.extracting(limit...)) == 1)
        #expect(try takeAll(content, 700) == Array(bytes[1...limit]))
    }

    @Test("In a file there is room for more, in its order, and none of the memory is kept", arguments: [0, 1, 65536])
    func file(inMemory: Int) throws {
        let memory = ContentMemory(byteLimit: 4 * 65536)
        let files = try files()
        let content = ContentBuffer(memory, for: one)
        #expect(try content.append(bytes.span.extracting(0..<inMemory)) == inMemory)
        try content.moveToFile(files, announced: nil)
        #expect(memory.reserve(65536, for: one))
        #expect(try content.append(bytes.span.extracting(inMemory..<200_000)) == 200_000 - inMemory)
        #expect(content.byteCount == 200_000)
        try content.drain { _ in 10 }
        // While some of it is taken more may come.
        #expect(try content.append(bytes.span.extracting(200_000...)) == 100_000)
        #expect(try takeAll(content, 50_000) == Array(bytes[10...]))
    }

    @Test("Some of it may be taken before it is moved to a file")
    func movedLate() throws {
        let content = ContentBuffer(ContentMemory(), for: one)
        #expect(try content.append(bytes.span.extracting(0..<5000)) == 5000)
        try content.drain { _ in 2000 }
        try content.moveToFile(files(), announced: nil)
        #expect(content.byteCount == 3000)
        #expect(try takeAll(content, 5000) == Array(bytes[2000..<5000]))
    }

    @Test("Content that is taken as it comes may go on for ever in a file that is bounded")
    func endless() throws {
        let content = ContentBuffer(ContentMemory(), for: one)
        try content.moveToFile(files(byteLimit: 300_000), announced: nil)
        for _ in 0..<5 {
            #expect(try content.append(bytes.span) == 300_000)
            #expect(try takeAll(content, 100_000) == bytes)
        }
    }

    @Test("Files are bounded in number, and in bytes, announced or not; what is dropped makes room")
    func fileBounds() throws {
        let files = try files(countLimit: 2, byteLimit: 1000)
        let memory = ContentMemory()
        func make(_ announced: Int?) throws -> ContentBuffer {
            let content = ContentBuffer(memory, for: one)
            try content.moveToFile(files, announced: announced)
            return content
        }
        var held = [try make(1000)]
        #expect(try held[0].append(bytes.span.extracting(0..<600)) == 600)
        #expect(throws: ContentBuffer.Failure.noFile) { _ = try make(401) }
        held.append(try make(400))
        #expect(throws: ContentBuffer.Failure.noFile) { _ = try make(nil) }
        #expect(throws: ContentBuffer.Failure.noRoom) { _ = try held[1].append(bytes.span.extracting(0..<401)) }
        #expect(try held[1].append(bytes.span.extracting(0..<400)) == 400)
        held.removeFirst()
        #expect(try held[0].append(bytes.span.extracting(0..<600)) == 600)
        held.removeAll()
        held.append(try make(1000))
    }

    @Test("What the kernel says of a file is told, and what was in memory is still there")
    func noDirectory() throws {
        let files = ContentFiles(in: "/nowhere", countLimit: 1, byteLimit: 1000)
        let content = ContentBuffer(ContentMemory(), for: one)
        #expect(try content.append(bytes.span.extracting(0..<10)) == 10)
        for _ in 0..<2 {
            do throws(ContentBuffer.Failure) {
                try content.moveToFile(files, announced: nil)
                Issue.record("a file without a directory")
            } catch {
                guard case .file = error else { throw error }
            }
        }
        #expect(try takeAll(content, 10) == Array(bytes[..<10]))
    }

    @Test("Who reads all of a file by itself gets its descriptor at the first byte, and nobody else does")
    func descriptor() throws {
        let files = try files()
        let content = ContentBuffer(ContentMemory(), for: one)
        #expect(try content.append(bytes.span.extracting(0..<100)) == 100)
        #expect(try content.rewoundFile() == nil)
        try content.moveToFile(files, announced: nil)
        #expect(try content.append(bytes.span.extracting(100..<200)) == 100)
        let number = try #require(try content.rewoundFile())
        let copy = try FileDescriptor.duplicate(number)
        #expect(try copy.readAll() == Array(bytes[..<200]))
        try content.drain { _ in 1 }
        #expect(try content.rewoundFile() == nil)
    }
}
