/// What a word that is not known may have been meant to be.
package enum Nearest {
    /// Longer words are nobody's slip of the finger.
    private static let longestWord = 64

    /// The known word that is nearest, if one is near at all; `_` counts as `-`.
    package static func word(to wrong: String, among known: [String]) -> String? {
        let letters = letters(of: wrong)
        guard !letters.isEmpty, letters.count <= longestWord else { return nil }
        let near = known.map { (word: $0, distance: distance(letters, self.letters(of: $0))) }
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

    /// How many letters must be put in, left out or replaced, or changed with their neighbours (Damerau, Levenshtein).
    private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var rows = [Array(0...second.count)]
        for (row, letter) in first.enumerated() {
            var costs = [row + 1]
            for (column, other) in second.enumerated() {
                var cost = min(
                    rows[row][column] + (letter == other ? 0 : 1), rows[row][column + 1] + 1, costs[column] + 1)
                if row > 0, column > 0, letter == second[column - 1], other == first[row - 1] {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                costs.append(cost)
            }
            rows.append(costs)
        }
        return rows[first.count][second.count]
    }
}
