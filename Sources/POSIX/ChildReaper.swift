package import MartinetEvents

/// Sees to it that children end when their time is over, and reaps every one of them at once, whoever waits for it.
///
/// Its descriptor is to be polled for reading, then `reap()` called; `enforce(_:)` when its deadline is over, of which
/// `onDeadline` tells.
package final class ChildReaper {
    /// How long a child may go on that nobody waits for any more.
    package enum GracePeriod: Sendable {
        /// It may finish by itself within this time, and is asked to end then.
        case untilFinished(Duration)
        /// It is asked to end now.
        case none
    }

    /// What a child writes though nobody waits for it any more. It is read as it comes, so that the child can go on, and let
    /// go of when the child has been reaped.
    package protocol DetachedOutput: AnyObject {
        /// Pipes that the child may write to.
        var descriptors: [CInt] { get }
        /// Reads what there is. The pipe is closed when there will be no more of it, or no more is wanted.
        ///
        /// - Returns: whether it is still open.
        func read(_ descriptor: CInt) -> Bool
    }

    /// A pipe that is watched for a child.
    private struct Source {
        let child: SupervisedChild
        let descriptor: CInt
        weak let detachedOutput: (any DetachedOutput)?
    }

    /// A child in the reaper's care.
    package final class SupervisedChild {
        private var process: ChildProcess
        /// The key under which the reaper has it.
        fileprivate let mark: UInt64
        /// What it is called in reports.
        private let name: String
        /// Where that is noted which it may leave behind; nil where it may leave nothing.
        private let jobs: BackgroundJobs?
        /// Released when the child is reaped.
        private var companions: [AnyObject] = []
        /// When its time is over.
        private let timeEnd: MonotonicTime
        /// When something more is done about it.
        fileprivate var deadline: MonotonicTime
        /// Whether it was asked to end because its time was over.
        package private(set) var isOverdue = false
        /// Whether it was asked to end.
        private var isAsked = false
        /// How it ended; nil as long as that was not noticed.
        package private(set) var ending: ChildProcess.Ending?

        fileprivate init(
            _ process: consuming ChildProcess, mark: UInt64, companions: [AnyObject], timeEnd: MonotonicTime,
            name: String, jobs: BackgroundJobs?
        ) {
            self.process = process
            self.name = name
            self.jobs = jobs
            self.mark = mark
            self.companions = companions
            self.timeEnd = timeEnd
            deadline = timeEnd
        }

        /// It seemed to have ended, and could not be reaped: its end is still another's to see, who traces it.
        fileprivate var isWithheld = false

        /// Readable once the child has ended, and open until `forget(_:)`; nil when its end is known, and when there is no
        /// use in waiting for it.
        package var exitDescriptor: CInt? { ending == nil && !isWithheld ? process.exitDescriptor : nil }

        fileprivate func closeExitDescriptor() {
            process.closeExitDescriptor()
        }

        /// Reaps the child if it has ended, and releases what it occupied.
        @discardableResult
        package func checkEnd() -> ChildProcess.Ending? {
            guard ending == nil else { return ending }
            ending = process.reap(sparingGroup: jobs != nil)
            guard ending != nil else { return nil }
            companions = []
            if let jobs, process.leavesGroup {
                jobs.add(leader: process.identifier, pipes: process.outputs, name: name, now: .now)
            }
            return ending
        }

        fileprivate func add(_ companion: AnyObject) {
            companions.append(companion)
        }

        /// Asks it to end, or ends it if it was asked before.
        fileprivate func terminateOrKill(_ now: MonotonicTime) {
            if isAsked { process.kill() } else { process.terminate() }
            isAsked = true
            deadline = now + ChildReaper.grace
        }

        /// Asks it to end if it was not asked before.
        fileprivate func ask(_ now: MonotonicTime) {
            if !isAsked { terminateOrKill(now) }
        }

        /// Its deadline is over.
        fileprivate func expire(_ now: MonotonicTime) {
            if now >= timeEnd { isOverdue = true }
            terminateOrKill(now)
        }

        /// Ends it, and waits until it has ended.
        fileprivate func end() {
            guard checkEnd() == nil else { return }
            process.kill()
            process.waitForEnd()
            checkEnd()
        }
    }

    /// From SIGTERM to SIGKILL, and until a child is looked at again that could not be reaped though it seemed to have
    /// ended.
    package static let grace = Interval.seconds(2)

    private let epoll: Epoll
    private let jobs: BackgroundJobs?
    /// By the marks that epoll has for them.
    private var children: [UInt64: SupervisedChild] = [:]
    private var sources: [UInt64: Source] = [:]
    private var nextMark: UInt64 = 0
    /// When something is due for a child; nil for none.
    private var childDeadline: MonotonicTime?
    /// When `enforce(_:)` is to be called; nil for not at all.
    package var deadline: MonotonicTime? {
        guard let jobDeadline = jobs?.deadline else { return childDeadline }
        return min(childDeadline ?? jobDeadline, jobDeadline)
    }

    /// Told of `deadline` when it comes nearer, and when it was over; `distantFuture` stands for none.
    package var onDeadline: (MonotonicTime) -> Void = { _ in } {
        didSet { jobs?.onDeadline = { [weak self] in self?.announceDeadline() } }
    }
    /// Wakes who is to call `advanceJobs(_:)` when something is known that was looked for beside the loop.
    package var waker: Waker? {
        didSet { jobs?.waker = waker }
    }

    /// - Parameters:
    ///   - jobLimit: how many processes may live on that children left in their groups when they exited by themselves; nil
    ///     where they end with the child, as they do in any case when it was told to end.
    ///   - helpers: where those are looked for, which takes as long as there are processes on the machine; nil for at once.
    ///   - report: called with the name of a child whose jobs were ended since with them there would have been more.
    package init(
        jobLimit: Int? = nil, helpers: HelperThreads? = nil, report: @escaping (String) -> Void = { _ in }
    ) throws(SystemError) {
        epoll = try Epoll()
        jobs = jobLimit.map { BackgroundJobs(limit: $0, helpers: helpers, report: report) }
    }

    deinit {
        endAll()
    }

    /// Readable when a child has ended, or has written what nobody waits for.
    package var descriptor: CInt { epoll.descriptor.number }

    /// How many children there are of whose end `reap()` has not heard.
    package var count: Int { children.count }

    /// Takes a child into care. It is asked to end when its time is over.
    ///
    /// - Parameters:
    ///   - companions: kept until the child has been reaped, for instance a place that it occupies.
    ///   - name: what it is called in reports.
    /// - Throws: what the kernel says when it cannot watch the child, which has been ended then.
    package func add(
        _ process: consuming ChildProcess, until deadline: MonotonicTime, companions: [AnyObject] = [],
        name: String = ""
    ) throws(SystemError) -> SupervisedChild {
        nextMark += 1
        let child = SupervisedChild(
            process, mark: nextMark, companions: companions, timeEnd: deadline, name: name, jobs: jobs)
        do throws(SystemError) {
            if let handle = child.exitDescriptor { try epoll.arm(handle, mark: child.mark, isNew: true) }
        } catch {
            // Unwatched it would never be heard of again.
            child.end()
            throw error
        }
        children[child.mark] = child
        note(deadline)
        return child
    }

    /// Lets go of a child whose end is known, and closes its descriptor: to be called by who watches that, if anybody.
    package func forget(_ child: SupervisedChild) {
        guard child.ending != nil else { return }
        remove(child)
        child.closeExitDescriptor()
    }

    /// Nobody waits for the child any more.
    ///
    /// - Parameter detachedOutput: what it still writes; not kept at all if the child has been reaped already.
    package func release(
        _ child: SupervisedChild, gracePeriod: GracePeriod, detachedOutput: (any DetachedOutput)? = nil
    ) {
        guard child.checkEnd() == nil else { return }
        if let detachedOutput {
            child.add(detachedOutput)
            for descriptor in detachedOutput.descriptors { watch(descriptor, of: detachedOutput, for: child) }
        }
        let now = MonotonicTime.now
        switch gracePeriod {
        case .untilFinished(let time): child.deadline = min(child.deadline, now + Interval(time))
        case .none: child.ask(now)
        }
        note(child.deadline)
    }

    /// Reaps the children that have ended, and reads what others write. A few at a time: as long as there are more of
    /// them the descriptor stays readable.
    package func reap() {
        for mark in (try? epoll.take()) ?? [] {
            if let source = sources[mark] { read(source, mark) }
            guard let child = children[mark] else { continue }
            if child.checkEnd() != nil {
                remove(child)
            } else {
                // Asked again at once, the kernel would say the same.
                child.isWithheld = true
                child.deadline = min(child.deadline, .now + Self.grace)
                note(child.deadline)
            }
        }
        if children.isEmpty { childDeadline = nil }
    }

    /// Asks those to end whose time is over, and ends those that were asked before, and jobs that hold on to pipes.
    package func enforce(_ now: MonotonicTime) {
        advanceJobs(now)
        defer { announceDeadline() }
        guard let childDeadline, childDeadline <= now else { return }
        for child in children.values where child.deadline <= now {
            if child.checkEnd() != nil { remove(child) } else { child.expire(now) }
        }
        self.childDeadline = nil
        for child in children.values { note(child.deadline) }
    }

    /// Goes on with what children have left running in the background.
    package func advanceJobs(_ now: MonotonicTime) { jobs?.advance(now) }

    /// Asks every child to end.
    package func askAll(_ now: MonotonicTime) {
        for child in children.values where child.checkEnd() == nil {
            child.ask(now)
            note(child.deadline)
        }
    }

    /// Ends every child that is left, and waits until it has ended.
    package func endAll() {
        for child in children.values { child.end() }
        children = [:]
        sources = [:]
        jobs?.end()
    }

    private func watch(_ descriptor: CInt, of detachedOutput: any DetachedOutput, for child: SupervisedChild) {
        nextMark += 1
        // Unwatched it is read when the child has ended.
        guard (try? epoll.arm(descriptor, mark: nextMark, isNew: true)) != nil else { return }
        sources[nextMark] = Source(child: child, descriptor: descriptor, detachedOutput: detachedOutput)
    }

    private func read(_ source: Source, _ mark: UInt64) {
        let isOpen = source.detachedOutput?.read(source.descriptor) ?? false
        if !isOpen || (try? epoll.arm(source.descriptor, mark: mark, isNew: false)) == nil { sources[mark] = nil }
    }

    private func remove(_ child: SupervisedChild) {
        children[child.mark] = nil
        if !sources.isEmpty { sources = sources.filter { $1.child !== child } }
    }

    private func note(_ moment: MonotonicTime) {
        guard moment < childDeadline ?? .distantFuture else { return }
        childDeadline = moment
        announceDeadline()
    }

    private func announceDeadline() { onDeadline(deadline ?? .distantFuture) }
}
