import CMartinetLinux
import Glibc

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
