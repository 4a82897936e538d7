import MartinetBytes

/// Which route a path belongs to: the longest, segment by segment.
///
/// Few routes are looked through, the longest first; more are found by the hashes of the path's beginnings, in one pass.
package struct RouteTable: Sendable {
    private let prefixes: [[UInt8]]
    /// By falling length.
    private let order: [Int]
    private var slots: [Slot] = []
    private let mask: Int
    private let longest: Int
    private let root: Int?

    private struct Slot {
        var hash: UInt32 = 0
        /// Negative where it is free.
        var route: Int32 = -1
    }

    /// Up to here looking through them takes no longer.
    private static let linearLimit = 16
    private static let hashSeed: UInt32 = 2_166_136_261

    /// - Parameter paths: of the routes; slashes at their ends make no difference.
    package init(_ paths: [String]) {
        prefixes = paths.map { [UInt8]($0.utf8.split(separator: ASCII.slash).joined(separator: [ASCII.slash])) }
        let prefixes = prefixes
        order = prefixes.indices.sorted { prefixes[$0].count > prefixes[$1].count }
        longest = prefixes.map(\.count).max() ?? 0
        root = prefixes.firstIndex(of: [])
        guard paths.count > Self.linearLimit else {
            mask = 0
            return
        }
        var size = 8
        while size < paths.count * 4 { size *= 2 }
        mask = size - 1
        slots = Array(repeating: Slot(), count: size)
        for (index, prefix) in prefixes.enumerated() where !prefix.isEmpty { insert(prefix, index) }
    }

    private mutating func insert(_ prefix: [UInt8], _ route: Int) {
        var hash = Self.hashSeed
        for byte in prefix { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        var slot = Int(hash ^ hash >> 15) & mask
        while slots[slot].route >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Slot(hash: hash, route: Int32(route))
    }

    /// The position of the route; nil where none answers.
    ///
    /// - Parameter path: decoded and normal, as `Request.normalPath`; what does not begin with a slash belongs to no route.
    package func route(for path: Span<UInt8>) -> Int? {
        guard path.count > 0, path[0] == ASCII.slash else { return nil }
        return slots.isEmpty ? linear(path) : hashed(path)
    }

    private func linear(_ path: Span<UInt8>) -> Int? {
        for index in order where Self.holds(path, prefixes[index]) { return index }
        return nil
    }

    private func hashed(_ path: Span<UInt8>) -> Int? {
        var found = root
        var hash = Self.hashSeed
        var index = 1
        while index <= path.count, index <= longest + 1 {
            if index == path.count || path[index] == ASCII.slash, index > 1,
                let route = find(hash, path.extracting(0..<index))
            {
                found = route
            }
            if index == path.count { break }
            hash = (hash ^ UInt32(path[index])) &* 16_777_619
            index += 1
        }
        return found
    }

    /// The route whose path is exactly this.
    private func find(_ hash: UInt32, _ path: Span<UInt8>) -> Int? {
        let slots = slots.span
        var slot = Int(hash ^ hash >> 15) & mask
        while slots[slot].route >= 0 {
            let route = Int(slots[slot].route)
            if slots[slot].hash == hash, prefixes[route].count == path.count - 1, Self.holds(path, prefixes[route]) {
                return route
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Whether the path is the prefix behind its slash, or beneath it. The ends differ sooner than the beginnings.
    private static func holds(_ path: Span<UInt8>, _ prefix: [UInt8]) -> Bool {
        if prefix.isEmpty { return true }
        let end = 1 + prefix.count
        guard path.count == end || path.count > end && path[end] == ASCII.slash else { return false }
        var index = prefix.count - 1
        while index >= 0 {
            if path[1 + index] != prefix[index] { return false }
            index -= 1
        }
        return true
    }
}
