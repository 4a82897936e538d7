import MartinetBytes

/// A file's media type, known by the extension of its name (RFC 9110 §8.3).
package final class MediaTypes {
    /// A `mime.types` file: on each line a type and its extensions.
    private let systemTable: [UInt8]
    /// What was looked up before, by extension in lower case. Extensions come from files that exist, so they are few.
    private var known: [[UInt8]: [UInt8]] = [:]

    /// What the web is made of, where the system has no table or does not name it.
    private static let builtIn: [String: String] = [
        "html": "text/html", "htm": "text/html", "css": "text/css", "js": "text/javascript",
        "mjs": "text/javascript", "json": "application/json", "map": "application/json", "txt": "text/plain",
        "md": "text/markdown", "csv": "text/csv", "xml": "application/xml", "svg": "image/svg+xml",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "avif": "image/avif", "ico": "image/x-icon", "bmp": "image/bmp", "woff": "font/woff",
        "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf", "wasm": "application/wasm",
        "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "tar": "application/x-tar",
        "mp4": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mp3": "audio/mpeg", "ogg": "audio/ogg",
        "wav": "audio/wav", "flac": "audio/flac", "webmanifest": "application/manifest+json",
        "atom": "application/atom+xml", "rss": "application/rss+xml", "xhtml": "application/xhtml+xml",
    ]
    /// Scripts are text/javascript since RFC 9239, and browsers insist on it for modules, whatever older tables say.
    private static let settled = ["js", "mjs"]
    private static let unknown = [UInt8]("application/octet-stream".utf8)

    /// - Parameter systemTable: the text of a `mime.types` file, which goes before the built-in table; empty for none.
    package init(systemTable: [UInt8] = []) {
        self.systemTable = systemTable
    }

    /// The type of a file by its name, ready for Content-Type: with `charset=utf-8` where it is text.
    package func contentType(ofFileNamed name: [UInt8]) -> [UInt8] {
        guard let dot = name.lastIndex(of: ASCII.dot), dot > (name.lastIndex(of: ASCII.slash) ?? -1) + 1 else {
            return Self.unknown
        }
        let suffix = name[(dot + 1)...].map(ASCII.lowercased)
        if let type = known[suffix] { return type }
        let type = find(suffix)
        known[suffix] = type
        return type
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

    private func find(_ suffix: [UInt8]) -> [UInt8] {
        let text = String(decoding: suffix, as: UTF8.self)
        let builtIn = Self.builtIn[text].map { [UInt8]($0.utf8) }
        guard var type = Self.settled.contains(text) ? builtIn : findInSystemTable(suffix) ?? builtIn else {
            return Self.unknown
        }
        if type.span.hasPrefix("text/") { type.append("; charset=utf-8") }
        return type
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
