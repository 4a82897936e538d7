import Glibc

/// What a directory itself says of an entry.
package enum EntryKind: Sendable {
    case regular, directory, other
    /// Only the entry's status says: it is a symbolic link, or the file system does not tell.
    case unknown
}

extension FileDescriptor {
    /// Calls `body` with each name in the directory that this descriptor is open on, unsorted, without `.` and `..`.
    ///
    /// - Parameter body: takes the name with a NUL behind it; returns whether it wants the next one.
    package func forEachName(
        _ body: (_ terminatedName: Span<UInt8>, _ kind: EntryKind) -> Bool
    ) throws(SystemError) {
        // A second descriptor, since closing the stream closes the one it reads from. Both have one position.
        let number = try FileDescriptor.duplicate(number).release()
        guard let stream = unsafe fdopendir(number) else {
            let error = SystemError("fdopendir")
            close(number)
            throw error
        }
        defer { unsafe closedir(stream) }
        unsafe rewinddir(stream)
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw SystemError("readdir") }
                return
            }
            let text = unsafe entry.nameText
            let count = unsafe strlen(text)
            if unsafe text[0] == CChar(bitPattern: UInt8(ascii: ".")) {
                if count == 1 { continue }
                if unsafe count == 2 && text[1] == text[0] { continue }
            }
            let kind: EntryKind =
                switch unsafe CInt(entry.pointee.d_type) {
                case CInt(DT_REG): .regular
                case CInt(DT_DIR): .directory
                case CInt(DT_LNK), CInt(DT_UNKNOWN): .unknown
                default: .other
                }
            let wantsMore = unsafe text.withMemoryRebound(to: UInt8.self, capacity: count + 1) { bytes in
                unsafe body(UnsafeBufferPointer(start: bytes, count: count + 1).span, kind)
            }
            guard wantsMore else { return }
        }
    }

    /// What stands behind a name in the directory that this descriptor is open on: of the target where it is a symbolic link.
    ///
    /// - Parameter terminatedName: the name with a NUL behind it.
    /// - Returns: nil where there is no such name, or it is a link that leads nowhere.
    package func status(ofEntry terminatedName: Span<UInt8>) -> FileStatus? {
        guard terminatedName.count > 1, terminatedName[terminatedName.count - 1] == 0 else { return nil }
        var raw = stat()
        let result = unsafe terminatedName.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { name in
                unsafe name.baseAddress.map { unsafe fstatat(number, $0, &raw, 0) } ?? -1
            }
        }
        return result == 0 ? FileStatus(raw) : nil
    }

    /// The names in the directory that this descriptor is open on, unsorted, without `.` and `..`.
    func names(atMost limit: Int) throws(SystemError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        try forEachName { name, _ in
            guard names.count < limit else { return false }
            names.append((0..<name.count - 1).map { name[$0] })
            return true
        }
        return names
    }
}

extension WholeFile {
    /// The names in a directory, unsorted, without `.` and `..`; 4096 at the most.
    package static func names(in directory: String) throws(SystemError) -> [String] {
        try FileDescriptor.open(directory, for: .directory).names(atMost: 4096)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension UnsafeMutablePointer<dirent> {
    /// The entry's name as C sees it.
    fileprivate var nameText: UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        return unsafe (UnsafeRawPointer(self) + offset).assumingMemoryBound(to: CChar.self)
    }
}
