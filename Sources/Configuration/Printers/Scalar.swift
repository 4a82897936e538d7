import MartinetBytes

/// A text as a value of YAML.
enum Scalar {
    static func written(_ shown: Shown) -> String {
        switch shown {
        case .text(let text): written(text)
        case .pair(let key, let value): "\(self.key(key)): \(written(value))"
        }
    }

    /// Without quotation marks where no reader of YAML could take it for something else, and a person would not write any.
    static func written(_ text: String) -> String {
        let escaped = text.replacing("${", with: "$${")
        return isPlain(escaped) ? escaped : quoted(escaped)
    }

    /// The same of a key, in which nothing stands for something else.
    static func key(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        let isSafe = text.utf8.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0)
                || [ASCII.dot, ASCII.slash, UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
        }
        guard isSafe else { return false }
        // 30s and 443 are; 1.2 and 1e5 are numbers to some.
        if ASCII.isDigit(first) {
            let unit = text.hasSuffix("ms") ? 2 : ASCII.isLetter(last) ? 1 : 0
            return text.utf8.dropLast(unit).allSatisfy(ASCII.isDigit)
        }
        guard ASCII.isLetter(first) || first == ASCII.slash || first == UInt8(ascii: "_") else { return false }
        return !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                switch scalar.properties.generalCategory {
                // What a file may not hold, or nobody would see.
                case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
                    let digits = String(scalar.value, radix: 16)
                    result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
