import Glibc
import MartinetPOSIX
import Synchronization
import Testing

@Suite("Helper threads")
struct HelperThreadsTests {
    @Test("A result is there when its descriptor is readable")
    func result() throws {
        let threads = try HelperThreads(threadCount: 2, queueLimit: 8)
        let calculation = try #require(threads.calculate { 6 * 7 })
        try awaitReading(calculation.descriptor)
        #expect(calculation.take() == 42)
        #expect(calculation.take() == nil, "it is taken once")
    }

    @Test("Work beyond the queue's limit is refused, and what was taken is done")
    func limit() throws {
        let threads = try HelperThreads(threadCount: 1, queueLimit: 2)
        let gate = Gate()
        let blocking = try #require(threads.calculate { gate.pass() })
        gate.awaitArrival()
        let waiting = (0..<2).compactMap { number in threads.calculate { number } }
        #expect(waiting.count == 2)
        #expect(threads.calculate { 3 } == nil)
        gate.open()
        for (number, calculation) in waiting.enumerated() {
            try awaitReading(calculation.descriptor)
            #expect(calculation.take() == number)
        }
        #expect(blocking.take() != nil)
    }

    @Test("Work whose result nobody wants any more is not done, and makes room")
    func cancelling() throws {
        let threads = try HelperThreads(threadCount: 1, queueLimit: 1)
        let gate = Gate()
        let blocking = try #require(threads.calculate { gate.pass() })
        gate.awaitArrival()
        let isDone = Flag()
        var dropped = threads.calculate { isDone.set() }
        #expect(dropped != nil)
        dropped = nil
        let next = try #require(threads.calculate { true }, "its place is free")
        gate.open()
        try awaitReading(next.descriptor)
        #expect(!isDone.isSet)
        #expect(blocking.take() != nil)
    }

    @Test("Without threads the work is done at once")
    func inline() throws {
        let threads = try HelperThreads(threadCount: 0, queueLimit: 0)
        #expect(threads.calculate { "now" }?.take() == "now")
    }

    private func awaitReading(_ descriptor: CInt) throws {
        var set = [PollEntry(descriptor: descriptor, interest: .read)]
        var span = set.mutableSpan
        #expect(try PollEntry.poll(&span, timeout: .seconds(20)) == 1)
    }
}

/// Something that work waits at until it may go on.
private final class Gate: Sendable {
    private let hasArrived = Atomic(false)
    private let isOpen = Atomic(false)

    func pass() {
        hasArrived.store(true, ordering: .releasing)
        while !isOpen.load(ordering: .acquiring) { sched_yield() }
    }

    func awaitArrival() {
        while !hasArrived.load(ordering: .acquiring) { sched_yield() }
    }

    func open() {
        isOpen.store(true, ordering: .releasing)
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() {
        value.store(true, ordering: .releasing)
    }
}
