import Bytes

/// An entity tag (RFC 9110 §8.8.3): an opaque quoted string, perhaps weak.
package struct EntityTag: Equatable, Sendable {
    package let isWeak: Bool
    /// With its quotes.
    package let quoted: [UInt8]

    /// A strong tag.
    package init(quoted: [UInt8]) {
        isWeak = false
        self.quoted = quoted
    }

    /// Reads `"…"` or `W/"…"`; nil for anything else.
    package init?(_ text: Span<UInt8>) {
        let isWeak = text.hasPrefix("W/")
        let quoted = text.extracting((isWeak ? 2 : 0)..<text.count)
        guard quoted.count >= 2, quoted[0] == ASCII.quote, quoted[quoted.count - 1] == ASCII.quote else { return nil }
        for index in 1..<quoted.count - 1 where quoted[index] == ASCII.quote || quoted[index] <= ASCII.space {
            return nil
        }
        self.isWeak = isWeak
        self.quoted = [UInt8](copying: quoted)
    }

    /// Strong comparison (§8.8.3.2): equal, and neither is weak.
    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && quoted == other.quoted
    }

    /// Weak comparison: equal whether or not one is weak.
    package func matchesWeakly(_ other: EntityTag) -> Bool {
        quoted == other.quoted
    }
}
