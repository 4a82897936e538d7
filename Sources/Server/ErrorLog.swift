package import Logging
import MartinetBytes
import MartinetPOSIX

/// The error log behind swift-log's API: one line for each entry, to a sink that never waits.
///
///     2026-11-22 20:05:38.123 notice worker 0: 127.0.0.1:50312: handshake failed: …
package struct ErrorLog: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let sink: LogSink
    /// Who writes: "martinet", "worker 0".
    private let name: String

    package init(_ sink: LogSink, name: String, level: Logger.Level) {
        self.sink = sink
        self.name = name
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = LogTime.errorFormat(.now)
        line.append(text: " \(event.level.rawValue) \(name): ")
        Self.append("\(event.message)", to: &line)
        line.append("\n")
        sink.append(line)
        sink.flush()
    }

    /// A message may quote what a client or a script sent: nothing of that may begin a line of its own, steer the terminal
    /// that shows the log, put its text in another order, or be there without being seen.
    private static func append(_ message: String, to line: inout [UInt8]) {
        line.append(text: message.visible)
    }
}
