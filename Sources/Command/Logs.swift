import Logging
import MartinetPOSIX
import MartinetServer

/// Where log lines go.
enum Logs {
    /// The error log: standard error, through swift-log.
    static func makeErrorLog(named name: String, level: Logger.Level) throws -> (logger: Logger, sink: LogSink) {
        let sink = LogSink(try FileDescriptor.reopenedForAppending(ThisProcess.standardError))
        return (Logger(label: "martinet") { _ in ErrorLog(sink, name: name, level: level) }, sink)
    }

    /// What access log lines are written to; nil for nothing.
    ///
    /// - Parameter destination: `-` for standard output, `none`, or a path.
    static func openAccessLog(_ destination: String) throws -> FileDescriptor? {
        switch destination {
        case "none": return nil
        case "-": return try FileDescriptor.reopenedForAppending(ThisProcess.standardOutput)
        default:
            do {
                return try FileDescriptor.openForAppending(destination)
            } catch {
                throw ConfigurationError(
                    place: "--access-log \(destination)", problem: error.reason,
                    wayOut: "Name a file in a folder that exists and may be written, - for standard output, or none.")
            }
        }
    }

    /// The logs that are files, found before anybody renames them.
    ///
    /// - Parameter accessLog: the descriptor of the access log; nil for none.
    static func files(accessLog: CInt?) -> [LogFile] {
        let candidates: [(LogFile.Kind, CInt?)] = [
            (.access, accessLog), (.error, ThisProcess.standardError), (.output, ThisProcess.standardOutput),
        ]
        return candidates.compactMap { kind, descriptor in
            guard let descriptor, let path = FileDescriptor.path(ofFile: descriptor) else { return nil }
            return LogFile(kind, path: path, descriptor: descriptor)
        }
    }

    /// Puts a log's new file in the place of the standard stream that it is, if it is one.
    static func replaceStream(_ log: LogFile.Kind, _ number: CInt) throws(SystemError) {
        let stream: CInt
        switch log {
        case .access: return
        case .error: stream = ThisProcess.standardError
        case .output: stream = ThisProcess.standardOutput
        }
        try FileDescriptor.duplicate(number).replace(stream, staysOpen: true)
    }
}
