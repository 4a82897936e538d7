import Bytes
import HTTP
import POSIX

/// A directory's contents for a person or a program: directories first, then in the order asked for; readable on any
/// screen, without scripts.
struct DirectoryListing {
    /// How the entries are sorted: `?sort=name|size|time&order=asc|desc`.
    struct Order: Equatable {
        enum Key: String, CaseIterable {
            case name, size, time
        }

        var key = Key.name
        var isDescending = false

        init(key: Key = .name, isDescending: Bool = false) {
            self.key = key
            self.isDescending = isDescending
        }

        /// Reads a query; what it does not understand in it changes nothing.
        init(query: String) {
            for parameter in query.split(separator: "&") {
                let words = parameter.split(separator: "=", maxSplits: 1)
                guard words.count == 2 else { continue }
                if words[0] == "sort", let key = Key(rawValue: String(words[1])) { self.key = key }
                if words[0] == "order" { isDescending = words[1] == "desc" }
            }
        }
    }

    /// The directory's path beneath the root, decoded, without slashes at its ends.
    private let path: [UInt8]
    private let entries: [DirectoryEntry]
    private let order: Order

    init(path: [UInt8], entries: [DirectoryEntry], showsHidden: Bool = false, order: Order = Order()) {
        self.path = path
        self.order = order
        self.entries =
            entries
            .filter { (showsHidden || $0.name.first != ASCII.dot) && $0.status.kind != .other }
            .sorted { first, second in
                let isFirstDirectory = first.status.kind == .directory
                guard isFirstDirectory == (second.status.kind == .directory) else { return isFirstDirectory }
                return order.isDescending ? Self.precedes(second, first, order) : Self.precedes(first, second, order)
            }
    }

    private static func precedes(_ first: DirectoryEntry, _ second: DirectoryEntry, _ order: Order) -> Bool {
        switch order.key {
        case .size where first.status.byteCount != second.status.byteCount:
            first.status.byteCount < second.status.byteCount
        case .time where first.status.modificationSeconds != second.status.modificationSeconds:
            first.status.modificationSeconds < second.status.modificationSeconds
        default:
            first.name.lexicographicallyPrecedes(second.name)
        }
    }

    // MARK: For people

    /// The page, in UTF-8.
    var page: [UInt8] {
        var page: [UInt8] = []
        page.reserveCapacity(2048 + entries.count * 160)
        page.append(text: Self.opening(title: title))
        page.append("<tr>")
        for (key, text) in [(Order.Key.name, "Name"), (.size, "Size"), (.time, "Modified (UTC)")] {
            page.append(text: headCell(key, text))
        }
        page.append("\n")
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

    /// A column's head, which sorts by it, and the other way round if it does already.
    private func headCell(_ key: Order.Key, _ text: String) -> String {
        let isCurrent = order.key == key
        let next = isCurrent && !order.isDescending ? "desc" : "asc"
        let mark = isCurrent ? (order.isDescending ? " ↓" : " ↑") : ""
        return "<th><a href=\"?sort=\(key.rawValue)&amp;order=\(next)\">\(text)\(mark)</a>"
    }

    private func appendRow(_ entry: DirectoryEntry, to page: inout [UInt8]) {
        let isDirectory = entry.status.kind == .directory
        page.append("<tr><td><a href=\".")
        page += TargetPath.encode(entry.name)
        page.append(isDirectory ? "/\">" : "\">")
        page.append(text: HTML.escaped(String(decoding: entry.name, as: UTF8.self)))
        if isDirectory { page.append(byte: ASCII.slash) }
        page.append("</a><td>")
        if !isDirectory { page.append(text: Self.sizeText(entry.status.byteCount)) }
        page.append("<td>")
        page.append(text: String(Self.dateText(entry.status.modificationSeconds, separator: " ").dropLast(3)))
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

    /// "2026-11-22 20:05:38".
    private static func dateText(_ seconds: Int, separator: String) -> String {
        let date = CalendarDate(secondsSince1970: seconds)
        var text: [UInt8] = []
        text.append(decimal: date.year, digitCount: 4)
        text.append(byte: UInt8(ascii: "-"))
        text.append(decimal: date.month, digitCount: 2)
        text.append(byte: UInt8(ascii: "-"))
        text.append(decimal: date.day, digitCount: 2)
        text.append(text: separator)
        date.appendTime(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: For programs

    /// An array with an object for each entry: `name`, `type` ("file" or "directory"), `size` in bytes, `modified`.
    var json: [UInt8] {
        let objects = entries.map { entry in
            let isDirectory = entry.status.kind == .directory
            return """
                {"name":\(JSON.quoted(entry.name)),"type":"\(isDirectory ? "directory" : "file")",\
                "size":\(isDirectory ? "null" : "\(entry.status.byteCount)"),\
                "modified":"\(Self.dateText(entry.status.modificationSeconds, separator: "T"))Z"}
                """
        }
        return [UInt8](("[" + objects.joined(separator: ",\n") + "]\n").utf8)
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
        a { text-decoration: none } a:hover { text-decoration: underline } th a { color: inherit }
        @media (max-width: 30em) { th:nth-child(3), td:nth-child(3) { display: none } }
        </style>
        <h1>\(title)</h1>
        <table>

        """
    }
}

/// Text in JSON (RFC 8259 §7).
private enum JSON {
    /// A string with its quotes. What is not UTF-8 becomes U+FFFD.
    static func quoted(_ bytes: [UInt8]) -> String {
        var text = "\""
        for character in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch character {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case _ where character.value < 0x20:
                text += "\\u00" + (character.value < 16 ? "0" : "") + String(character.value, radix: 16)
            default: text.unicodeScalars.append(character)
            }
        }
        return text + "\""
    }
}
