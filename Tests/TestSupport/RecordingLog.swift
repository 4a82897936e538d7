package import Logging
import Synchronization

/// Keeps the messages that are logged.
package final class RecordingLog: LogHandler {
    private let level: Logger.Level
    private let messages = Mutex<[String]>([])

    /// - Parameter level: messages of less weight are passed over.
    package init(level: Logger.Level = .trace) {
        self.level = level
    }

    package var lines: [String] { messages.withLock { $0 } }

    package func log(event: LogEvent) {
        messages.withLock { $0.append("\(event.message)") }
    }

    // What is set here is of no consequence.
    package var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    package var logLevel: Logger.Level {
        get { level }
        set {}
    }
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
