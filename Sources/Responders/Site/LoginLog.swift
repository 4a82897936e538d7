import MartinetBytes
import MartinetEvents
import MartinetHTTP

/// What the error log says of wrong logins: the first of an address at once, all others in one line a minute.
struct LoginLog {
    static let interval = Interval.seconds(60)
    /// Addresses with lines of their own at one time; what comes from others then makes one line a minute for all.
    static let addressLimit = 64
    /// The most of a user's name that is shown, in bytes.
    static let nameLimit = 64

    private struct Entry {
        /// The last that came from there, without its port.
        var address: String
        var user: [UInt8] = []
        var wrongCount = 0
        var refusedCount = 0
        /// When the next line is due.
        var due: MonotonicTime

        var hasCounted: Bool { wrongCount > 0 || refusedCount > 0 }
    }

    private static let nobody = Entry(address: "other addresses", due: .distantFuture)

    private let write: (String) -> Void
    private var entries: [AddressBlock: Entry] = [:]
    private var others = Self.nobody
    /// No line is due before.
    private(set) var nextDue = MonotonicTime.distantFuture

    /// - Parameter write: writes a line.
    init(_ write: @escaping (String) -> Void) {
        self.write = write
    }

    /// A password was wrong, or no user has the name.
    mutating func addWrong(_ user: [UInt8], _ block: AddressBlock, _ address: String, _ now: MonotonicTime) {
        flush(now)
        if entries[block] == nil, entries.count < Self.addressLimit {
            write("\(address): wrong user name or password, user \"\(Self.shown(user))\"")
            add(Entry(address: address, user: Self.beginning(of: user), due: now + Self.interval), block)
        } else {
            count(block, address, now) { entry in
                entry.user = Self.beginning(of: user)
                entry.wrongCount += 1
            }
        }
    }

    /// A login was refused without a look at its password.
    mutating func addRefused(_ user: [UInt8], _ block: AddressBlock, _ address: String, _ now: MonotonicTime) {
        flush(now)
        if entries[block] == nil, entries.count < Self.addressLimit {
            add(Entry(address: address, user: Self.beginning(of: user), due: now + Self.interval), block)
        }
        count(block, address, now) { entry in
            entry.user = Self.beginning(of: user)
            entry.refusedCount += 1
        }
    }

    /// Writes the lines that are due by now.
    mutating func flush(_ now: MonotonicTime) {
        guard now >= nextDue else { return }
        nextDue = .distantFuture
        for (block, entry) in entries where entry.due <= now {
            entries[block] = nil
            guard entry.hasCounted else { continue }
            writeCounts(entry)
            entries[block] = Entry(address: entry.address, user: entry.user, due: now + Self.interval)
        }
        if others.due <= now {
            writeCounts(others)
            others = Self.nobody
        }
        nextDue = entries.values.reduce(others.due) { min($0, $1.due) }
    }

    /// Writes what no line has told yet, since there will be no more.
    mutating func finish() {
        for entry in entries.values where entry.hasCounted { writeCounts(entry) }
        if others.hasCounted { writeCounts(others) }
        entries = [:]
        others = Self.nobody
        nextDue = .distantFuture
    }

    private mutating func add(_ entry: Entry, _ block: AddressBlock) {
        entries[block] = entry
        nextDue = min(nextDue, entry.due)
    }

    private mutating func count(
        _ block: AddressBlock, _ address: String, _ now: MonotonicTime, _ body: (inout Entry) -> Void
    ) {
        if var entry = entries[block] {
            entry.address = address
            body(&entry)
            entries[block] = entry
        } else {
            body(&others)
            others.due = min(others.due, now + Self.interval)
            nextDue = min(nextDue, others.due)
        }
    }

    /// No more of a name than is shown, and than shows that there is more of it.
    private static func beginning(of user: [UInt8]) -> [UInt8] { [UInt8](user.prefix(nameLimit + 1)) }

    private func writeCounts(_ entry: Entry) {
        let refused = entry.refusedCount > 0 ? " and \(entry.refusedCount) refused unseen" : ""
        let block = entry.address.contains(":") ? " and its /64" : ""
        write(
            "\(entry.address)\(block): \(entry.wrongCount) more wrong logins\(refused), the last as user "
                + "\"\(Self.shown(entry.user))\"")
    }

    /// The name so that it can neither end its quotes nor fill the log.
    private static func shown(_ user: [UInt8]) -> String {
        var text: [UInt8] = []
        text.append(escaping: user.span.extracting(first: min(user.count, nameLimit)))
        if user.count > nameLimit { text.append("…") }
        return String(decoding: text, as: UTF8.self)
    }
}
