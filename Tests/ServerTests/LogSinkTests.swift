import Glibc
import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetServer

@Suite("Where log lines go", .timeLimit(.minutes(1)))
struct LogSinkTests {
    @Test("To a pipe that others write to as well, only whole lines are written")
    func wholeLines() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        for digit in 0..<10 { sink.append(line(digit, byteCount: 1000)) }
        sink.flush()
        #expect(sink.status == .blocked)
        #expect(try log.readAll() == (0..<4).map { line($0, byteCount: 1000) }.joined().map { $0 })
        sink.flush()
        #expect(try log.readAll() == (4..<8).map { line($0, byteCount: 1000) }.joined().map { $0 })
        sink.flush()
        #expect(sink.status == .empty)
        #expect(try log.readAll().count == 2000)
    }

    @Test("A line that is too long for one write is written to its end before others begin")
    func longLine() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        sink.append(line(1, byteCount: 10_000))
        sink.append(line(2, byteCount: 10))
        var text: [UInt8] = []
        for _ in 0..<4 {
            sink.flush()
            text += try log.readAll()
        }
        #expect(text == line(1, byteCount: 10_000) + line(2, byteCount: 10))
        #expect(sink.status == .empty)
    }

    @Test("What a full disk does not take is written when it has room, whole")
    func fullDisk() throws {
        let sink = LogSink(try FileDescriptor.openForAppending("/dev/full"))
        sink.append(line(1, byteCount: 100))
        sink.flush()
        #expect(sink.status == .failed)
        sink.append(line(2, byteCount: 100))
        let folder = try TemporaryDirectory()
        try sink.reopen(onto: FileDescriptor.openForAppending(folder.path("log")))
        #expect(sink.status == .pending)
        sink.flush()
        #expect(sink.status == .empty)
        #expect(try folder.bytes("log") == line(1, byteCount: 100) + line(2, byteCount: 100))
    }

    @Test("Where there is no room left, whole lines are dropped and counted, and the log says so")
    func dropped() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        for _ in 0..<1100 { sink.append(line(1, byteCount: 1000)) }
        var text: [UInt8] = []
        while sink.status != .empty {
            text += try log.readAll()
            sink.flush()
        }
        text += try log.readAll()
        let lines = text.split(separator: UInt8(ascii: "\n"))
        let note = String(decoding: lines.last ?? [], as: UTF8.self)
        let lostCount = 1100 - (lines.count - 1)
        #expect(lostCount > 0)
        #expect(note == "martinet: \(lostCount) log lines were lost: the log could not be written in time")
        #expect(lines.dropLast().allSatisfy { $0.count == 999 })
    }

    @Test("Lines that are pending when the log is opened anew go to the old file, none is torn or lost")
    func reopened() throws {
        let folder = try TemporaryDirectory()
        let sink = LogSink(try FileDescriptor.openForAppending(folder.path("old")))
        let number = sink.descriptor
        sink.append(line(1, byteCount: 50))
        try sink.reopen(onto: FileDescriptor.openForAppending(folder.path("new")))
        sink.append(line(2, byteCount: 50))
        sink.flush()
        #expect(sink.descriptor == number)
        #expect(try folder.bytes("old") == line(1, byteCount: 50))
        #expect(try folder.bytes("new") == line(2, byteCount: 50))
    }

    @Test("At the end the lines that nobody takes are counted")
    func end() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        for digit in 0..<10 { sink.append(line(digit, byteCount: 1000)) }
        #expect(sink.end() == 6)
        #expect(sink.status == .empty)
        #expect(try log.readAll().count == 4000)

        for digit in 0..<10 { sink.append(line(digit, byteCount: 500)) }
        sink.flush()
        _ = try log.readAll()
        for digit in 0..<10 { sink.append(line(digit, byteCount: 500)) }
        sink.endWithNote()
        let text = String(decoding: try log.readAll(), as: UTF8.self)
        #expect(text.hasPrefix("88"), "those that are taken are written first")
        #expect(text.hasSuffix("\nmartinet: 4 log lines were lost: the log could not be written in time\n"))
        #expect(text.filter { $0 == "\n" }.count == 9)
    }

    @Test("A log that could make its writer wait is asked first")
    func blockingPipe() throws {
        let log = try SmallPipe(isNonBlocking: false)
        let sink = try log.sink()
        for digit in 0..<10 { sink.append(line(digit, byteCount: 1000)) }
        sink.flush()
        #expect(sink.status == .blocked)
        #expect(try log.readAll().count == 4000)
    }

    // MARK: Watching

    @Test("A loop writes lines together, and waits for the log only while the log takes no more")
    func watching() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        let house = try LogHouse(sink)
        for digit in 0..<6 { sink.append(line(digit, byteCount: 1000)) }
        house.round()
        house.clock.time = house.clock.time + .milliseconds(99)
        house.round()
        #expect(sink.status == .pending, "others may come")
        house.clock.time = house.clock.time + .milliseconds(1)
        house.round()
        #expect(sink.status == .blocked && house.watch.isBusy)
        #expect(try log.readAll().count == 4000)
        // It is ready for the rest, and not a moment longer.
        house.round(atMost: .seconds(30))
        #expect(sink.status == .empty && !house.watch.isBusy)
        #expect(try log.readAll().count == 2000)
        for _ in 0..<5 { house.round() }
        #expect(house.eventCount == 0, "it is not looked at while it has nothing to take")
    }

    @Test("A log that fails is not watched, and tried again a second later")
    func failing() throws {
        let sink = LogSink(try FileDescriptor.openForAppending("/dev/full"))
        let house = try LogHouse(sink)
        sink.append(line(1, byteCount: 100))
        house.round()
        house.clock.time = house.clock.time + .milliseconds(100)
        house.round()
        #expect(sink.status == .failed)
        #expect(!house.watch.isBusy, "nobody waits for it to the end")
        try sink.reopen(onto: .openForAppending("/dev/null"))
        house.clock.time = house.clock.time + .milliseconds(999)
        house.round()
        #expect(sink.status == .pending)
        house.clock.time = house.clock.time + .milliseconds(1)
        house.round()
        #expect(sink.status == .empty)
    }

    @Test("A loop that is about to end writes at once")
    func draining() throws {
        let log = try SmallPipe()
        let sink = try log.sink()
        let house = try LogHouse(sink)
        sink.append(line(1, byteCount: 100))
        house.loop.drain()
        #expect(try log.readAll().count == 100)
        sink.append(line(2, byteCount: 100))
        house.round()
        #expect(try log.readAll().count == 100)
    }

    private func line(_ digit: Int, byteCount: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(ascii: "0") + UInt8(digit), count: byteCount - 1) + [UInt8(ascii: "\n")]
    }
}

/// A pipe that holds 4,096 bytes.
private final class SmallPipe {
    private let pipe: Pipe

    init(isNonBlocking: Bool = true) throws {
        pipe = try Pipe(isNonBlocking: isNonBlocking)
        let setSize: CInt = 1031
        try #require(fcntl(pipe.writing.number, setSize, 4096) == 4096)
        try pipe.reading.setNonBlocking()
    }

    func sink() throws -> LogSink { LogSink(try FileDescriptor.duplicate(pipe.writing.number)) }

    func readAll() throws -> [UInt8] { try pipe.reading.readAll() }
}

/// A loop that sees to a log's lines, with a clock of its own.
private final class LogHouse {
    final class Clock {
        var time = MonotonicTime(nanoseconds: 1_000_000)
    }

    let clock = Clock()
    let loop: EventLoop
    let watch: LogWatch
    /// How many events there were for others.
    private(set) var eventCount = 0

    init(_ sink: LogSink) throws {
        let clock = clock
        loop = try EventLoop { clock.time }
        watch = LogWatch(sink)
        loop.add(watch)
    }

    func round(atMost limit: Interval = .zero) {
        var events: [Event] = []
        do throws(SystemError) {
            try loop.wait(atMost: limit, into: &events)
        } catch {
            Issue.record(error)
        }
        eventCount += events.count
        _ = loop.serveMembers()
        while loop.takeDue() != nil {}
    }
}
