/// The bytes that a request or a quoted value in a case stands for: escapes, repeats and names.
struct CaseText {
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var definitions: [String: [UInt8]]

    init(_ definitions: [String: [UInt8]] = [:]) {
        self.definitions = definitions
    }

    mutating func define(_ name: String, _ text: String) throws {
        definitions[name] = try bytes(of: text)
    }

    func bytes(of text: String) throws -> [UInt8] {
        try bytes(of: [UInt8](text.utf8)[...])
    }

    private func bytes(of text: ArraySlice<UInt8>) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(try Self.escaped(&rest))
            case UInt8(ascii: "{"): bytes += try braced(&rest)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static func escaped(_ rest: inout ArraySlice<UInt8>) throws -> UInt8 {
        guard let letter = rest.popFirst() else { throw Mistake(description: "a backslash ends the text") }
        switch letter {
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "0"): return 0x00
        case UInt8(ascii: "s"): return 0x20
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"): return letter
        case UInt8(ascii: "x"):
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                throw Mistake(description: "\\x without two hexadecimal digits")
            }
            rest.removeFirst(2)
            return value
        default:
            throw Mistake(description: "\\\(Character(Unicode.Scalar(letter))) is no escape")
        }
    }

    /// `{name}` or `{text*count}`; the text may hold both again.
    private func braced(_ rest: inout ArraySlice<UInt8>) throws -> [UInt8] {
        var depth = 1
        var end = rest.startIndex
        while end < rest.endIndex {
            switch rest[end] {
            case UInt8(ascii: "\\"): end += 1
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 { break }
            end += 1
        }
        guard end < rest.endIndex else { throw Mistake(description: "a brace is not closed") }
        let inner = rest[rest.startIndex..<end]
        rest = rest[(end + 1)...]
        if let star = inner.lastIndex(of: UInt8(ascii: "*")),
            let count = Int(String(decoding: inner[(star + 1)...], as: UTF8.self))
        {
            let once = try bytes(of: inner[..<star])
            return Array(repeatElement(once, count: count).joined())
        }
        let name = String(decoding: inner, as: UTF8.self)
        guard let bytes = definitions[name] else { throw Mistake(description: "{\(name)} is not defined") }
        return bytes
    }
}

extension String {
    /// The columns of a line of the table: what stands between bars with spaces around them, without those.
    var columns: [String] {
        var columns: [String] = []
        var column: [Character] = []
        // A bar at the end of the line has no space behind it when the last column is empty.
        let characters = Array(self) + [" "]
        var index = 0
        while index < characters.count {
            if characters[index] == " ", index + 2 < characters.count, characters[index + 1] == "|",
                characters[index + 2] == " "
            {
                columns.append(String(column))
                column = []
                index += 3
            } else {
                column.append(characters[index])
                index += 1
            }
        }
        columns.append(String(column))
        return columns.map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
    }
}
