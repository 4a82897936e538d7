import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@Suite("One line of poll's table", .timeLimit(.minutes(1)))
struct PollEntryTests {
    @Test("An interest is kept as it was set")
    func interests() {
        var entry = PollEntry(descriptor: 5, interest: [.read, .write])
        #expect(entry.descriptor == 5)
        #expect(entry.interest == [.read, .write])
        entry.interest = .write
        #expect(entry.interest == .write)
        entry.interest = []
        #expect(entry.interest == [])
        #expect(entry.readiness == [])
    }

    @Test("An empty pipe can be written, not read; a filled one can be read; a left one hangs up")
    func pipe() throws {
        var ends = try Pipe(isNonBlocking: true)
        var entries = [
            PollEntry(descriptor: ends.reading.number, interest: .read),
            PollEntry(descriptor: ends.writing.number, interest: .write),
        ]
        #expect(try poll(&entries) == 1)
        #expect(entries.map(\.readiness) == [[], .write])

        let bytes: [UInt8] = [1]
        _ = try ends.writing.write(bytes.span)
        #expect(try poll(&entries) == 2)
        #expect(entries.map(\.readiness) == [.read, .write])

        ends = try Pipe(isNonBlocking: true)
        let reading = try FileDescriptor.duplicate(ends.reading.number)
        entries = [PollEntry(descriptor: reading.number, interest: [])]
        #expect(try poll(&entries) == 0)
        ends = try Pipe(isNonBlocking: true)
        #expect(try poll(&entries) == 1)
        #expect(entries[0].readiness == .hangUp)
    }

    @Test("A number that is not open hangs up")
    func notOpen() throws {
        var entries = [PollEntry(descriptor: 1_000_000, interest: .read)]
        #expect(try poll(&entries) == 1)
        #expect(entries[0].readiness == .hangUp)
    }

    @Test("A timeout ends the wait, and is never rounded down to none")
    func timeout() throws {
        let ends = try Pipe(isNonBlocking: true)
        var entries = [PollEntry(descriptor: ends.reading.number, interest: .read)]
        let start = MonotonicTime.now
        var table = entries.mutableSpan
        let count = try PollEntry.poll(&table, timeout: 1)
        #expect(count == 0)
        #expect(MonotonicTime.now - start >= .milliseconds(1))
    }

    @Test("A timeout that is already over does not wait")
    func timeoutOver() throws {
        let ends = try Pipe(isNonBlocking: true)
        var entries = [PollEntry(descriptor: ends.reading.number, interest: .read)]
        var table = entries.mutableSpan
        let count = try PollEntry.poll(&table, timeout: .seconds(-5))
        #expect(count == 0)
    }

    private func poll(_ entries: inout [PollEntry]) throws -> Int {
        var table = entries.mutableSpan
        return try PollEntry.poll(&table, timeout: .zero)
    }
}
