/// A file's bytes, checked so that its lines are those that editors count.
///
/// libyaml takes U+2028, U+0085 and a lone carriage return for ends of lines, and names bytes that are no text by their offset
/// alone. Once a file is checked here, its places are those that the operator sees.
package struct FileText: Sendable {
    /// Without a byte order mark.
    package let bytes: [UInt8]
    /// Without their ends.
    package let lines: [String]
    /// What is no text of YAML, at the most `mistakeLimit` times. Where there is any, the bytes are not to be read.
    package private(set) var mistakes: [YAMLMistake] = []

    /// Mistakes beyond these help nobody: a file of bytes would have thousands.
    private static let mistakeLimit = 20
    private static let lineFeed: UInt8 = 10
    private static let carriageReturn: UInt8 = 13

    package init(_ given: [UInt8]) {
        let hasMark = given.starts(with: [0xEF, 0xBB, 0xBF])
        bytes = hasMark ? Array(given[3...]) : given
        // Bytes, since "\r\n" is one Character.
        lines = bytes.split(separator: Self.lineFeed, omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == Self.carriageReturn ? line.dropLast() : line, as: UTF8.self)
        }
        check()
    }

    private mutating func check() {
        var line = 1
        var column = 1
        var index = 0
        while index < bytes.count, mistakes.count < Self.mistakeLimit {
            let place = YAMLPlace(line: line, column: column)
            var parser = Unicode.UTF8.ForwardParser()
            var rest = bytes[index...].makeIterator()
            switch parser.parseScalar(from: &rest) {
            case .emptyInput: return
            case .error(let length):
                let byte = bytes[index]
                mistakes.append(YAMLMistake(place, "byte \(byte) is not UTF-8 text.", "Save the file as UTF-8."))
                index += max(1, length)
                column += 1
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                let endsLine = bytes[(index + 1)...].first == Self.lineFeed
                if let mistake = Self.mistake(scalar, at: place, endsLine: endsLine) { mistakes.append(mistake) }
                index += encoded.count
                column += 1
                if scalar.value == UInt32(Self.lineFeed) {
                    line += 1
                    column = 1
                }
            }
        }
    }

    /// Why a character cannot stand in a file; nil where it can.
    ///
    /// - Parameter endsLine: whether a line feed is behind it.
    private static func mistake(_ scalar: Unicode.Scalar, at place: YAMLPlace, endsLine: Bool) -> YAMLMistake? {
        let name = "U+\(String(scalar.value, radix: 16, uppercase: true))"
        switch scalar.value {
        case 9, 10: return nil
        case 13 where endsLine: return nil
        case 13, 0x85, 0x2028, 0x2029:
            return YAMLMistake(
                place, "\(name) breaks the line for YAML, not for editors.",
                "Remove it, or write it as an escape in \"double quotes\".")
        // What the parser refuses without saying where, and what shows nothing.
        case 0..<0x20, 0x7F..<0xA0, 0xFEFF: return YAMLMistake(place, "\(name) is a control character.", "Remove it.")
        case 0xFFFE, 0xFFFF: return YAMLMistake(place, "\(name) is no character.", "Remove it.")
        default: return nil
        }
    }
}
