import MartinetBytes

/// What the beginning of a content says of its form.
struct TextFacts: OptionSet, Sendable {
    let rawValue: UInt8

    /// It is UTF-8, as far as it is known; ASCII is.
    static let utf8 = TextFacts(rawValue: 1)
    /// Packets of an MPEG-2 transport stream (ISO/IEC 13818-1), which begin with a sync byte each 188 bytes.
    static let transportStream = TextFacts(rawValue: 2)
    /// It says that it is in another encoding than UTF-8: as HTML does, as XML does, and as style sheets do.
    static let otherHTML = TextFacts(rawValue: 4)
    static let otherXML = TextFacts(rawValue: 8)
    static let otherCSS = TextFacts(rawValue: 16)

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// How far declarations are looked for (HTML §13.2.3.2).
    private static let declarationByteCount = 1024

    /// - Parameter isWhole: whether the content ends where the bytes do.
    init(_ bytes: Span<UInt8>, isWhole: Bool) {
        self = []
        let text = isWhole ? bytes : bytes.extracting(0..<Self.lastBoundary(bytes))
        if (try? UTF8Span(validating: text)) != nil { insert(.utf8) }
        if bytes.count > 188, bytes[0] == 0x47, bytes[188] == 0x47 { insert(.transportStream) }
        let start = String(
            decoding: [UInt8](copying: bytes.extracting(0..<min(bytes.count, Self.declarationByteCount))), as: UTF8.self
        )
        .lowercased()
        if Self.isOther(Self.encodingOfXML(start)) { insert([.otherXML, .otherHTML]) }
        if Self.isOther(Self.encodingOfHTML(start)) { insert(.otherHTML) }
        if Self.isOther(Self.encodingOfCSS(start)) { insert(.otherCSS) }
    }

    /// Where the last character that is surely whole ends.
    private static func lastBoundary(_ bytes: Span<UInt8>) -> Int {
        var end = bytes.count
        while end > max(0, bytes.count - 4), bytes[end - 1] & 0xC0 == 0x80 { end -= 1 }
        return end > 0 && bytes[end - 1] >= 0xC0 ? end - 1 : end
    }

    private static func isOther(_ name: Substring?) -> Bool {
        guard let name else { return false }
        return name != "utf-8" && name != "utf8"
    }

    /// `<?xml version="1.0" encoding="…"?>`
    private static func encodingOfXML(_ text: String) -> Substring? {
        guard text.hasPrefix("<?xml") else { return nil }
        return value(of: "encoding", in: text.prefix { $0 != ">" })
    }

    /// `<meta charset="…">`, or `<meta http-equiv="content-type" content="…; charset=…">`.
    private static func encodingOfHTML(_ text: String) -> Substring? {
        var rest = text[...]
        while let tag = rest.firstIndex(of: "<") {
            rest = rest[tag...]
            if rest.hasPrefix("<!--") {
                guard let end = rest.dropFirst(4).firstRange(of: "-->") else { return nil }
                rest = rest[end.upperBound...]
                continue
            }
            if rest.hasPrefix("<meta"), let name = value(of: "charset", in: rest.prefix { $0 != ">" }) { return name }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// `@charset "…";` (CSS Syntax §3.2), which stands at the very beginning.
    private static func encodingOfCSS(_ text: String) -> Substring? {
        let opening = "@charset \""
        return text.hasPrefix(opening) ? text.dropFirst(opening.count).prefix { $0 != "\"" } : nil
    }

    /// What stands behind a name and an equals sign.
    private static func value(of name: String, in text: Substring) -> Substring? {
        guard let place = text.firstRange(of: name) else { return nil }
        let rest = text[place.upperBound...].drop { $0.isWhitespace }
        guard rest.first == "=" else { return nil }
        let value = rest.dropFirst().drop { $0.isWhitespace || $0 == "\"" || $0 == "'" }
        return value.prefix { !$0.isWhitespace && !"\"';/>?".contains($0) }
    }
}
