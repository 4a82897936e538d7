import FoundationEssentials
import MartinetBytes
import MartinetPOSIX
import MartinetResponders
import MartinetServer
import MartinetTLS

/// Everything a worker needs to know, sent to it by the supervisor, so that all workers agree whatever happens to files.
///
/// It goes as text (JSON) with what is secret behind it, byte for byte, so that no copy of a key is left in memory.
struct WorkerSnapshot: Codable {
    var tls: TLSConfiguration
    var limits: Limits
    var site: FileSite
    var policy: SitePolicy
    /// Other folders, beneath prefixes.
    var folders: [FileSite]
    /// Where programs answer.
    var scripts: [CGISite]
    /// How many processes may live on that programs left in the background.
    var jobLimit: Int
    /// What the descriptors are for that are inherited behind the supervisor's line, in their order.
    var inherited: [InheritedRole]
    /// The port to send clients of plain HTTP to.
    var securePort: UInt16
    /// What is given to devices on the same network, for which there is a permit; nil for nothing.
    var trustOffer: TrustPage.Offer?
    /// A level of swift-log: "notice".
    var logLevel: String

    func encoded() throws -> SecretBytes {
        .joined([SecretBytes(try JSONEncoder().encode(self)), policy.encodedPasswordHashes] + tls.keys)
    }

    /// - Parameter content: what the supervisor sent: a snapshot, and the keys for session tickets.
    static func decode(_ content: SecretBytes) throws -> WorkerSnapshot {
        guard let content = content.parts, content.count == 2, let parts = content[0].parts, parts.count >= 2,
            let ticketKeys = TicketKeys(content[1])
        else {
            throw RuntimeFailure(description: "the supervisor sent what is no configuration")
        }
        let text = parts[0].withSpan { Data([UInt8](copying: $0)) }
        var snapshot = try JSONDecoder().decode(WorkerSnapshot.self, from: text)
        snapshot.policy.setPasswordHashes(parts[1])
        snapshot.tls.keys = Array(parts.dropFirst(2))
        snapshot.tls.ticketKeys = ticketKeys
        return snapshot
    }

    /// Lets go of what a `TLSContext` has been made from.
    mutating func forgetKeys() {
        tls.identities = []
        tls.ticketKeys = nil
    }
}
