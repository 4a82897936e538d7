import COpenSSL
import MartinetPOSIX

/// What OpenSSL writes, gathered in memory.
enum MemoryBIO {
    /// The bytes that `body` writes to the BIO it is given; nil where it says that it failed.
    static func bytes(writtenBy body: (OpaquePointer) -> Bool) -> [UInt8]? {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(memory) }
        guard unsafe body(memory) else { return nil }
        var bytes = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(memory))
        guard !bytes.isEmpty else { return [] }
        var count = 0
        return unsafe BIO_read_ex(memory, &bytes, bytes.count, &count) == 1 ? bytes : nil
    }

    /// The same for what is secret: OpenSSL wipes its own copy.
    static func secret(writtenBy body: (OpaquePointer) -> Bool) -> SecretBytes? {
        guard let memory = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(memory) }
        guard unsafe body(memory) else { return nil }
        var isRead = true
        let secret = unsafe SecretBytes(byteCount: BIO_ctrl_pending(memory)) { room in
            unsafe room.withUnsafeMutableBytes { bytes in
                var count = 0
                isRead = unsafe bytes.isEmpty || BIO_read_ex(memory, bytes.baseAddress, bytes.count, &count) == 1
            }
        }
        return isRead ? secret : nil
    }
}
