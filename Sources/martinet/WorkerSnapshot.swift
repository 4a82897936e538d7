import FoundationEssentials
import Responders
import Server
import TLS

/// Everything a worker needs to know, sent to it by the supervisor, so that all workers agree whatever happens to files.
struct WorkerSnapshot: Codable {
    var tls: TLSConfiguration
    var limits: Limits
    var site: FileSite
    var policy: SitePolicy
    /// Where programs answer.
    var scripts: [CGISite]
    /// How many of the inherited descriptors are listening sockets for HTTPS.
    var listenerCount: Int
    /// How many behind them are listening sockets for plain HTTP.
    var plainListenerCount: Int
    /// The port to send clients of plain HTTP to.
    var securePort: UInt16
    /// Whether another descriptor behind them is the access log.
    var hasAccessLog: Bool
    /// A level of swift-log: "notice".
    var logLevel: String

    func encoded() throws -> [UInt8] {
        [UInt8](try JSONEncoder().encode(self))
    }

    static func decode(_ bytes: [UInt8]) throws -> WorkerSnapshot {
        try JSONDecoder().decode(WorkerSnapshot.self, from: Data(bytes))
    }
}
