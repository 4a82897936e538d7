package import Logging
import MartinetPOSIX

/// What a worker writes to.
package struct WorkerLogs {
    let logger: Logger
    let access: LogSink?
    let errors: LogSink?
    private let replaceStream: ((LogFile.Kind, CInt) throws -> Void)?

    /// - Parameters:
    ///   - access: where access log lines go; nil for nowhere.
    ///   - errors: what the logger writes to, if it may have to wait for it.
    ///   - replaceStream: puts a log's new file, whose number it gets, in the place of the process's standard stream that it is,
    ///     if it is one; nil where these are not the worker's concern.
    package init(
        _ logger: Logger, access: LogSink? = nil, errors: LogSink? = nil,
        replaceStream: ((LogFile.Kind, CInt) throws -> Void)? = nil
    ) {
        self.logger = logger
        self.access = access
        self.errors = errors
        self.replaceStream = replaceStream
    }

    /// Both, where there are two.
    var sinks: [LogSink] { [access, errors].compactMap { $0 } }

    /// Lines go to another file from now on.
    func reopen(_ log: LogFile.Kind, onto file: consuming FileDescriptor) {
        do {
            try replaceStream?(log, file.number)
            switch log {
            case .access: try access?.reopen(onto: file)
            case .error: try errors?.reopen(onto: file)
            case .output: break
            }
        } catch {
            logger.error("a log goes on in its old file: \(error)")
        }
    }

    /// The worker leaves. What the logs do not take now they never will.
    func end() {
        if let lost = access?.end(), lost > 0 {
            logger.error("\(lost) lines of the access log are lost: it did not take them before the worker left")
        }
        errors?.endWithNote()
    }
}
