import CMartinetLinux
import Glibc
package import MartinetEvents
import Synchronization

/// A few threads beside a loop, for what takes longer than a turn may: password hashes, large directories, compression.
///
/// At most so much work waits for them; whoever brings more is told so at once, and says to its client what is to be done.
/// Signals are blocked in them, so that they come to the process's own threads; not those that say what a thread itself has
/// done, for whoever writes down how a process crashed. The kernel prefers the loop.
package final class HelperThreads: Sendable {
    private let queue: WorkQueue
    private let threadCount: Int

    /// - Parameters:
    ///   - threadCount: with 0 the work is done at once by whoever brings it, which makes tests repeatable.
    ///   - queueLimit: how much work may wait.
    package init(threadCount: Int, queueLimit: Int) throws(SystemError) {
        queue = try WorkQueue(limit: queueLimit)
        self.threadCount = threadCount
        for _ in 0..<threadCount { try Self.start(queue) }
    }

    deinit {
        queue.end(threadCount: threadCount)
    }

    /// Has something calculated.
    ///
    /// - Returns: what tells when the result is there; nil where too much waits already.
    package func calculate<Result: Sendable>(_ work: @escaping @Sendable () -> Result) -> Calculation<Result>? {
        let outcome = Outcome<Result>()
        let job = WorkQueue.Job { outcome.set(work()) }
        if threadCount == 0 {
            job.run()
        } else if !queue.append(job) {
            return nil
        }
        return Calculation(outcome, job, queue)
    }

    private static func start(_ queue: WorkQueue) throws(SystemError) {
        var others = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&others)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { unsafe sigdelset(&others, fault) }
        unsafe pthread_sigmask(SIG_SETMASK, &others, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(queue)
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                clinux_lower_priority()
                unsafe Unmanaged<WorkQueue>.fromOpaque(argument).takeRetainedValue().serve()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            unsafe argument.release()
            throw SystemError("pthread_create", code: code)
        }
        pthread_detach(thread)
    }
}

/// A result on its way from a helper thread. Dropping it means that nobody wants it any more: work that has not begun is
/// not done.
package final class Calculation<Result: Sendable> {
    private let outcome: Outcome<Result>
    private let job: WorkQueue.Job
    private let queue: WorkQueue

    fileprivate init(_ outcome: Outcome<Result>, _ job: WorkQueue.Job, _ queue: WorkQueue) {
        self.outcome = outcome
        self.job = job
        self.queue = queue
    }

    deinit {
        queue.remove(job)
    }

    /// Has somebody woken when the result is there, at once if it is.
    package func wake(_ waker: Waker) { outcome.wake(waker) }

    /// Takes the result; nil while there is none.
    package func take() -> Result? { outcome.take() }
}

/// Where a thread leaves a result.
private final class Outcome<Result: Sendable>: Sendable {
    private struct State {
        var result: Result?
        var waker: Waker?
    }

    private let state = Mutex(State())

    func wake(_ waker: Waker) {
        let isThere = state.withLock { state in
            state.waker = waker
            return state.result != nil
        }
        if isThere { waker.wake() }
    }

    func set(_ value: Result) {
        let waker = state.withLock { state in
            state.result = value
            return state.waker
        }
        waker?.wake()
    }

    func take() -> Result? {
        state.withLock { state in
            defer { state.result = nil }
            return state.result
        }
    }
}

/// The work that waits, and the threads' way to it.
private final class WorkQueue: Sendable {
    final class Job: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    let limit: Int
    private let jobs = Mutex<[Job]>([])
    /// Counts what was appended, so that as many threads wake up. What was removed since costs one of them a look.
    private let semaphore: FileDescriptor
    private let isOver = Atomic(false)

    init(limit: Int) throws(SystemError) {
        self.limit = limit
        let number = clinux_semaphore()
        guard number >= 0 else { throw SystemError("eventfd") }
        semaphore = FileDescriptor(owning: number)
    }

    /// Returns false where too many wait.
    func append(_ job: Job) -> Bool {
        let isTaken = jobs.withLock { jobs in
            guard jobs.count < limit else { return false }
            jobs.append(job)
            return true
        }
        if isTaken { signal(1) }
        return isTaken
    }

    func remove(_ job: Job) {
        jobs.withLock { jobs in jobs.removeAll { $0 === job } }
    }

    func end(threadCount: Int) {
        isOver.store(true, ordering: .releasing)
        signal(threadCount)
    }

    /// Does what waits, one after the other, until it is over.
    func serve() {
        var count = [UInt8](repeating: 0, count: 8)
        while true {
            var room = count.mutableSpan
            // Interrupted by a debugger, or one of us too many: looked at as well.
            _ = try? semaphore.read(into: &room)
            if isOver.load(ordering: .acquiring) { return }
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?.run()
        }
    }

    private func signal(_ count: Int) {
        _ = clinux_add_to_event(semaphore.number, UInt64(clamping: count))
    }
}
