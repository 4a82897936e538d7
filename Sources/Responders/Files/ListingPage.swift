import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A listing for people: readable on any screen, without scripts.
struct ListingPage: Sendable {
    private let path: [UInt8]
    private let order: ListingOrder

    init(path: [UInt8], order: ListingOrder) {
        self.path = path
        self.order = order
    }

    // MARK: The frame

    func appendOpening(to page: inout [UInt8]) {
        page.append(text: Self.opening(title: title))
        page.append("<tr>")
        for (key, text) in [(ListingOrder.Key.name, "Name"), (.size, "Size"), (.time, "Modified (UTC)")] {
            page.append(text: headCell(key, text))
        }
        page.append("\n")
        if !path.isEmpty { page.append("<tr><td><a href=\"../\">../</a><td><td>\n") }
    }

    func appendEnd(isEmpty: Bool, to page: inout [UInt8]) {
        page.append("</table>\n")
        if isEmpty { page.append("<p>This directory is empty.</p>\n") }
        page.append("</html>\n")
    }

    private var title: String {
        "/" + HTML.escaped(String(decoding: path, as: UTF8.self)) + (path.isEmpty ? "" : "/")
    }

    /// A column's head, which sorts by it, and the other way round if it does already. A form and no link: programs that
    /// follow every link would fetch the directory once for each order.
    private func headCell(_ key: ListingOrder.Key, _ text: String) -> String {
        let isCurrent = order.key == key
        let next = isCurrent && !order.isDescending ? "desc" : "asc"
        let mark = isCurrent ? (order.isDescending ? " ↓" : " ↑") : ""
        return "<th><form><input type=\"hidden\" name=\"order\" value=\"\(next)\">"
            + "<button name=\"sort\" value=\"\(key.rawValue)\">\(text)\(mark)</button></form>"
    }

    // MARK: Rows

    static func append(_ entry: DirectoryEntry, to page: inout [UInt8]) {
        let isDirectory = entry.status.kind == .directory
        page.append("<tr><td><a href=\"")
        // The name alone: programs that read listings (HTTPDirFS, Kodi) take nothing else for an entry. A colon in it is
        // encoded, so that none is taken for a scheme.
        page += TargetPath.encode(entry.name).dropFirst()
        page.append(isDirectory ? "/\">" : "\">")
        if entry.name.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.dot }) {
            page += entry.name
        } else {
            page.append(text: HTML.escaped(String(decoding: entry.name, as: UTF8.self)))
        }
        if isDirectory { page.append(byte: ASCII.slash) }
        page.append("</a><td>")
        if !isDirectory { appendSize(entry.status.byteCount, to: &page) }
        page.append("<td>")
        let date = CalendarDate(entry.status.modificationTime)
        date.appendDay(to: &page)
        page.append(byte: ASCII.space)
        date.appendMinute(to: &page)
        page.append("\n")
    }

    /// "1.4 KiB": three digits are enough to compare by.
    static func appendSize(_ byteCount: Int, to page: inout [UInt8]) {
        guard byteCount >= 1024 else {
            page.append(decimal: byteCount)
            return page.append(" B")
        }
        var tenths = byteCount
        var unit = 0
        while tenths >= 1024 * 1024, unit < 4 {
            tenths /= 1024
            unit += 1
        }
        tenths = tenths * 10 / 1024
        page.append(decimal: tenths / 10)
        if tenths < 1000 {
            page.append(byte: ASCII.dot)
            page.append(decimal: tenths % 10)
        }
        page.append(units[unit])
    }

    private static let units: [StaticString] = [" KiB", " MiB", " GiB", " TiB", " PiB"]

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
        a { text-decoration: none } a:hover, button:hover { text-decoration: underline }
        th button { all: unset; cursor: pointer } th button:focus-visible { outline: auto }
        @media (max-width: 30em) { th:nth-child(3), td:nth-child(3) { display: none } }
        </style>
        <h1>\(title)</h1>
        <table>

        """
    }
}
