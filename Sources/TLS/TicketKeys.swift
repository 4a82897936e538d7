import COpenSSL
import MartinetCrypto
package import MartinetEvents
package import MartinetPOSIX

/// The keys that session tickets are sealed with (RFC 5077 §4, RFC 8446 §4.6.1).
///
/// Every worker has the same, so that a session begun with one resumes with another. After an interval the next key seals, the
/// one before it only opens what it has sealed, and the one before that is wiped: who takes the keys later cannot read
/// what was said earlier. The next key is known an interval ahead, so that a worker which is told of it late opens the
/// tickets of those that have begun to use it.
package struct TicketKeys: Sendable, Equatable {
    /// How long a key seals.
    package static let interval = Interval.seconds(3600)
    /// How long a ticket is good: as long as its key opens for certain.
    static let ticketSeconds = 3600

    private var current: SecretBytes
    private var next: SecretBytes
    private var previous: SecretBytes?

    /// New keys from OpenSSL's random generator.
    package static func random() throws(TLSError) -> TicketKeys {
        TicketKeys(current: try makeKey(), next: try makeKey())
    }

    /// A key for `advance(to:)`.
    package static func makeKey() throws(TLSError) -> SecretBytes {
        do throws(OpenSSLError) {
            return try .random(byteCount: SealedTicket.keyByteCount)
        } catch {
            throw TLSError(.makeTicketKeys, .openSSL(error))
        }
    }

    private init(current: SecretBytes, next: SecretBytes, previous: SecretBytes? = nil) {
        self.current = current
        self.next = next
        self.previous = previous
    }

    /// An interval is over: the next key seals from now on, and `key` will be the one behind it.
    package mutating func advance(to key: SecretBytes) {
        guard key.count == SealedTicket.keyByteCount else { return }
        previous = current
        current = next
        next = key
    }

    // MARK: On their way to a worker

    package var encoded: SecretBytes { .joined([current, next] + (previous.map { [$0] } ?? [])) }

    /// Nil for anything but `encoded`.
    package init?(_ encoded: SecretBytes) {
        guard let parts = encoded.parts, (2...3).contains(parts.count),
            parts.allSatisfy({ $0.count == SealedTicket.keyByteCount })
        else { return nil }
        self.init(current: parts[0], next: parts[1], previous: parts.count > 2 ? parts[2] : nil)
    }

    // MARK: For OpenSSL

    /// Prepares a new ticket's sealing.
    func seal(_ ticket: SealedTicket) -> Bool {
        current.withSpan { ticket.seal(with: $0) }
    }

    /// Prepares a ticket's opening, if one of these keys sealed it.
    func open(_ ticket: SealedTicket) -> TicketOpening {
        for key in [current, next] where key.withSpan({ ticket.isSealed(with: $0) }) {
            return key.withSpan { ticket.open(with: $0) } ? .good : .failed
        }
        guard let previous, previous.withSpan({ ticket.isSealed(with: $0) }) else { return .unknown }
        return previous.withSpan { ticket.open(with: $0) } ? .old : .failed
    }
}

/// What OpenSSL is to do with a ticket that a client shows.
enum TicketOpening: CInt {
    case failed = -1
    case unknown = 0
    case good = 1
    /// It is good, and the client gets a new one.
    case old = 2
}

/// When the keys of a process change that is told of no others; time is told to it.
package struct TicketKeyRotation {
    package private(set) var due: MonotonicTime

    package init(_ now: MonotonicTime) {
        due = now + TicketKeys.interval
    }

    /// The key to advance to, once an interval; nil before it is over.
    package mutating func advance(_ now: MonotonicTime) throws(TLSError) -> SecretBytes? {
        guard now >= due else { return nil }
        due = now + TicketKeys.interval
        return try TicketKeys.makeKey()
    }
}
