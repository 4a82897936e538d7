import COpenSSL

/// What OpenSSL said when it refused: the oldest entry of its error queue, which names the cause.
package struct OpenSSLError: Error, Equatable, CustomStringConvertible {
    /// OpenSSL's reason number within `library` (ERR_LIB_…); both 0 where the queue was empty.
    package let code: CInt
    package let library: CInt
    /// OpenSSL's own words, in lower case: "no shared cipher"; nil where the queue was empty.
    package let reason: String?

    /// Takes the oldest entry from this thread's error queue and empties the queue.
    package static func take() -> OpenSSLError {
        let error = OpenSSLError(entry: ERR_get_error())
        ERR_clear_error()
        return error
    }

    private init(entry: CUnsignedLong) {
        code = CInt(truncatingIfNeeded: entry & 0x7F_FFFF)
        library = CInt(truncatingIfNeeded: entry >> 23 & 0xFF)
        if let text = unsafe ERR_reason_error_string(entry) {
            reason = unsafe String(cString: text)
        } else {
            reason = entry == 0 ? nil : "error \(entry)"
        }
    }

    package var isEmpty: Bool { code == 0 }

    package var description: String { reason ?? "OpenSSL gave no reason" }
}
