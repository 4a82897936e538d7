import CMartinetLinux
import Glibc
import MartinetEvents

/// What a non-blocking read or write came to.
package enum Transfer: Equatable {
    case bytes(Int)
    case wouldBlock
    case endOfStream
}

extension FileDescriptor {
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

    /// write(2) of as much of `bytes` as is taken, without SIGPIPE: a pipe that nobody reads is an error like another (EPIPE).
    package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
        let count = unsafe bytes.withUnsafeBytes { unsafe clinux_write(number, $0.baseAddress, $0.count) }
        return try Self.transfer(count, call: "write", isWriting: true)
    }

    /// The same for what is neither a pipe nor a socket: the kernel never sends SIGPIPE for it, so nothing is done about it.
    package func writeToFile(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
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

    /// sendmsg(2) of bytes with a descriptor for the process at the other end of a Unix socket.
    package func send(_ bytes: Span<UInt8>, with descriptor: CInt) throws(SystemError) -> Transfer {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe clinux_send_descriptor(number, $0.baseAddress, $0.count, descriptor)
        }
        return try Self.transfer(count, call: "sendmsg", isWriting: true)
    }

    /// recvmsg(2) into the start of `room`.
    ///
    /// - Parameter descriptor: the one that came with the bytes, the caller's to close; nil for none.
    package func receive(
        into room: inout MutableSpan<UInt8>, with descriptor: inout CInt?
    ) throws(SystemError) -> Transfer {
        var received: CInt = -1
        let count = unsafe room.withUnsafeMutableBytes {
            unsafe clinux_receive_descriptor(number, $0.baseAddress, $0.count, &received)
        }
        descriptor = received >= 0 ? received : nil
        return try Self.transfer(count, call: "recvmsg")
    }

    /// write(2) that never waits, whatever mode the descriptor is in: sockets are asked with MSG_DONTWAIT.
    package func writeWithoutWaiting(_ bytes: Span<UInt8>) throws(SystemError) -> Transfer {
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(number, $0.baseAddress, $0.count, flags) }
        if count < 0, errno == ENOTSOCK { return try write(bytes) }
        return try Self.transfer(count, call: "send", isWriting: true)
    }

    /// Whether a write can wait though nobody asked it to: pipes and terminals in the mode that whoever made them chose.
    package var mayWait: Bool {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else { return false }
        let type = raw.st_mode & S_IFMT
        return (type == S_IFIFO || type == S_IFCHR) && fcntl(number, F_GETFL) & O_NONBLOCK == 0
    }

    /// Whether others may write between two parts of what is written here.
    package var isPipeOrSocket: Bool {
        var raw = stat()
        guard unsafe fstat(number, &raw) == 0 else { return false }
        return raw.st_mode & S_IFMT == S_IFIFO || raw.st_mode & S_IFMT == S_IFSOCK
    }

    /// poll(2): whether a write would not wait now. A pipe has room for 4,096 bytes then.
    package var isReadyForWriting: Bool {
        get throws(SystemError) {
            var entries = [PollEntry(descriptor: number, interest: .write)]
            var table = entries.mutableSpan
            return try PollEntry.poll(&table, timeout: .zero) > 0
        }
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
