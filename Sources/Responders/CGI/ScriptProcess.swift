import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A running script and the pipes to it: standard input, output and error, and a descriptor that says that it has ended.
final class ScriptProcess: GatewayBackend {
    /// What the script reads as its standard input.
    enum Input {
        /// Nothing: the null device.
        case none(CInt)
        /// A pipe.
        case pipe
        /// A file whose first byte is next.
        case file(CInt)
    }

    /// How it is looked after.
    struct Terms {
        /// Asks the script to end when its time is over, and reaps it.
        let reaper: ChildReaper
        /// The most that it may take in all.
        let time: Duration
        /// How long it may go on when its answer is complete.
        let finishingTime: Duration
        /// What it is called.
        let name: String
        /// Where its messages go.
        let log: GatewayLog
    }

    /// The pipes and the process, while it is being started.
    static let descriptorCount = 8
    /// How long a script whose output has ended is waited for, so that one that crashed is not taken for one that finished.
    private static let exitWait = Interval.milliseconds(100)
    /// What is read at once of its messages.
    private static let readByteCount = 8 * 1024

    private let terms: Terms
    private let child: ChildReaper.SupervisedChild
    private let exitDescriptor: CInt?
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    private var messages: FileDescriptor?
    private var said = ScriptMessages()
    /// Its output has ended, and how it ends itself is waited for until this moment.
    private var exitWaitEnd: MonotonicTime?
    /// That has been waited for long enough.
    private var hasWaitedForExit = false

    /// Starts the script.
    ///
    /// - Parameter occupied: what it occupies until it has ended, whoever still reads what it has written: a permit, a file.
    init(
        _ program: Program, _ source: Input, _ terms: Terms, occupying occupied: [AnyObject],
        _ host: inout ExchangeHost
    ) throws(SystemError) {
        let toWrite = try Pipe(isNonBlocking: false)
        let complaints = try Pipe(isNonBlocking: false)
        // Only this side's ends do not wait; a pipe's ends have their modes each for itself.
        try toWrite.reading.setNonBlocking()
        try complaints.reading.setNonBlocking()
        let process: ChildProcess
        switch source {
        case .none(let number), .file(let number):
            process = try ChildProcess(
                program,
                StandardStreams(input: number, output: toWrite.writing.number, error: complaints.writing.number))
            input = nil
        case .pipe:
            let content = try Pipe(isNonBlocking: false)
            try content.writing.setNonBlocking()
            process = try ChildProcess(
                program,
                StandardStreams(
                    input: content.reading.number, output: toWrite.writing.number, error: complaints.writing.number))
            input = content.takeWriting()
        }
        output = toWrite.takeReading()
        messages = complaints.takeReading()
        self.terms = terms
        child = try terms.reaper.add(
            process, until: host.now + Interval(terms.time), companions: occupied, name: terms.name)
        exitDescriptor = child.exitDescriptor
        host.watch(ifOpen: exitDescriptor, for: .read)
        watchMessages(&host)
    }

    func handle(_ event: ExchangeEvent, _ host: inout ExchangeHost) -> GatewayProgress {
        switch event {
        case .ready(FileDescriptor.number(of: input), _): return .input
        case .ready(FileDescriptor.number(of: output), _): return .output
        case .ready(FileDescriptor.number(of: messages), _): return readMessages(&host) ? .messages : []
        case .ready:
            checkEnd(&host)
            return []
        case .deadline:
            guard let end = exitWaitEnd, host.now >= end else { return [] }
            exitWaitEnd = nil
            hasWaitedForExit = true
            return .output
        case .contentEnded, .clientEnded, .woken, .draining, .completed: return []
        }
    }

    var deadline: MonotonicTime { exitWaitEnd ?? .distantFuture }

    // MARK: Moving bytes

    func write(_ content: Span<UInt8>, _ host: inout ExchangeHost) -> Int? {
        let count = Self.write(content, to: input)
        switch count {
        case nil: endInput(&host)
        case 0: host.watch(ifOpen: FileDescriptor.number(of: input), for: .write)
        default: break
        }
        return count
    }

    private static func write(_ content: Span<UInt8>, to pipe: borrowing FileDescriptor?) -> Int? {
        switch pipe {
        case .some(let open):
            switch try? open.write(content) {
            case .bytes(let count): return count
            case .wouldBlock, .endOfStream: return 0
            case nil: return nil
            }
        case .none: return nil
        }
    }

    func endInput(_ host: inout ExchangeHost) {
        host.forget(ifOpen: FileDescriptor.number(of: input))
        input = nil
    }

    func read(into room: inout MutableSpan<UInt8>, _ host: inout ExchangeHost) -> GatewayReading {
        switch Self.read(output, &room) {
        case .bytes(let count): return .bytes(count)
        case .endOfStream:
            host.forget(ifOpen: FileDescriptor.number(of: output))
            output = nil
            return end(&host)
        case .wouldBlock:
            // What it has left behind is not waited for: jobs that hold its pipes are ended, others have none.
            if child.ending != nil { return end(&host) }
            host.watch(ifOpen: FileDescriptor.number(of: output), for: .read)
            return .notYet
        }
    }

    /// Reads of a pipe without waiting; one that is closed has ended.
    static func read(_ pipe: borrowing FileDescriptor?, _ room: inout MutableSpan<UInt8>) -> Transfer {
        switch pipe {
        case .some(let open): (try? open.read(into: &room)) ?? .endOfStream
        case .none: .endOfStream
        }
    }

    // MARK: Messages

    func flushMessages(_ host: inout ExchangeHost) { _ = readMessages(&host) }

    /// Reads what the script says to the log.
    ///
    /// - Returns: whether it has said something that is passed on.
    private func readMessages(_ host: inout ExchangeHost) -> Bool {
        var isHeard = false
        var buffer = [UInt8](repeating: 0, count: Self.readByteCount)
        // Bounded, so that who floods the log does not hold up others.
        for _ in 0..<8 {
            var room = buffer.mutableSpan
            let reading = Self.read(messages, &room)
            guard case .bytes(let count) = reading else {
                if reading == .endOfStream {
                    host.forget(ifOpen: FileDescriptor.number(of: messages))
                    messages = nil
                }
                break
            }
            said.take(buffer.span.extracting(0..<count), terms.log.message)
            if !said.isOver { isHeard = true }
        }
        watchMessages(&host)
        return isHeard
    }

    /// A script that is held up by its messages could not write what its client waits for.
    private func watchMessages(_ host: inout ExchangeHost) {
        host.watch(ifOpen: FileDescriptor.number(of: messages), for: .read)
    }

    // MARK: Ending

    var hasEnded: Bool { child.ending != nil }

    /// Notices that the script has ended.
    private func checkEnd(_ host: inout ExchangeHost) {
        guard child.checkEnd() != nil else { return }
        host.forget(ifOpen: exitDescriptor)
        terms.reaper.forget(child)
    }

    /// The output has ended: how the script has ended itself, if it has or is not waited for any longer.
    private func end(_ host: inout ExchangeHost) -> GatewayReading {
        checkEnd(&host)
        if let ending = child.ending {
            exitWaitEnd = nil
            _ = readMessages(&host)
            return .end(meaning(of: ending))
        }
        if hasWaitedForExit { return .end(unlessOverdue(.complete(how: nil))) }
        if exitWaitEnd == nil { exitWaitEnd = host.now + Self.exitWait }
        return .ending
    }

    private func meaning(of ending: ChildProcess.Ending) -> GatewayEnding {
        switch ending {
        case .exited(status: 0): unlessOverdue(.complete(how: "\(ending)"))
        case .exited, .unknown: unlessOverdue(.failed(how: "\(ending)"))
        case .killed: unlessOverdue(.cut(how: ScriptEnding.text(ending)))
        }
    }

    /// Whatever it made of being asked to end, it was not done.
    private func unlessOverdue(_ ending: GatewayEnding) -> GatewayEnding {
        child.isOverdue ? .overdue("ran for longer than \(terms.time) and was ended") : ending
    }

    /// Leaves the script to the reaper. Its content is not given to it any more; what it still says to the log is read, and
    /// where it may finish, so is what it still writes.
    func leave(isComplete: Bool, _ host: inout ExchangeHost) {
        host.forget(ifOpen: FileDescriptor.number(of: output))
        host.forget(ifOpen: FileDescriptor.number(of: messages))
        host.forget(ifOpen: exitDescriptor)
        endInput(&host)
        if !isComplete { output = nil }
        let detachedOutput = ScriptDetachedOutput(
            output: output.take(), messages: messages.take(), said, terms.log.message)
        terms.reaper.release(
            child, gracePeriod: isComplete ? .untilFinished(terms.finishingTime) : .none,
            detachedOutput: detachedOutput)
    }
}
