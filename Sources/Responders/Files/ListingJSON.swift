import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A listing for programs (RFC 8259): an array with an object for each entry: `name`, `type` ("file" or "directory"), `size` in
/// bytes, `modified`.
enum ListingJSON {
    static func append(_ entry: DirectoryEntry, to text: inout [UInt8]) {
        let isDirectory = entry.status.kind == .directory
        text.append("{\"name\":")
        appendQuoted(entry.name, to: &text)
        text.append(isDirectory ? ",\"type\":\"directory\",\"size\":" : ",\"type\":\"file\",\"size\":")
        if isDirectory { text.append("null") } else { text.append(decimal: entry.status.byteCount) }
        text.append(",\"modified\":\"")
        let date = CalendarDate(entry.status.modificationTime)
        date.appendDay(to: &text)
        text.append("T")
        date.appendTime(to: &text)
        text.append("Z\"}")
    }

    /// A string with its quotes (§7). What is not UTF-8 becomes U+FFFD.
    private static func appendQuoted(_ bytes: [UInt8], to text: inout [UInt8]) {
        text.append(byte: ASCII.quote)
        for byte in String(decoding: bytes, as: UTF8.self).utf8 {
            switch byte {
            case ASCII.quote, ASCII.backslash:
                text.append(byte: ASCII.backslash)
                text.append(byte: byte)
            case 0..<0x20:
                text.append("\\u")
                text.append(hexadecimal: UInt64(byte), digitCount: 4)
            default: text.append(byte: byte)
            }
        }
        text.append(byte: ASCII.quote)
    }
}
