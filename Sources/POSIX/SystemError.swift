import Glibc

/// A system call that failed: which one, and its errno.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let call: String
    package let code: CInt

    package init(_ call: StaticString, code: CInt = errno) {
        self.call = "\(call)"
        self.code = code
    }

    /// "bind: Address already in use".
    package var description: String { "\(call): \(reason)" }

    /// The kernel's words for the error: "Address already in use".
    package var reason: String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    package var isAddressInUse: Bool { code == EADDRINUSE }
    /// The machine does not have this address or family.
    package var isUnavailable: Bool { code == EADDRNOTAVAIL || code == EAFNOSUPPORT }
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    package var isForbidden: Bool { code == EACCES || code == EPERM }
    /// A FIFO without a reader or a socket, neither of which can be opened as a file.
    package var hasNoFarEnd: Bool { code == ENXIO }
    package var isNameTooLong: Bool { code == ENAMETOOLONG }
    package var isTryAgain: Bool { code == EAGAIN }
    /// A file that cannot be executed because of its content.
    package var isNotAProgram: Bool { code == ENOEXEC }
    package var isArgumentListTooLong: Bool { code == E2BIG }
    package var isUnsupported: Bool { code == ENOSYS }
    /// A symbolic link led out of the directory, or in circles.
    package var isEscape: Bool { code == EXDEV }
    package var isLoop: Bool { code == ELOOP }
    /// The process or the system has no descriptor or memory left for another socket or file.
    package var isExhaustion: Bool { code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM }
}
