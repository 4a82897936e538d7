import MartinetBytes

/// What a word that is not known may have been meant to be.
package enum Nearest {
    /// Longer words are nobody's slip of the finger.
    private static let longestWord = 64

    /// The known word that is nearest, if one is near at all; `_` counts as `-`.
    package static func word(to wrong: String, among known: [String]) -> String? {
        let letters = letters(of: wrong)
        guard !letters.isEmpty, letters.count <= longestWord else { return nil }
        let near = known.map { (word: $0, distance: EditDistance.between(letters, self.letters(of: $0))) }
            .min { $0.distance < $1.distance }
        // A third of the letters may be wrong, and never more than three.
        if let near, near.distance <= max(1, min(3, (letters.count + 1) / 3)) { return near.word }
        let lowered = wrong.lowercased()
        return known.first {
            $0.hasPrefix(lowered) && lowered.utf8.count > 2 || lowered.hasPrefix($0) && $0.utf8.count > 3
        }
    }

    private static func letters(of word: String) -> [UInt8] {
        word.lowercased().utf8.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    }
}
