import Glibc

/// What was found at a path, to be looked at again before something that was made of it is used: one fstatat(2), which opens
/// nothing.
package struct PathStatus: Sendable {
    private let path: [CChar]
    private let status: FileStatus?

    /// - Parameters:
    ///   - path: an absolute one, so that every directory on the way is looked at as it is then.
    ///   - status: nil where there was nothing.
    package init(_ path: [UInt8], _ status: FileStatus?) {
        self.path = path.terminated
        self.status = status
    }

    /// Whether the path leads to the same file in the same state, or still to nothing.
    package var isCurrent: Bool {
        var raw = stat()
        let isFound = unsafe fstatat(AT_FDCWD, path, &raw, 0) == 0
        guard let status else { return !isFound && SystemError("fstatat").isMissing }
        return isFound && FileStatus(raw) == status
    }
}
