import MartinetBytes
import MartinetPOSIX

/// What a script writes when its answer is complete, or nobody is there to take it: messages still go to the log, and some
/// output is dropped, so that a script which writes a little more than is wanted is not ended for it (SIGPIPE).
final class ScriptDetachedOutput: ChildReaper.DetachedOutput {
    private var output: FileDescriptor?
    private var messages: FileDescriptor?
    private var said: ScriptMessages
    private let report: (String) -> Void
    private var outputByteCount = 0
    private var messagesByteCount = 0

    /// A script that writes more than this gets a closed pipe: reading it costs more than it is worth.
    private static let byteLimit = 1024 * 1024
    /// As much as a pipe holds.
    private static let readByteCount = 64 * 1024

    /// - Parameters:
    ///   - output: nil where the script is to end.
    ///   - said: what it has said so far.
    ///   - report: called with each line that is still to come.
    init(
        output: consuming FileDescriptor?, messages: consuming FileDescriptor?, _ said: ScriptMessages,
        _ report: @escaping (String) -> Void
    ) {
        self.output = output
        self.messages = messages
        self.said = said
        self.report = report
    }

    deinit {
        // The script has ended. What has left its group may still write, and is not waited for.
        _ = Self.read(messages) { said.take($0, report) }
        said.finish(report)
    }

    var descriptors: [CInt] {
        [FileDescriptor.number(of: output), FileDescriptor.number(of: messages)].compactMap { $0 }
    }

    func read(_ descriptor: CInt) -> Bool {
        if descriptor == FileDescriptor.number(of: output) {
            if Self.isOpen(after: Self.read(output) { _ in }, &outputByteCount) { return true }
            output = nil
        } else if descriptor == FileDescriptor.number(of: messages) {
            if Self.isOpen(after: Self.read(messages) { said.take($0, report) }, &messagesByteCount) { return true }
            messages = nil
        }
        return false
    }

    private static func isOpen(after count: Int?, _ byteCount: inout Int) -> Bool {
        guard let count else { return false }
        byteCount += count
        return byteCount <= byteLimit
    }

    /// Reads as much as a pipe holds; the number of bytes, nil where there will be no more.
    private static func read(_ pipe: borrowing FileDescriptor?, _ use: (Span<UInt8>) -> Void) -> Int? {
        var buffer = [UInt8](repeating: 0, count: readByteCount)
        var room = buffer.mutableSpan
        switch ScriptProcess.read(pipe, &room) {
        case .bytes(let count):
            use(buffer.span.extracting(0..<count))
            return count
        case .wouldBlock: return 0
        case .endOfStream: return nil
        }
    }
}
