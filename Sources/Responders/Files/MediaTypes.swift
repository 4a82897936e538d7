import Bytes

/// A file's media type, known by the extension of its name (RFC 9110 §8.3).
package struct MediaTypes {
    private var types: [String: String]

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

    /// The built-in table alone.
    package init() {
        types = Self.builtIn
    }

    /// The built-in table, and over it what a `mime.types` file names: a type and its extensions on each line.
    package init(systemTable text: String) {
        self.init()
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let type = words.first, words.count > 1 else { continue }
            for name in words.dropFirst() { types[String(name).lowercased()] = String(type) }
        }
        // Scripts are text/javascript since RFC 9239, and browsers insist on it for modules.
        types["js"] = Self.builtIn["js"]
        types["mjs"] = Self.builtIn["mjs"]
    }

    /// The type of a file by its name, ready for Content-Type: with `charset=utf-8` where it is text.
    package func contentType(ofFileNamed name: [UInt8]) -> String {
        guard let dot = name.lastIndex(of: ASCII.dot), dot > (name.lastIndex(of: ASCII.slash) ?? -1) + 1,
            let type = types[String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()]
        else { return "application/octet-stream" }
        return type.hasPrefix("text/") ? "\(type); charset=utf-8" : type
    }
}
