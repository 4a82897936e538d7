import MartinetBytes

/// A file's media type, known by the extension of its name (RFC 9110 §8.3).
package final class MediaTypes {
    /// What the operator says, by extension in lower case.
    private let chosen: [String: String]
    /// A `mime.types` file: on each line a type and its extensions.
    private let systemTable: [UInt8]
    /// What was looked up before, by extension in lower case. Extensions come from files that exist, so they are few.
    private var known: [[UInt8]: MediaType] = [:]

    private static let unknown = MediaType([UInt8]("application/octet-stream".utf8))

    /// - Parameters:
    ///   - chosen: types by extension, before all others.
    ///   - systemTable: the text of a `mime.types` file, which goes before most of the built-in table; empty for none.
    package init(_ chosen: [String: String] = [:], systemTable: [UInt8] = []) {
        self.chosen = Dictionary(chosen.map { ($0.lowercased(), $1) }) { $1 }
        self.systemTable = systemTable
    }

    /// The type of a file by its name.
    func type(ofFileNamed name: [UInt8]) -> MediaType {
        guard let suffix = Self.suffix(of: name[...]) else { return Self.unknown }
        // Nobody has a use for brotli but as the coding of something else.
        if suffix == Self.brotliSuffix, chosen["br"] == nil, let inner = Self.suffix(of: name.dropLast(3)) {
            return MediaType(type(withSuffix: inner).name, coding: "br")
        }
        return type(withSuffix: suffix)
    }

    private static let brotliSuffix = [UInt8]("br".utf8)

    private func type(withSuffix suffix: [UInt8]) -> MediaType {
        if let type = known[suffix] { return type }
        let type = find(suffix)
        known[suffix] = type
        return type
    }

    /// What stands behind the last dot of a file's name, in lower case; nil where there is no dot, or it begins the name.
    private static func suffix(of name: ArraySlice<UInt8>) -> [UInt8]? {
        guard let dot = name.lastIndex(of: ASCII.dot), dot > (name.lastIndex(of: ASCII.slash) ?? -1) + 1 else {
            return nil
        }
        return name[(dot + 1)...].map(ASCII.lowercased)
    }

    /// Whether content of this type is text in some form, and not compressed already.
    static func isCompressible(_ contentType: [UInt8]) -> Bool {
        let type = contentType.prefix { $0 != ASCII.semicolon }
        let text = String(decoding: type, as: UTF8.self)
        return text.hasPrefix("text/") || text.hasSuffix("+xml") || text.hasSuffix("+json")
            || compressible.contains(text)
    }

    private static let compressible: Set = [
        "application/json", "application/javascript", "application/xml", "application/wasm", "application/rtf",
        "application/x-javascript", "application/x-sh", "font/ttf", "font/otf", "image/bmp", "image/x-icon",
    ]

    private func find(_ suffix: [UInt8]) -> MediaType {
        let text = String(decoding: suffix, as: UTF8.self)
        if let type = chosen[text] { return MediaType([UInt8](type.utf8)) }
        if text == "svgz" { return MediaType([UInt8]("image/svg+xml".utf8), coding: "gzip") }
        if let type = Self.settled[text] {
            return MediaType([UInt8](type.utf8), mayBeTransportStream: text == "ts" || text == "mts")
        }
        if let type = findInSystemTable(suffix) { return MediaType(type) }
        return Self.builtIn[text].map { MediaType([UInt8]($0.utf8)) } ?? Self.unknown
    }

    /// Searched anew for each extension that comes up: reading the whole table into one of our own at start-up would
    /// cost more than a server's first hundred lookups.
    private func findInSystemTable(_ suffix: [UInt8]) -> [UInt8]? {
        let bytes = systemTable
        let table = bytes.span
        var lineStart = 0
        while lineStart < table.count {
            let lineEnd = table.firstIndex(of: ASCII.lineFeed, from: lineStart) ?? table.count
            if table[lineStart] != UInt8(ascii: "#"), let type = Self.type(table, lineStart..<lineEnd, naming: suffix) {
                return type
            }
            lineStart = lineEnd + 1
        }
        return nil
    }

    /// The type that a line gives to the extension; nil if it does not name it.
    private static func type(_ table: Span<UInt8>, _ line: Range<Int>, naming suffix: [UInt8]) -> [UInt8]? {
        var type: Range<Int>?
        var start = line.lowerBound
        while start < line.upperBound {
            var end = start
            while end < line.upperBound, table[end] > ASCII.space { end += 1 }
            if end > start {
                if type == nil {
                    type = start..<end
                } else if table.extracting(start..<end).isEqual(to: suffix.span) {
                    return type.map { [UInt8](copying: table.extracting($0)) }
                }
            }
            start = end + 1
        }
        return nil
    }
}
