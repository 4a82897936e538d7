import CLinux
import Glibc

/// What a non-blocking read or write came to.
package enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case endOfStream
}

/// An open descriptor and the duty to close it.
package struct FileDescriptor: ~Copyable {
    /// The number the kernel knows it by; valid for as long as this value lives.
    package let number: CInt

    /// Takes over a descriptor that is already open, for instance one that a parent process handed down.
    package init(owning number: CInt) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Gives up ownership: the caller closes the number.
    package consuming func release() -> CInt {
        let number = number
        discard self
        return number
    }

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
    package static func reopenedForAppending(_ standardStream: CInt) throws(SystemError) -> FileDescriptor {
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

    package func setNonBlocking() throws(SystemError) {
        guard clinux_set_nonblocking(number) == 0 else { throw SystemError("fcntl") }
    }

    /// read(2) into the start of `room`.
    package func read(into room: inout MutableSpan<UInt8>) throws(SystemError) -> Transfer {
        let count = unsafe room.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
        return try Self.transfer(count, call: "read")
    }

    /// pread(2) into the start of `room`, from `offset` bytes into the file; 0 bytes at the file's end.
    package func read(into room: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
        while true {
            let count = unsafe room.withUnsafeMutableBytes { unsafe pread(number, $0.baseAddress, $0.count, offset) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError("pread") }
        }
    }

    /// write(2) of as much of `bytes` as is taken.
    package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
        return try Self.transfer(count, call: "write", isWriting: true)
    }

    /// recv(2) into the start of `room`.
    package func receive(into room: inout MutableSpan<UInt8>) throws(SystemError) -> Transfer {
        let count = unsafe room.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
        return try Self.transfer(count, call: "recv")
    }

    /// send(2) of as much of `bytes` as the socket takes, without SIGPIPE.
    package func send(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        return try Self.transfer(count, call: "send", isWriting: true)
    }

    /// write(2) that never waits, whatever mode the descriptor is in: sockets are asked with MSG_DONTWAIT.
    package func writeWithoutWaiting(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(number, $0.baseAddress, $0.count, flags) }
        if count < 0, errno == ENOTSOCK { return try write(bytes) }
        return try Self.transfer(count, call: "send", isWriting: true)
    }

    /// shutdown(2) of the sending side: the peer reads the end of the stream.
    package func shutdownSending() {
        shutdown(number, CInt(SHUT_WR))
    }

    /// getsockname(2): the address and port at this end of a connected socket; nil where there is none.
    package var localAddress: SocketAddress? {
        let number = number
        return unsafe SocketAddress.reading { unsafe getsockname(number, $0, $1) }.1
    }

    /// What the file is; see `FileStatus`.
    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else { throw SystemError("fstat") }
        return FileStatus(raw)
    }

    private static func transfer(
        _ count: Int, call: StaticString, isWriting: Bool = false
    ) throws(SystemError) -> Transfer {
        if count > 0 { return .bytes(count) }
        if count == 0 { return isWriting ? .wouldBlock : .endOfStream }
        switch errno {
        case EAGAIN, EINTR: return .wouldBlock
        default: throw SystemError(call)
        }
    }
}

extension [UInt8] {
    /// A path as C takes it. A `String` in its place would turn bytes that are no UTF-8 into others, and so into the path of
    /// another file.
    var terminated: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}

/// Both ends of a pipe, close-on-exec; non-blocking if asked.
package struct Pipe: ~Copyable {
    package let reading: FileDescriptor
    package let writing: FileDescriptor

    package init(isNonBlocking: Bool) throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard unsafe clinux_pipe(&ends, isNonBlocking ? 1 : 0) == 0 else { throw SystemError("pipe2") }
        reading = FileDescriptor(owning: ends[0])
        writing = FileDescriptor(owning: ends[1])
    }

    /// Takes the reading end out and closes the other.
    package consuming func takeReading() -> FileDescriptor { reading }

    /// Takes the writing end out and closes the other.
    package consuming func takeWriting() -> FileDescriptor { writing }
}

/// Two connected stream sockets, close-on-exec and blocking.
package struct SocketPair: ~Copyable {
    package let first: FileDescriptor
    package let second: FileDescriptor

    package init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("socketpair") }
        first = FileDescriptor(owning: ends[0])
        second = FileDescriptor(owning: ends[1])
    }

    /// Takes the first socket out and closes the second.
    package consuming func takeFirst() -> FileDescriptor { first }
}
