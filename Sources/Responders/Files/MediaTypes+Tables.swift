extension MediaTypes {
    /// What the web is made of, where the system has no table or does not name it.
    static let builtIn: [String: String] = [
        "html": "text/html", "htm": "text/html", "css": "text/css", "json": "application/json",
        "map": "application/json", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv",
        "tsv": "text/tab-separated-values", "xml": "application/xml", "svg": "image/svg+xml", "vtt": "text/vtt",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
        "avif": "image/avif", "ico": "image/x-icon", "bmp": "image/bmp", "woff": "font/woff",
        "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf", "wasm": "application/wasm",
        "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip", "tar": "application/x-tar",
        "mp4": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mp3": "audio/mpeg", "ogg": "audio/ogg",
        "wav": "audio/wav", "flac": "audio/flac", "webmanifest": "application/manifest+json",
        "atom": "application/atom+xml", "rss": "application/rss+xml", "xhtml": "application/xhtml+xml",
        "m3u8": "application/vnd.apple.mpegurl", "mpd": "application/dash+xml", "m4s": "video/iso.segment",
    ]

    /// What is so whatever older tables say.
    ///
    /// Scripts are text/javascript since RFC 9239, and browsers insist on it for modules. Source code, configuration and logs
    /// are to be read, so they are sent as what every browser shows; tables have `rs` for an XML of resource lists, `ts` for
    /// translations, and `key` for PGP, where it may be anything that is secret.
    static let settled: [String: String] = {
        var table = ["js": "text/javascript", "mjs": "text/javascript", "cjs": "text/javascript"]
        for name in plainText { table[name] = "text/plain" }
        table["key"] = "application/octet-stream"
        return table
    }()

    private static let plainText = [
        // Source code.
        "ts", "mts", "cts", "tsx", "jsx", "rs", "go", "swift", "kt", "kts", "java", "scala", "cs", "fs", "c", "cc",
        "cpp",
        "cxx", "h", "hh", "hpp", "hxx", "m", "mm", "py", "pyi", "rb", "pl", "pm", "lua", "r", "jl", "hs", "ml", "mli",
        "ex", "exs", "erl", "clj", "el", "zig", "nim", "dart", "sh", "bash", "zsh", "fish", "ps1", "bat", "awk", "sql",
        "glsl", "vert", "frag", "comp", "hlsl", "wgsl", "proto", "graphql", "gql", "vue", "svelte", "tf", "nix",
        "cmake", "mk", "gradle", "patch", "diff", "asm", "s",
        // Configuration, data and logs that are read by people.
        "yaml", "yml", "toml", "ini", "conf", "cfg", "cnf", "config", "properties", "env", "service", "log", "jsonl",
        "ndjson", "json5", "jsonc", "lock", "rst", "adoc", "text", "nfo", "list",
    ]
}
