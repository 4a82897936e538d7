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
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    private var messages: FileDescriptor?

    /// Starts the script.
    ///
    /// - Parameters:
    ///   - occupied: what it occupies until it has ended, whoever still reads what it has written: a place, a file.
    ///   - reaper: asks the script to end at `deadline`.
    ///   - name: what the script is called in the log.
    init(
        _ program: Program, _ source: Input, occupying occupied: [AnyObject], reaper: ChildReaper,
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
    }

    // MARK: Descriptors to wait for; nil for those that are closed

    var inputDescriptor: CInt? { FileDescriptor.number(of: input) }
    var outputDescriptor: CInt? { FileDescriptor.number(of: output) }
    var messagesDescriptor: CInt? { FileDescriptor.number(of: messages) }

    var exitDescriptor: CInt? { child.exitDescriptor }

    // MARK: Moving bytes

    /// Writes content to the script.
    ///
    /// - Returns: the number of bytes taken, 0 for "not now"; nil when the script reads no more.
    func write(_ content: Span<UInt8>) -> Int? {
        let count = Self.write(content, to: input)
        if count == nil { input = nil }
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
        input = nil
    }

    /// Reads what the script has written.
    func read(into room: inout MutableSpan<UInt8>) -> Reading {
        let reading = Self.read(output, &room)
        if reading == .end { output = nil }
        // What it has left behind is not waited for: jobs that hold its pipes are ended, others have none.
        return reading == .notYet && ending != nil ? .end : reading
    }

    /// Reads what the script says to the log.
    func readMessages(into room: inout MutableSpan<UInt8>) -> Reading {
        let reading = Self.read(messages, &room)
        if reading == .end { messages = nil }
        return reading
    }

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
        if child.checkEnd() != nil { reaper.forget(child) }
    }

    /// Leaves the script to the reaper. Its content is not given to it any more; what it still says to the log is read, and
    /// where it may finish, so is what it still writes.
    ///
    /// - Parameters:
    ///   - said: what it has said so far.
    ///   - report: called with each line that is still to come.
    func leave(_ gracePeriod: ChildReaper.GracePeriod, _ said: ScriptMessages, _ report: @escaping (String) -> Void) {
        input = nil
        if case .none = gracePeriod { output = nil }
        let detachedOutput = ScriptDetachedOutput(output: output.take(), messages: messages.take(), said, report)
        reaper.release(child, gracePeriod: gracePeriod, detachedOutput: detachedOutput)
    }
}
