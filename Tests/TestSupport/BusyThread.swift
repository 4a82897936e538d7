import MartinetEvents
package import MartinetPOSIX
import Testing

/// A helper thread that is busy until it is told otherwise.
package final class BusyThread {
    package let threads: HelperThreads
    /// What it is busy with.
    package let work: Calculation<Void>
    private let isOver: Gate

    /// - Parameter queueLimit: how much work may wait behind what the thread is busy with.
    package convenience init(queueLimit: Int) throws {
        try self.init(HelperThreads(threadCount: 1, queueLimit: queueLimit))
    }

    private init(_ threads: HelperThreads) throws {
        self.threads = threads
        let hasBegun = try Gate()
        let isOver = try Gate()
        self.isOver = isOver
        work = try #require(
            threads.calculate {
                hasBegun.open()
                isOver.pass()
            })
        hasBegun.pass()
    }

    /// A thread whose queue is full as well.
    package static func withFullQueue() throws -> (BusyThread, Calculation<Void>) {
        try fill(try HelperThreads(threadCount: 1, queueLimit: 1))
    }

    /// Has the one thread of these busy, and another piece of work wait for it.
    package static func fill(_ threads: HelperThreads) throws -> (BusyThread, Calculation<Void>) {
        let thread = try BusyThread(threads)
        return (thread, try #require(threads.calculate {}))
    }

    deinit {
        release()
    }

    package func release() {
        isOver.open()
    }
}

extension Calculation {
    /// Waits until the result is there.
    package func wait() throws {
        let bell = try Bell()
        wake(Waker(bell, token: Token(slot: 0, generation: 0)))
        try FileDescriptor.wait(on: bell.wakeup.descriptor)
    }
}

/// What is readable once somebody was woken.
private final class Bell: WakeTarget {
    let wakeup: Wakeup

    init() throws(SystemError) {
        wakeup = try Wakeup()
    }

    func wake(_ token: Token) { wakeup.signal() }
}

/// Something that work waits at until it may go on.
private final class Gate: Sendable {
    private let wakeup: Wakeup

    init() throws(SystemError) {
        wakeup = try Wakeup()
    }

    func open() { wakeup.signal() }

    func pass() { _ = try? FileDescriptor.wait(on: wakeup.descriptor) }
}
