import Glibc
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@Suite("Helper threads")
struct HelperThreadsTests {
    @Test("Whoever waits for a result is woken when it is there")
    func result() throws {
        let threads = try HelperThreads(threadCount: 2, queueLimit: 8)
        let calculation = try #require(threads.calculate { 6 * 7 })
        try calculation.wait()
        #expect(calculation.take() == 42)
        #expect(calculation.take() == nil, "it is taken once")
    }

    @Test("Work beyond the queue's limit is refused, and what was taken is done")
    func limit() throws {
        let busy = try BusyThread(queueLimit: 2)
        let waiting = (0..<2).compactMap { number in busy.threads.calculate { number } }
        #expect(waiting.count == 2)
        #expect(busy.threads.calculate { 3 } == nil)
        busy.release()
        for (number, calculation) in waiting.enumerated() {
            try calculation.wait()
            #expect(calculation.take() == number)
        }
        #expect(busy.work.take() != nil)
    }

    @Test("Work whose result nobody wants any more is not done, and makes room")
    func cancelling() throws {
        let busy = try BusyThread(queueLimit: 1)
        let isDone = Flag()
        var dropped = busy.threads.calculate { isDone.set() }
        #expect(dropped != nil)
        dropped = nil
        let next = try #require(busy.threads.calculate { true }, "its place is free")
        busy.release()
        try next.wait()
        #expect(!isDone.isSet)
        #expect(busy.work.take() != nil)
    }

    @Test("Signals to the process come to others; what a thread has done itself comes to it")
    func signals() throws {
        let threads = try HelperThreads(threadCount: 1, queueLimit: 1)
        let calculation = try #require(
            threads.calculate {
                var mask = sigset_t()
                unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
                return [SIGTERM, SIGCHLD, SIGPIPE, SIGSEGV, SIGBUS, SIGILL, SIGABRT].map {
                    unsafe sigismember(&mask, $0) == 1
                }
            })
        try calculation.wait()
        #expect(calculation.take() == [true, true, true, false, false, false, false])
    }

    @Test("Without threads the work is done at once")
    func inline() throws {
        let threads = try HelperThreads(threadCount: 0, queueLimit: 0)
        #expect(threads.calculate { "now" }?.take() == "now")
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() {
        value.store(true, ordering: .releasing)
    }
}
