import MartinetPOSIX

/// A log that is a file with a path, so that it can be opened anew when it was renamed, as logrotate(8) does.
package struct LogFile: Equatable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable, Codable {
        /// The lines about requests.
        case access = 1
        /// The error log, which is standard error.
        case error = 2
        /// Standard output.
        case output = 3

        /// Whether every program that is started gets it.
        var isStandardStream: Bool { self != .access }
    }

    package let kind: Kind
    package let path: String
    /// What the file is open as in the supervisor, and what processes are started with.
    package let descriptor: CInt

    package init(_ kind: Kind, path: String, descriptor: CInt) {
        self.kind = kind
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens the file at the path, made where there is none, and puts it in place of the one that is open.
    ///
    /// - Returns: another descriptor for it.
    func reopen() throws(SystemError) -> FileDescriptor {
        let file = try FileDescriptor.openForAppending(path)
        let copy = try FileDescriptor.duplicate(file.number)
        try file.replace(descriptor, staysOpen: kind.isStandardStream)
        return copy
    }
}
