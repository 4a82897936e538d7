import CMartinetLinux
import Glibc

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
