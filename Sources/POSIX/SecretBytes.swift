import Glibc

/// Bytes that are wiped when nobody needs them any more: keys, passwords.
///
/// Safe because the memory is owned here, written before anybody else sees it, and freed once.
@safe package final class SecretBytes: @unchecked Sendable, Equatable {
    private let storage: UnsafeMutableBufferPointer<UInt8>
    package private(set) var count = 0

    private init(capacity: Int) {
        unsafe storage = .allocate(capacity: max(1, capacity))
        unsafe storage.initialize(repeating: 0)
    }

    package convenience init(_ bytes: some Collection<UInt8>) {
        self.init(capacity: bytes.count)
        for byte in bytes {
            unsafe storage[count] = byte
            count += 1
        }
    }

    package convenience init(_ bytes: Span<UInt8>) {
        self.init(capacity: bytes.count)
        append(bytes)
    }

    /// A secret, and behind it what is none.
    package convenience init(_ secret: SecretBytes, followedBy bytes: [UInt8]) {
        self.init(capacity: secret.count + bytes.count)
        secret.withSpan { append($0) }
        append(bytes.span)
    }

    /// So many bytes, all zero before `fill` has written them.
    package convenience init<Failure: Error>(
        byteCount: Int, _ fill: (inout MutableSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(capacity: byteCount)
        count = byteCount
        let storage = unsafe storage
        var bytes = unsafe storage.mutableSpan
        var part = bytes._mutatingExtracting(first: byteCount)
        try fill(&part)
    }

    deinit {
        if let start = unsafe storage.baseAddress { unsafe explicit_bzero(start, storage.count) }
        unsafe storage.deallocate()
    }

    package var isEmpty: Bool { count == 0 }

    /// Shows the bytes, which are not to be kept.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let storage = unsafe storage
        let bytes = unsafe storage.span
        return try body(bytes.extracting(0..<count))
    }

    /// Shows the bytes as an array, which is wiped afterwards unless it is kept.
    package func withBytes<Result, Failure: Error>(
        _ body: ([UInt8]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var bytes = [UInt8](repeating: 0, count: count)
        for index in 0..<count { unsafe bytes[index] = storage[index] }
        defer {
            unsafe bytes.withUnsafeMutableBytes { bytes in
                if let start = bytes.baseAddress { unsafe explicit_bzero(start, bytes.count) }
            }
        }
        return try body(bytes)
    }

    /// Compares in a time that tells nothing of where the difference is.
    package static func == (left: SecretBytes, right: SecretBytes) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<left.count { unsafe difference |= left.storage[index] ^ right.storage[index] }
        return difference == 0
    }

    private func append(_ bytes: Span<UInt8>) {
        precondition(unsafe bytes.count <= storage.count - count, "appended more than there is room for")
        for index in 0..<bytes.count { unsafe storage[count + index] = bytes[index] }
        count += bytes.count
    }
}

// MARK: Files

extension SecretBytes {
    /// Nothing that is a secret is larger.
    private static let fileByteLimit = 16 * 1024 * 1024

    /// Everything in the file.
    package static func read(_ path: String) throws(SystemError) -> SecretBytes {
        let file = try FileDescriptor.open(path, for: .reading)
        var content = SecretBytes(capacity: 16 * 1024)
        while true {
            if unsafe content.count == content.storage.count {
                guard content.count < fileByteLimit else { throw SystemError("read", code: EFBIG) }
                let larger = SecretBytes(capacity: content.count * 2)
                content.withSpan { larger.append($0) }
                content = larger
            }
            switch try content.read(from: file) {
            case .bytes(let count): content.count += count
            case .endOfStream: return content
            case .wouldBlock: continue
            }
        }
    }

    private func read(from file: borrowing FileDescriptor) throws(SystemError) -> Transfer {
        let storage = unsafe storage
        var bytes = unsafe storage.mutableSpan
        var room = bytes._mutatingExtracting(droppingFirst: count)
        return try file.read(into: &room)
    }
}

// MARK: Several in one

extension SecretBytes {
    /// All parts, each behind its length in four bytes.
    package static func joined(_ parts: [SecretBytes]) -> SecretBytes {
        let joined = SecretBytes(capacity: parts.reduce(0) { $0 + 4 + $1.count })
        for part in parts {
            let length: [4 of UInt8] = [
                UInt8(truncatingIfNeeded: part.count >> 24), UInt8(truncatingIfNeeded: part.count >> 16),
                UInt8(truncatingIfNeeded: part.count >> 8), UInt8(truncatingIfNeeded: part.count),
            ]
            joined.append(length.span)
            part.withSpan { joined.append($0) }
        }
        return joined
    }

    /// These bytes behind others, which are no secret.
    package func preceded(by prefix: [UInt8]) -> SecretBytes {
        let joined = SecretBytes(capacity: prefix.count + count)
        joined.append(prefix.span)
        withSpan { joined.append($0) }
        return joined
    }

    /// The parts that were joined; nil where these bytes did not come from joining.
    package var parts: [SecretBytes]? {
        withSpan { bytes in
            var parts: [SecretBytes] = []
            var start = 0
            while start < bytes.count {
                guard bytes.count - start >= 4 else { return nil }
                var length = 0
                for index in start..<start + 4 { length = length << 8 | Int(bytes[index]) }
                start += 4
                guard length <= bytes.count - start else { return nil }
                parts.append(SecretBytes(bytes.extracting(start..<start + length)))
                start += length
            }
            return parts
        }
    }
}
