import MartinetBytes

/// A numeric address, as inet_pton(3) reads it.
package struct IPAddress: Hashable, Codable, Sendable {
    /// Four or sixteen, the most significant first.
    package let octets: [UInt8]

    package init(octets: [UInt8]) {
        self.octets = octets
    }

    package var isIPv6: Bool { octets.count == 16 }

    /// Nil where the text is none; an IPv6 address is without brackets.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        // The longest there is has 45 characters.
        guard bytes.count <= 45, let octets = Self.v4(bytes[...]) ?? Self.v6(bytes) else { return nil }
        self.octets = octets
    }

    private static func v4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            // A zero in front is octal to some.
            guard part.count <= 3, part.count == 1 || part.first != ASCII.zero,
                let value = Array(part).span.decimalValue, value <= 255
            else { return nil }
            octets.append(UInt8(value))
        }
        return octets
    }

    private static func v6(_ text: [UInt8]) -> [UInt8]? {
        guard let gap = gap(in: text) else {
            return groups(text[...], endsAddress: true).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let front = groups(text[..<gap], endsAddress: false),
            let back = groups(text[(gap + 2)...], endsAddress: true),
            front.count + back.count <= 14
        else { return nil }
        return front + [UInt8](repeating: 0, count: 16 - front.count - back.count) + back
    }

    /// Where the first `::` stands.
    private static func gap(in text: [UInt8]) -> Int? {
        text.indices.dropLast().first { text[$0] == ASCII.colon && text[$0 + 1] == ASCII.colon }
    }

    /// - Parameter endsAddress: whether the last group may be an IPv4 address.
    private static func groups(_ text: ArraySlice<UInt8>, endsAddress: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var octets: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, let v4 = v4(part) {
                octets += v4
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var value: UInt16 = 0
            for byte in part {
                guard let digit = ASCII.hexadecimalValue(byte) else { return nil }
                value = value << 4 | UInt16(digit)
            }
            octets += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        return octets
    }
}

/// All addresses that begin with the same bits.
package struct Network: Hashable, Codable, Sendable {
    package let address: IPAddress
    package let prefixLength: Int
    /// As it was written.
    package let text: String

    /// Nil where the text is neither an address nor one with the length of its prefix: 10.0.0.0/8.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = IPAddress(parts[0]) else { return nil }
        let bitCount = address.octets.count * 8
        var length = bitCount
        if parts.count == 2 {
            guard let given = Array(parts[1].utf8).span.decimalValue, given <= bitCount else { return nil }
            length = given
        }
        self.address = address
        prefixLength = length
        self.text = text
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.octets.count == address.octets.count else { return false }
        for index in other.octets.indices {
            let bitCount = min(8, max(0, prefixLength - index * 8))
            if (other.octets[index] ^ address.octets[index]) & UInt8(truncatingIfNeeded: 0xFF00 >> bitCount) != 0 {
                return false
            }
        }
        return true
    }

    /// Whether the address has bits behind its prefix, so that somebody may have meant another.
    var hasBitsBehindPrefix: Bool {
        address.octets.indices.contains { index in
            let bitCount = min(8, max(0, prefixLength - index * 8))
            return address.octets[index] & ~UInt8(truncatingIfNeeded: 0xFF00 >> bitCount) != 0
        }
    }
}
