import MartinetEvents
import MartinetPOSIX

/// The order of a directory's entries by their sizes or times, as it was at one moment.
final class DirectoryArrangement: Sendable {
    let key: ListingOrder.Key
    /// Until when it may be shown.
    let freshUntil: MonotonicTime
    /// The numbers of the entries in `DirectoryNames`.
    private let indices: [UInt32]
    private let share: Allowance.Share?

    private static let freshness = Interval.seconds(1)

    /// Nil where there is no memory for it.
    init?(
        of names: DirectoryNames, by key: ListingOrder.Key, in directory: OpenFile, memory: Allowance?,
        now: MonotonicTime
    ) {
        share = memory?.take(names.count * MemoryLayout<UInt32>.size)
        guard share != nil || memory == nil else { return nil }
        self.key = key
        freshUntil = now + Self.freshness
        var values: [(value: Int, index: UInt32)] = []
        values.reserveCapacity(names.count)
        for index in 0..<names.count {
            let status = names.status(index, of: directory)
            let value = key == .size ? status?.byteCount : status?.modificationTime.seconds
            values.append((value ?? 0, UInt32(truncatingIfNeeded: index)))
        }
        let directoryCount = names.directoryCount
        values.sort { first, second in
            let isFirstDirectory = Int(first.index) < directoryCount
            guard isFirstDirectory == (Int(second.index) < directoryCount) else { return isFirstDirectory }
            // Where they agree, by name.
            return first.value == second.value ? first.index < second.index : first.value < second.value
        }
        indices = values.map(\.index)
    }

    subscript(position: Int) -> Int { Int(indices[position]) }
}
