import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Says in the error log why messages were refused: a line for the first of a kind, and one a second later for the others
/// like it.
///
/// Strangers cause these as often as they like, so only so many kinds a second have lines of their own.
struct RefusalLog {
    private struct Kind: Hashable {
        let status: Int
        let reason: String
    }

    private struct Others {
        var count = 0
        var lastAddress = ""
    }

    static let kindLimit = 8
    private static let interval = Interval.seconds(1)
    /// The longest method and target that is quoted, in characters.
    private static let requestLength = 200

    private let logger: Logger
    private var kinds: [Kind: Others] = [:]
    /// Those of more kinds than have lines.
    private var further = Others()
    /// When the others are to be counted in a line; a second after the first.
    private(set) var due = MonotonicTime.distantFuture

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// - Parameter request: method and target; nil where none could be read.
    mutating func add(
        _ status: StatusCode, _ reason: String, request: @autoclosure () -> String?, from address: String,
        at now: MonotonicTime
    ) {
        writeDue(now)
        if due == .distantFuture { due = now + Self.interval }
        let kind = Kind(status: status.rawValue, reason: reason)
        if var others = kinds[kind] {
            others.count += 1
            others.lastAddress = address
            kinds[kind] = others
        } else if kinds.count < Self.kindLimit {
            kinds[kind] = Others()
            let subject = request().map { "\($0.prefix(Self.requestLength)): " } ?? ""
            logger.notice("\(address): \(subject)\(kind.status): \(reason)")
        } else {
            further.count += 1
            further.lastAddress = address
        }
    }

    /// Counts in lines those that had none, if it is time.
    mutating func writeDue(_ now: MonotonicTime) {
        if now >= due { writeAll() }
    }

    /// Counts in lines those that had none.
    mutating func writeAll() {
        let counted = kinds.filter { $1.count > 0 }
        let order = counted.keys.sorted { ($0.status, $0.reason) < ($1.status, $1.reason) }
        for kind in order {
            guard let others = counted[kind] else { continue }
            write(others, as: "\(kind.status): \(kind.reason)")
        }
        if further.count > 0 { write(further, as: "other refusals") }
        kinds = [:]
        further = Others()
        due = .distantFuture
    }

    private func write(_ others: Others, as kind: String) {
        logger.notice("\(kind) \(others.count) more within a second, the last from \(others.lastAddress)")
    }
}
