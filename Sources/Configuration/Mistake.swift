import MartinetBytes
import MartinetYAML

/// Something that the operator must change.
package struct Mistake: Error, Equatable, Sendable {
    package let place: Place
    /// What is wrong: a sentence.
    package let problem: String
    /// What to do about it, in sentences; nil where nothing can be advised.
    package let wayOut: String?

    package init(_ place: Place, _ problem: String, _ wayOut: String? = nil) {
        self.place = place
        self.problem = problem
        self.wayOut = wayOut
    }

    /// The message with the line of the file, a caret beneath, and the way out.
    ///
    /// - Parameter files: the lines of each file that was read, by its name.
    package func shown(in files: [String: [String]]) -> String {
        var text = "\(place.name.visible): \(problem.visible)"
        if case .file(let name, let place) = place, let lines = files[name], lines.indices.contains(place.line - 1) {
            let (line, column) = Self.excerpt(of: lines[place.line - 1], around: place.column)
            let number = String(place.line)
            let margin = String(repeating: " ", count: number.count)
            let width = max(1, min(place.width, line.unicodeScalars.count - column + 1))
            text += "\n  \(number) | \(line)\n  \(margin) | "
            text += String(repeating: " ", count: column - 1) + String(repeating: "^", count: width)
        }
        if let wayOut { text += "\n  \(wayOut.visible)" }
        return text
    }

    /// Longer lines are shown in part: they are no longer than a terminal's, and a file of one line is not said again.
    private static let longestExcerpt = 100

    /// A line with a visible character for each that is none, and the column in it.
    private static func excerpt(of line: String, around column: Int) -> (String, column: Int) {
        let scalars = Array(line.unicodeScalars)
        var start = 0
        if scalars.count > longestExcerpt {
            start = max(0, min(column - longestExcerpt / 2, scalars.count - longestExcerpt))
        }
        var text = String.UnicodeScalarView()
        for scalar in scalars[start...].prefix(longestExcerpt) { text.append(visible(scalar)) }
        while text.last == " " { text.removeLast() }
        return (String(text), max(1, column - start))
    }

    private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar == "\t" { return "→" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return "·"
        default: return scalar
        }
    }
}
