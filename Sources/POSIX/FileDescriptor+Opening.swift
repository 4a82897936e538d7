import CMartinetLinux
import Glibc

extension FileDescriptor {
    /// Opens an existing file.
    package static func open(_ path: String, for access: Access) throws(SystemError) -> FileDescriptor {
        try open([UInt8](path.utf8), for: access)
    }

    /// Opens an existing file, whatever bytes its path has.
    package static func open(_ path: [UInt8], for access: Access) throws(SystemError) -> FileDescriptor {
        let number = unsafe clinux_openat(AT_FDCWD, path.terminated, access.flags)
        guard number >= 0 else { throw SystemError("open") }
        return FileDescriptor(owning: number)
    }

    /// Opens a file to append to, made with `mode` where there is none.
    package static func openForAppending(_ path: String, mode: UInt32 = 0o644) throws(SystemError) -> FileDescriptor {
        let number = unsafe clinux_create(path, O_WRONLY | O_APPEND | O_NONBLOCK, mode)
        guard number >= 0 else { throw SystemError("open") }
        return FileDescriptor(owning: number)
    }

    /// One of this process's standard streams, opened anew so that it can be written without waiting and without
    /// changing the mode of those who share it; the stream itself where it cannot be opened, as with sockets.
    ///
    /// Where it is a file, those who share it append from now on, too, as with `>>`: a shell that was told `>` would write over
    /// the beginning of what stands here.
    package static func reopenedForAppending(_ standardStream: CInt) throws(SystemError) -> FileDescriptor {
        var raw = stat()
        let flags = fcntl(standardStream, F_GETFL)
        if unsafe fstat(standardStream, &raw) == 0, raw.st_mode & S_IFMT == S_IFREG, flags >= 0, flags & O_APPEND == 0 {
            _ = fcntl(standardStream, F_SETFL, flags | O_APPEND)
        }
        let path = "/proc/self/fd/\(standardStream)"
        let number = unsafe clinux_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_NONBLOCK)
        return number >= 0 ? FileDescriptor(owning: number) : try duplicate(standardStream)
    }

    /// A second descriptor for the same open file, numbered `lowest` or above.
    package static func duplicate(_ number: CInt, numberedFrom lowest: CInt = 3) throws(SystemError) -> FileDescriptor {
        let copy = clinux_duplicate(number, lowest)
        guard copy >= 0 else { throw SystemError("fcntl") }
        return FileDescriptor(owning: copy)
    }

    /// How a file is opened.
    package enum Access {
        case reading
        case directory

        fileprivate var flags: CInt {
            switch self {
            case .reading: O_RDONLY
            case .directory: O_RDONLY | O_DIRECTORY
            }
        }
    }
}

extension [UInt8] {
    /// A path as C takes it. A `String` in its place would turn bytes that are no UTF-8 into others, and so into the path of
    /// another file.
    var terminated: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}
