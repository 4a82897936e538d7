import Bytes
import HTTP
import POSIX

/// A directory's contents as a page: directories first, then by name; readable on any screen, without scripts.
struct DirectoryListing {
    /// The directory's path beneath the root, decoded, without slashes at its ends.
    let path: [UInt8]
    private let entries: [DirectoryEntry]

    init(path: [UInt8], entries: [DirectoryEntry]) {
        self.path = path
        self.entries =
            entries
            .filter { $0.name.first != ASCII.dot && $0.status.kind != .other }
            .sorted { first, second in
                let isFirstDirectory = first.status.kind == .directory
                guard isFirstDirectory == (second.status.kind == .directory) else { return isFirstDirectory }
                return first.name.lexicographicallyPrecedes(second.name)
            }
    }

    /// The page, in UTF-8.
    var page: [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(2048 + entries.count * 160)
        page.append(text: Self.opening(title: title))
        if !path.isEmpty { page.append("<tr><td><a href=\"../\">../</a><td><td>\n") }
        for entry in entries { appendRow(entry, to: &page) }
        page.append("</table>\n")
        if entries.isEmpty { page.append("<p>This directory is empty.</p>\n") }
        page.append("</html>\n")
        return page
    }

    private var title: String {
        "/" + HTML.escaped(String(decoding: path, as: UTF8.self)) + (path.isEmpty ? "" : "/")
    }

    private func appendRow(_ entry: DirectoryEntry, to page: inout [UInt8]) {
        let isDirectory = entry.status.kind == .directory
        let suffix: StaticString = isDirectory ? "/\">" : "\">"
        page.append("<tr><td><a href=\".")
        page.append(TargetPath.encode(entry.name))
        page.append(suffix)
        page.append(text: HTML.escaped(String(decoding: entry.name, as: UTF8.self)))
        if isDirectory { page.append(byte: ASCII.slash) }
        page.append("</a><td>")
        if !isDirectory { page.append(text: Self.sizeText(entry.status.byteCount)) }
        page.append("<td>")
        Self.append(modified: entry.status.modificationSeconds, to: &page)
        page.append("\n")
    }

    /// "1.4 KiB": three digits are enough to compare by.
    static func sizeText(_ byteCount: Int) -> String {
        guard byteCount >= 1024 else { return "\(byteCount) B" }
        var tenths = byteCount
        var unit = 0
        while tenths >= 1024 * 1024, unit < 4 {
            tenths /= 1024
            unit += 1
        }
        tenths = tenths * 10 / 1024
        let name = ["KiB", "MiB", "GiB", "TiB", "PiB"][unit]
        return tenths < 1000 ? "\(tenths / 10).\(tenths % 10) \(name)" : "\(tenths / 10) \(name)"
    }

    private static func append(modified seconds: Int, to page: inout [UInt8]) {
        let date = CalendarDate(secondsSince1970: seconds)
        page.append(decimal: date.year, digitCount: 4)
        page.append(byte: UInt8(ascii: "-"))
        page.append(decimal: date.month, digitCount: 2)
        page.append(byte: UInt8(ascii: "-"))
        page.append(decimal: date.day, digitCount: 2)
        page.append(byte: ASCII.space)
        page.append(decimal: date.hour, digitCount: 2)
        page.append(byte: ASCII.colon)
        page.append(decimal: date.minute, digitCount: 2)
    }

    private static func opening(title: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title)</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
        h1 { font-size: 1.3em; overflow-wrap: anywhere }
        table { border-collapse: collapse; width: 100% }
        th, td { text-align: left; padding: .25em .5em; border-bottom: 1px solid #8883 }
        td:first-child { overflow-wrap: anywhere; width: 99% }
        th + th, td + td { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums }
        tr:hover td { background: #8881 }
        a { text-decoration: none } a:hover { text-decoration: underline }
        @media (max-width: 30em) { th:nth-child(3), td:nth-child(3) { display: none } }
        </style>
        <h1>\(title)</h1>
        <table>
        <tr><th>Name<th>Size<th>Modified (UTC)

        """
    }
}
