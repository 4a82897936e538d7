import COpenSSL

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
}
