import Glibc

/// A directory in which this user keeps secrets; while this value lives, no other process that asks for it changes it.
package struct PrivateDirectory: ~Copyable {
    package let path: String
    private let descriptor: FileDescriptor

    /// Makes the directory, with mode 0700, where it is missing, and waits until no other process has it locked.
    package init(locking path: String) throws(SystemError) {
        try WholeFile.makeDirectory(path)
        let descriptor = try FileDescriptor.open(path, for: .directory)
        while flock(descriptor.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw SystemError("flock") }
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Removes what writers that were killed left behind (see `WholeFile.write`).
    package func removeDrafts() throws(SystemError) {
        for name in try descriptor.names(atMost: 4096) where WholeFile.isDraft(name) {
            unsafe unlinkat(descriptor.number, name.terminated, 0)
        }
    }

    /// Removes a file; nothing happens where there is none.
    package func remove(_ name: String) throws(SystemError) {
        guard unsafe unlinkat(descriptor.number, name, 0) == 0 || errno == ENOENT else { throw SystemError("unlink") }
    }

    /// Why what stands at a path is not this user's alone.
    package enum Exposure: Sendable {
        case anotherOwner
        /// Others may write to it or, where it is secret, read it.
        case openToOthers
    }

    /// Why the file or directory is not this user's alone; nil where it is, or there is none.
    ///
    /// - Parameter isSecret: whether nobody else may read it either.
    package static func exposure(of path: String, isSecret: Bool) -> Exposure? {
        var raw = stat()
        guard unsafe stat(path, &raw) == 0 else { return nil }
        if raw.st_uid != geteuid() { return .anotherOwner }
        return raw.st_mode & (isSecret ? 0o077 : 0o022) != 0 ? .openToOthers : nil
    }
}
