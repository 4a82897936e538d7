import Logging
import POSIX
import Server

/// Where log lines go.
enum Logs {
    /// The error log: standard error, through swift-log.
    static func makeLogger(named name: String, level: Logger.Level) throws -> Logger {
        let sink = LogSink(try FileDescriptor.reopenedForAppending(ThisProcess.standardError))
        return Logger(label: "martinet") { _ in ErrorLog(sink, name: name, level: level) }
    }

    /// The descriptor that access log lines are written to; nil for none. It stays open.
    ///
    /// - Parameter destination: `-` for standard output, `none`, or a path.
    static func openAccessLog(_ destination: String) throws -> CInt? {
        switch destination {
        case "none": return nil
        case "-": return try FileDescriptor.reopenedForAppending(ThisProcess.standardOutput).release()
        default:
            do {
                return try FileDescriptor.openForAppending(destination).release()
            } catch {
                throw ConfigurationError(
                    place: "--access-log \(destination)", problem: error.reason,
                    wayOut: "Name a file in a folder that exists and may be written, - for standard output, or none.")
            }
        }
    }
}
