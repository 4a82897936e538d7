import MartinetPOSIX
import Testing

/// A helper thread that is busy until it is told otherwise.
final class BusyThread {
    let threads: HelperThreads
    private let isOver: Gate
    private let blocking: Calculation<Void>

    /// - Parameter queueLimit: how much work may wait behind what the thread is busy with.
    convenience init(queueLimit: Int) throws {
        try self.init(HelperThreads(threadCount: 1, queueLimit: queueLimit))
    }

    private init(_ threads: HelperThreads) throws {
        self.threads = threads
        let hasBegun = try Gate()
        let isOver = try Gate()
        self.isOver = isOver
        blocking = try #require(
            threads.calculate {
                hasBegun.open()
                isOver.pass()
            })
        hasBegun.pass()
    }

    /// A thread whose queue is full as well.
    static func withFullQueue() throws -> (BusyThread, Calculation<Void>) {
        try fill(try HelperThreads(threadCount: 1, queueLimit: 1))
    }

    /// Has the one thread of these busy, and another piece of work wait for it.
    static func fill(_ threads: HelperThreads) throws -> (BusyThread, Calculation<Void>) {
        let thread = try BusyThread(threads)
        return (thread, try #require(threads.calculate {}))
    }

    deinit {
        release()
    }

    func release() {
        isOver.open()
    }
}

/// Something that work waits at until it may go on.
private final class Gate: Sendable {
    private let wakeup: Wakeup

    init() throws(SystemError) {
        wakeup = try Wakeup()
    }

    func open() { wakeup.signal() }

    func pass() {
        var set = [PollEntry(descriptor: wakeup.descriptor, interest: .read)]
        var span = set.mutableSpan
        _ = try? PollEntry.poll(&span, timeout: .seconds(50))
    }
}
