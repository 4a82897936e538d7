import COpenSSL
import MartinetBytes

/// Base64 (RFC 4648 §4).
package enum Base64 {
    /// The text of the bytes, padded and in one line.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        // OpenSSL ends it with a NUL.
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        unsafe EVP_EncodeBlock(&text, bytes, CInt(bytes.count))
        text.removeLast()
        return text
    }

    /// The bytes; nil where the text is not base64: for white space anywhere, characters of another alphabet (§5), and
    /// padding that is not at the end or not as long as it should be. It may be missing altogether (§3.2).
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var count = text.count
        while count > 0, text[count - 1] == ASCII.equals { count -= 1 }
        let padding = text.count - count
        guard count % 4 != 1, padding == 0 || padding < 3 && count % 4 + padding == 4 else { return nil }
        // OpenSSL takes white space and a hyphen at the ends for none of the text, and padding within it for zeros.
        for index in 0..<count where !isInAlphabet(text[index]) { return nil }
        // OpenSSL wants whole groups, and counts the zeros that padding stands for: they are cut off again.
        if padding > 0 || count % 4 == 0 { return decode(groups: text, byteCount: count * 3 / 4) }
        var groups = [UInt8](copying: text)
        while groups.count % 4 != 0 { groups.append(ASCII.equals) }
        return decode(groups: groups.span, byteCount: count * 3 / 4)
    }

    private static func decode(groups: Span<UInt8>, byteCount: Int) -> [UInt8]? {
        guard let count = CInt(exactly: groups.count) else { return nil }
        var bytes = [UInt8](repeating: 0, count: groups.count / 4 * 3)
        let decodedCount = unsafe groups.withUnsafeBufferPointer { text in
            unsafe EVP_DecodeBlock(&bytes, text.baseAddress, count)
        }
        guard decodedCount == CInt(bytes.count) else { return nil }
        bytes.removeLast(bytes.count - byteCount)
        return bytes
    }

    private static func isInAlphabet(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == ASCII.slash
    }
}
