import MartinetBytes
import MartinetTestSupport
import Testing

@Suite("Copies and searches in memory")
struct SpanMemoryTests {
    @Test("A copy goes where it is told and no further")
    func copying() {
        let source: [UInt8] = [1, 2, 3]
        let nothing: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 6)
        var span = bytes.mutableSpan
        span.copy(from: source.span, at: 2)
        span.copy(from: nothing.span, at: 6)
        #expect(bytes == [0, 0, 1, 2, 3, 0])
    }

    @Test("A line goes where it is told and no further")
    func line() async {
        let (name, value): ([UInt8], [UInt8]) = ([65], [98, 99])
        var bytes = [UInt8](repeating: 0, count: 9)
        var span = bytes.mutableSpan
        span.writeLine(name.span, value.span, at: 1)
        #expect(bytes == [0, 65, 58, 32, 98, 99, 13, 10, 0])
        await #expect(processExitsWith: .failure) {
            let name: [UInt8] = [65]
            var bytes = [UInt8](repeating: 0, count: 5)
            var span = bytes.mutableSpan
            span.writeLine(name.span, name.span, at: 0)
        }
    }

    @Test("A number of eight bytes is read where it was appended, and nowhere that it is not whole")
    func words() async {
        var bytes: [UInt8] = [1]
        for word in [0, 1, UInt64.max, 0x0102_0304_0506_0708] { bytes.append(word: word) }
        #expect(bytes.count == 33)
        #expect(bytes.span.word(at: 1) == 0 && bytes.span.word(at: 9) == 1 && bytes.span.word(at: 17) == .max)
        #expect(bytes.span.word(at: 25) == 0x0102_0304_0506_0708)
        await #expect(processExitsWith: .failure) { _ = [UInt8](repeating: 0, count: 9).span.word(at: 2) }
    }

    @Test("Bytes move to the front even over themselves")
    func moving() {
        var bytes: [UInt8] = [1, 2, 3, 4, 5, 6]
        var span = bytes.mutableSpan
        span.moveToFront(1..<6)
        #expect(bytes == [2, 3, 4, 5, 6, 6])
        span = bytes.mutableSpan
        span.moveToFront(3..<3)
        #expect(bytes == [2, 3, 4, 5, 6, 6])
    }

    @Test("A search begins where it is told, and finds the first")
    func searching() {
        let bytes: [UInt8] = [5, 1, 5, 0, 255]
        let found = [
            bytes.span.firstIndex(of: 5), bytes.span.firstIndex(of: 5, from: 1), bytes.span.firstIndex(of: 5, from: 3),
            bytes.span.firstIndex(of: 0), bytes.span.firstIndex(of: 255), bytes.span.firstIndex(of: 5, from: 5),
            [UInt8]().span.firstIndex(of: 5),
        ]
        #expect(found == [0, 2, nil, 3, 4, nil, nil])
    }

    @Test("A search stays inside its span")
    func searchingInside() {
        let bytes: [UInt8] = [1, 2, 3, 4]
        let found = bytes.span.extracting(1..<3).firstIndex(of: 4)
        #expect(found == nil)
    }

    @Test("Copying beyond the end stops the program")
    func preconditions() async {
        await #expect(processExitsWith: .failure) {
            var bytes = [UInt8](repeating: 0, count: 3)
            let source: [UInt8] = [1, 2]
            var span = bytes.mutableSpan
            span.copy(from: source.span, at: 2)
        }
        await #expect(processExitsWith: .failure) {
            var bytes = [UInt8](repeating: 0, count: 3)
            var span = bytes.mutableSpan
            span.moveToFront(1..<4)
        }
        await #expect(processExitsWith: .failure) {
            let bytes: [UInt8] = [1]
            _ = bytes.span.firstIndex(of: 1, from: 2)
        }
    }

    @Test("What cannot stand between quotes is noticed wherever it stands", arguments: 0..<20)
    func quotable(place: Int) {
        for byte in UInt8.min ... .max {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
            bytes[place] = byte
            let isQuotable = bytes.span.isQuotable
            #expect(isQuotable == (byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C))
        }
    }

    @Test("Nothing is quotable")
    func quotableEmpty() {
        let none: [UInt8] = []
        let isQuotable = none.span.isQuotable
        #expect(isQuotable)
    }
}
