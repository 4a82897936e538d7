import MartinetBytes
import MartinetEvents
import MartinetPOSIX

/// A running script and the pipes to it. Nothing here waits.
final class ScriptProcess {
    /// What the script reads as its standard input.
    enum Input {
        /// Nothing: the null device.
        case none(CInt)
        /// A pipe.
        case pipe
        /// A file whose first byte is next.
        case file(CInt)
    }

    /// What came of a read from the script.
    enum Reading: Equatable {
        case bytes(Int)
        /// Nothing at the moment.
        case notYet
        /// There will be no more.
        case end
    }

    private let reaper: ChildReaper
    private let child: ChildReaper.SupervisedChild
    private let host: HostReference
    private let exitDescriptor: CInt?
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    private var messages: FileDescriptor?

    /// Starts the script.
    ///
    /// - Parameters:
    ///   - host: with it is registered what the script waits for, or is waited for.
    ///   - occupied: what it occupies until it has ended, whoever still reads what it has written: a place, a file.
    ///   - reaper: asks the script to end at `deadline`.
    ///   - name: what the script is called in the log.
    init(
        _ program: Program, _ source: Input, _ host: HostReference, occupying occupied: [AnyObject],
        reaper: ChildReaper,
        until deadline: MonotonicTime, name: String
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
        self.reaper = reaper
        child = try reaper.add(process, until: deadline, companions: occupied, name: name)
        self.host = host
        exitDescriptor = child.exitDescriptor
        host.watch(exitDescriptor, for: .read)
        watchMessages()
    }

    /// What a descriptor that is ready is for.
    enum Source {
        case input, output, messages, exit
    }

    func source(_ descriptor: CInt) -> Source {
        switch descriptor {
        case FileDescriptor.number(of: input): .input
        case FileDescriptor.number(of: output): .output
        case FileDescriptor.number(of: messages): .messages
        default: .exit
        }
    }

    // MARK: Moving bytes

    /// Writes content to the script.
    ///
    /// - Returns: the number of bytes taken, 0 for "not now"; nil when the script reads no more.
    func write(_ content: Span<UInt8>) -> Int? {
        let count = Self.write(content, to: input)
        switch count {
        case nil: endInput()
        case 0: host.watch(FileDescriptor.number(of: input), for: .write)
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

    /// The content is complete.
    func endInput() {
        host.forget(FileDescriptor.number(of: input))
        input = nil
    }

    /// Reads what the script has written.
    func read(into room: inout MutableSpan<UInt8>) -> Reading {
        let reading = Self.read(output, &room)
        switch reading {
        case .bytes: return reading
        case .end:
            host.forget(FileDescriptor.number(of: output))
            output = nil
            return .end
        case .notYet:
            // What it has left behind is not waited for: jobs that hold its pipes are ended, others have none.
            if ending != nil { return .end }
            host.watch(FileDescriptor.number(of: output), for: .read)
            return .notYet
        }
    }

    /// Reads what the script says to the log.
    func readMessages(into room: inout MutableSpan<UInt8>) -> Reading {
        let reading = Self.read(messages, &room)
        if reading == .end {
            host.forget(FileDescriptor.number(of: messages))
            messages = nil
        }
        return reading
    }

    /// A script that is held up by its messages could not write what its client waits for.
    func watchMessages() { host.watch(FileDescriptor.number(of: messages), for: .read) }

    static func read(_ pipe: borrowing FileDescriptor?, _ room: inout MutableSpan<UInt8>) -> Reading {
        switch pipe {
        case .some(let open):
            switch try? open.read(into: &room) {
            case .bytes(let count): return .bytes(count)
            case .wouldBlock: return .notYet
            case .endOfStream, nil: return .end
            }
        case .none: return .end
        }
    }

    // MARK: Ending

    /// How it ended; nil as long as that was not noticed.
    var ending: ChildProcess.Ending? { child.ending }

    /// Whether it was asked to end because its time was over.
    var isOverdue: Bool { child.isOverdue }

    /// Notices that the script has ended. To be called in a turn of the connection that watches its descriptors.
    func checkEnd() {
        guard child.checkEnd() != nil else { return }
        host.forget(exitDescriptor)
        reaper.forget(child)
    }

    /// Leaves the script to the reaper. Its content is not given to it any more; what it still says to the log is read, and
    /// where it may finish, so is what it still writes.
    ///
    /// - Parameters:
    ///   - said: what it has said so far.
    ///   - report: called with each line that is still to come.
    func leave(_ gracePeriod: ChildReaper.GracePeriod, _ said: ScriptMessages, _ report: @escaping (String) -> Void) {
        for descriptor in [FileDescriptor.number(of: output), FileDescriptor.number(of: messages), exitDescriptor] {
            host.forget(descriptor)
        }
        endInput()
        if case .none = gracePeriod { output = nil }
        let detachedOutput = ScriptDetachedOutput(output: output.take(), messages: messages.take(), said, report)
        reaper.release(child, gracePeriod: gracePeriod, detachedOutput: detachedOutput)
    }
}
