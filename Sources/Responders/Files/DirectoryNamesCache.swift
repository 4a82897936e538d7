import MartinetEvents
import MartinetPOSIX
import Synchronization

/// The names of large directories, kept under the directory's identity: a name that comes or goes changes it.
///
/// What all names take that anybody still lists, kept here or not, has one bound.
final class DirectoryNamesCache: Sendable {
    private struct Entry {
        let status: FileStatus
        let names: DirectoryNames
        /// Until when they are good; nil for as long as the directory is the same.
        let freshUntil: MonotonicTime?
    }

    private let showsHidden: Bool
    private let trust: Interval
    private let memory: Allowance
    private let entries = Mutex<[Entry]>([])
    /// Held while a directory is read or sorted, which takes several times the memory of its names: one at a time, and who
    /// waits for it mostly finds what it has come for.
    private let reading = Mutex(())

    private static let countLimit = 16
    /// What names take that are kept for later.
    private static let keptByteLimit = 32 * 1024 * 1024
    /// What all take: a directory of 200 000 files about 5 MB.
    static let byteLimit = 96 * 1024 * 1024

    /// - Parameter trust: how long names are good that were read just after the directory changed.
    init(showsHidden: Bool, trust: Interval = .zero, byteLimit: Int = byteLimit) {
        self.showsHidden = showsHidden
        self.trust = trust
        memory = Allowance(byteLimit)
    }

    /// The names, if they are at hand and still good.
    func names(of directory: OpenFile, now: MonotonicTime) -> DirectoryNames? {
        entries.withLock { entries in
            entries.removeAll { ($0.freshUntil ?? .distantFuture) <= now }
            return entries.first { $0.status == directory.status }?.names
        }
    }

    /// Reads the names if they are not at hand, and sorts what has to be sorted; takes its time.
    func prepare(
        _ directory: OpenFile, by key: ListingOrder.Key, now: MonotonicTime, wallTime: WallTime
    ) throws(FileRefusal) -> (DirectoryNames, DirectoryArrangement?) {
        if key == .name, let known = names(of: directory, now: now) { return (known, nil) }
        return try reading.withLock { (_) throws(FileRefusal) in
            let names =
                if let known = names(of: directory, now: now) { known } else {
                    try read(directory, now: now, wallTime)
                }
            guard key != .name else { return (names, nil) }
            guard let arrangement = names.arrangement(by: key, of: directory, memory: memory, now: now) else {
                throw .busy
            }
            return (names, arrangement)
        }
    }

    private func read(
        _ directory: OpenFile, now: MonotonicTime, _ wallTime: WallTime
    ) throws(FileRefusal) -> DirectoryNames {
        let isSettled = directory.status.isSettled(at: wallTime)
        var reading: DirectoryNames.Reading
        do throws(SystemError) {
            reading = try DirectoryNames.read(directory, showsHidden: showsHidden, memory: memory)
            if case .noMemory = reading {
                entries.withLock { $0.removeAll() }
                reading = try DirectoryNames.read(directory, showsHidden: showsHidden, memory: memory)
            }
        } catch {
            throw FileRefusal(error)
        }
        switch reading {
        case .names(let names):
            keep(Entry(status: directory.status, names: names, freshUntil: isSettled ? nil : now + trust))
            return names
        case .tooMany: throw .tooLarge
        case .noMemory: throw .busy
        }
    }

    private func keep(_ entry: Entry) {
        guard entry.names.byteCount <= Self.keptByteLimit else { return }
        entries.withLock { entries in
            entries.removeAll { $0.status == entry.status }
            entries.append(entry)
            while entries.count > Self.countLimit
                || entries.reduce(0, { $0 + $1.names.byteCount }) > Self.keptByteLimit
            {
                entries.removeFirst()
            }
        }
    }
}
