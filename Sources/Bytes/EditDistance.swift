/// How far a mistyped word is from the one that was meant.
package enum EditDistance {
    /// How many letters must be put in, left out or replaced, or changed with their neighbours, to make one word of another
    /// (Damerau, Levenshtein). It takes time and memory by the product of both lengths.
    package static func between(_ first: [UInt8], _ second: [UInt8]) -> Int {
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
