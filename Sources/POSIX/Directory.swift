import CLinux
import Glibc

/// A directory that files are opened beneath: nothing outside of it can be reached through it.
package struct Directory: ~Copyable {
    package let descriptor: FileDescriptor
    private let resolution: Resolution
    /// Absolute paths of directories in which nothing is opened.
    private let concealed: [[UInt8]]

    /// How the kernel keeps a path inside.
    package enum Resolution: Sendable {
        /// openat2(2) with RESOLVE_BENEATH, since Linux 5.6.
        case beneath
        /// Open without effects (O_PATH), look where it led, then open for reading: for older kernels, and for absolute links.
        case checked
        /// Wherever links lead.
        case anywhere
    }

    /// - Parameter concealed: absolute paths without links; what lies beneath them counts as missing.
    package init(
        _ path: String, resolution: Resolution = .beneath, concealing concealed: [String] = []
    ) throws(SystemError) {
        self.concealed = concealed.map { [UInt8]($0.utf8) }
        descriptor = try FileDescriptor.open(path, for: .directory)
        self.resolution = resolution
    }

    /// Opens a file or directory for reading, without ever waiting for a FIFO's other end.
    ///
    /// - Parameter path: relative and without `..`; an empty path is this directory itself.
    /// - Throws: `SystemError` whose `isEscape` is true where a symbolic link leads out.
    package func open(_ path: [UInt8]) throws(SystemError) -> FileDescriptor {
        let file = try openVisible(path)
        if !concealed.isEmpty {
            let place = try Self.location(of: file)
            for directory in concealed where Self.isInside(place, directory) {
                throw SystemError("openat2", code: ENOENT)
            }
        }
        return file
    }

    private func openVisible(_ path: [UInt8]) throws(SystemError) -> FileDescriptor {
        let path = path.isEmpty ? [UInt8(ascii: ".")] : path
        let terminated = path.terminated
        switch resolution {
        case .beneath:
            let flags = UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY)
            let resolve = CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_MAGICLINKS
            let number = unsafe clinux_openat2(descriptor.number, terminated, flags, resolve)
            if number >= 0 { return FileDescriptor(owning: number) }
            guard Self.needsCheck(errno) else { throw SystemError("openat2") }
            return try openChecked(terminated)
        case .checked:
            return try openChecked(terminated)
        case .anywhere:
            let number = unsafe clinux_openat(descriptor.number, terminated, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard number >= 0 else { throw SystemError("openat") }
            return FileDescriptor(owning: number)
        }
    }

    /// What stands at a path, without opening it for reading: a program need not be readable to be executed.
    ///
    /// - Parameter path: as for `open(_:)`, and not empty.
    package func status(of path: [UInt8]) throws(SystemError) -> FileStatus {
        let terminated = path.terminated
        switch resolution {
        case .beneath:
            let resolve = CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_MAGICLINKS
            let number = unsafe clinux_openat2(descriptor.number, terminated, UInt64(CLINUX_O_PATH), resolve)
            if number >= 0 { return try FileDescriptor(owning: number).status() }
            guard Self.needsCheck(errno) else { throw SystemError("openat2") }
            return try findChecked(terminated).status()
        case .checked: return try findChecked(terminated).status()
        case .anywhere: return try find(terminated).status()
        }
    }

    /// Whether openat2 could not tell where a path leads. An absolute link is an escape to the kernel even if it points
    /// inside; the check tells them apart. Kernels without openat2, and sandboxes that forbid it, always need the check.
    private static func needsCheck(_ code: CInt) -> Bool { [EXDEV, ENOSYS, EPERM, EAGAIN].contains(code) }

    /// Opens the path wherever it leads but without effects, and reopens it only if that is inside.
    private func openChecked(_ path: [CChar]) throws(SystemError) -> FileDescriptor {
        let found = try findChecked(path)
        let reopened = unsafe clinux_openat(
            AT_FDCWD, "/proc/self/fd/\(found.number)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
        guard reopened >= 0 else { throw SystemError("openat") }
        return FileDescriptor(owning: reopened)
    }

    /// What stands at a path that leads inside, not opened for reading (O_PATH).
    private func findChecked(_ path: [CChar]) throws(SystemError) -> FileDescriptor {
        let found = try find(path)
        let root = try Self.location(of: descriptor)
        let place = try Self.location(of: found)
        guard Self.isInside(place, root) else { throw SystemError("openat", code: EXDEV) }
        return found
    }

    /// What stands at a path, wherever it leads, not opened for reading (O_PATH).
    private func find(_ path: [CChar]) throws(SystemError) -> FileDescriptor {
        let number = unsafe clinux_openat(descriptor.number, path, CLINUX_O_PATH)
        guard number >= 0 else { throw SystemError("openat") }
        return FileDescriptor(owning: number)
    }

    /// Whether a path is that of a directory, or lies beneath it; both as the kernel writes them.
    private static func isInside(_ place: [UInt8], _ directory: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        return place == directory || place.starts(with: directory == [slash] ? directory : directory + [slash])
    }

    /// The path of an open file as the kernel sees it now.
    private static func location(of descriptor: borrowing FileDescriptor) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return -1 }
            return unsafe readlink(
                "/proc/self/fd/\(descriptor.number)", base.assumingMemoryBound(to: CChar.self), room.count)
        }
        guard count >= 0 else { throw SystemError("readlink") }
        return [UInt8](bytes.prefix(count))
    }
}

/// A name in a directory and what stands behind it.
package struct DirectoryEntry: Sendable {
    package let name: [UInt8]
    /// Of the target where the entry is a symbolic link.
    package let status: FileStatus
}

extension FileDescriptor {
    /// The entries of the directory that this descriptor is open on, unsorted, without `.` and `..`.
    ///
    /// Entries that vanish meanwhile and links that lead nowhere are left out.
    package func entries() throws(SystemError) -> [DirectoryEntry] {
        // A second descriptor, since closing the stream closes the one it reads from.
        let number = try FileDescriptor.duplicate(number).release()
        guard let stream = unsafe fdopendir(number) else {
            let error = SystemError("fdopendir")
            close(number)
            throw error
        }
        defer { unsafe closedir(stream) }
        var entries: [DirectoryEntry] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe UnsafeRawBufferPointer(start: entry.nameText, count: strlen(entry.nameText))
            let bytes = unsafe [UInt8](name)
            guard bytes != [UInt8(ascii: ".")], bytes != [UInt8(ascii: "."), UInt8(ascii: ".")] else { continue }
            var raw = stat()
            guard unsafe fstatat(number, entry.nameText, &raw, 0) == 0 else { continue }
            entries.append(DirectoryEntry(name: bytes, status: FileStatus(raw)))
        }
        return entries
    }
}

extension UnsafeMutablePointer<dirent> {
    /// The entry's name as C sees it.
    fileprivate var nameText: UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        return unsafe (UnsafeRawPointer(self) + offset).assumingMemoryBound(to: CChar.self)
    }
}
