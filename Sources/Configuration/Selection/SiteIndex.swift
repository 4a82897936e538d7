import MartinetBytes

/// Which site a Host names: an exact name first, then the wildcard with the longest suffix, then the default.
///
/// A table of its own, hashed while letters are lowered: a `Dictionary` of byte arrays would take a copy for each request, and
/// fourteen times as long.
package struct SiteIndex: Sendable {
    private struct Entry {
        var hash: UInt32 = 0
        var start: Int32 = 0
        /// Negative where the slot is free.
        var count: Int32 = -1
        var site: Int32 = 0
    }

    private var table: [Entry]
    /// The bytes of all names; those of `*.example.org` are `.example.org`.
    private var names: [UInt8] = []
    private let mask: Int
    private var hasWildcards = false
    /// The site for names that none has; nil where these are refused.
    package let fallback: Int?

    /// - Parameter sites: the names of each, in lower case, and without brackets around IPv6 addresses.
    package init(_ sites: [[String]], fallback: Int?) {
        let count = sites.reduce(0) { $0 + $1.count }
        var size = 8
        while size < count * 2 { size *= 2 }
        mask = size - 1
        self.fallback = fallback
        table = Array(repeating: Entry(), count: size)
        for (site, list) in sites.enumerated() {
            for name in list { insert(name, site) }
        }
    }

    private mutating func insert(_ name: String, _ site: Int) {
        let isWildcard = name.hasPrefix("*.")
        if isWildcard { hasWildcards = true }
        let key = Array(isWildcard ? name.utf8.dropFirst() : name.utf8[...])
        // The first site that has a name keeps it.
        guard find(key.span) == nil else { return }
        let hash = Self.hash(key.span)
        var slot = Int(hash) & mask
        while table[slot].count >= 0 { slot = (slot + 1) & mask }
        table[slot] = Entry(hash: hash, start: Int32(names.count), count: Int32(key.count), site: Int32(site))
        names += key
    }

    /// The site that a Host names; nil where nobody answers for it.
    ///
    /// - Parameter host: without its port. Case, a dot at its end and the brackets of an IPv6 address make no difference.
    package func site(for host: Span<UInt8>) -> Int? {
        var range = 0..<host.count
        if range.count > 2, host[0] == UInt8(ascii: "["), host[range.upperBound - 1] == UInt8(ascii: "]") {
            range = 1..<range.upperBound - 1
        } else if range.count > 1, host[range.upperBound - 1] == ASCII.dot {
            range = 0..<range.upperBound - 1
        }
        let name = host.extracting(range)
        // An exact name has no dot before it, as a wildcard's suffix has.
        guard name.count > 0, name[0] != ASCII.dot else { return fallback }
        if let site = find(name) { return site }
        if hasWildcards {
            var index = 1
            while index < name.count {
                if name[index] == ASCII.dot, let site = find(name.extracting(index..<name.count)) { return site }
                index += 1
            }
        }
        return fallback
    }

    /// FNV-1a, with its high bits folded into those that the table takes.
    private static func hash(_ name: Span<UInt8>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for index in 0..<name.count { hash = (hash ^ UInt32(ASCII.lowercased(name[index]))) &* 16_777_619 }
        return hash ^ (hash >> 15)
    }

    private func find(_ name: Span<UInt8>) -> Int? {
        let hash = Self.hash(name)
        var slot = Int(hash) & mask
        let table = table.span
        let names = names.span
        while table[slot].count >= 0 {
            let entry = table[slot]
            if entry.hash == hash, Int(entry.count) == name.count {
                var index = 0
                while index < name.count, ASCII.lowercased(name[index]) == names[Int(entry.start) + index] {
                    index += 1
                }
                if index == name.count { return Int(entry.site) }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }
}

extension Configuration {
    /// Which site answers at an address for which Host.
    package func siteIndex(at address: ListeningAddress) -> SiteIndex {
        let isThere = sites.map { $0.listeners.isEmpty || $0.listeners.contains(address) }
        let present = sites.indices.filter { isThere[$0] }
        let standard = present.first { sites[$0].isDefault } ?? present.first
        return SiteIndex(
            sites.indices.map { isThere[$0] ? sites[$0].names : [] }, fallback: unknownHost == .reject ? nil : standard)
    }
}
