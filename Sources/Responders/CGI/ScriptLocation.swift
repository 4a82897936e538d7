import MartinetBytes
import MartinetPOSIX

/// Which script a path names: the longest part of the path that exists beneath the directory; the rest is for the script.
struct ScriptLocation: Equatable {
    enum Failure: Error, Equatable {
        /// Nothing is there.
        case notFound
        /// The path ends at a directory.
        case isDirectory
        /// A name that begins with a dot.
        case isHidden
        /// A symbolic link leads out of the directory.
        case leadsOutside
        /// Symbolic links lead to one another for ever.
        case isLoop
        /// It is there and is no file: a socket, a FIFO.
        case isNoFile
        /// The kernel does not say what is there.
        case unreachable(SystemError)
    }

    /// The script's path beneath the directory.
    let script: [UInt8]
    /// The path that clients know it by, decoded (SCRIPT_NAME, RFC 3875 §4.1.13).
    let name: [UInt8]
    /// What follows it, with its slash (PATH_INFO, RFC 3875 §4.1.5); empty where nothing does.
    private(set) var pathInfo: [UInt8]
    /// Whether it is a file that somebody may execute.
    let isExecutable: Bool

    /// - Parameters:
    ///   - path: decoded, beneath the prefix, without dot segments.
    ///   - prefix: of the directory's scripts, without a slash at either end.
    init(
        _ path: [UInt8], endsWithSlash: Bool, in directory: borrowing Directory, prefix: [UInt8] = []
    ) throws(Failure) {
        var end = 0
        while end < path.count {
            let start = end == 0 ? 0 : end + 1
            end = path[start...].firstIndex(of: ASCII.slash) ?? path.count
            guard path[start] != ASCII.dot else { throw .isHidden }
            let status = try Self.status(of: [UInt8](path[..<end]), in: directory)
            switch status.kind {
            case .directory: continue
            case .other: throw .isNoFile
            case .regular:
                script = [UInt8](path[..<end])
                name = Self.place(of: prefix) + [ASCII.slash] + script
                isExecutable = status.isExecutable
                pathInfo = [UInt8](path[end...]) + (endsWithSlash ? [ASCII.slash] : [])
                return
            }
        }
        throw .isDirectory
    }

    /// The one program that answers for all of a prefix.
    ///
    /// - Parameters:
    ///   - path: beneath the prefix.
    ///   - ownsSlash: whether the prefix with a slash is the program's own address, so that there is nothing behind it.
    init(program: [UInt8], _ path: [UInt8], endsWithSlash: Bool, ownsSlash: Bool, prefix: [UInt8]) {
        script = program
        isExecutable = true
        let place = Self.place(of: prefix)
        if path.isEmpty {
            name = place + (endsWithSlash && ownsSlash ? [ASCII.slash] : [])
            pathInfo = endsWithSlash && !ownsSlash ? [ASCII.slash] : []
        } else {
            name = place
            pathInfo = [ASCII.slash] + path + (endsWithSlash ? [ASCII.slash] : [])
        }
    }

    /// Takes what follows from a whole path as its client has sent it, with its runs of slashes: an address in PATH_INFO, as of
    /// what is to be fetched or archived, has two.
    mutating func keepSlashes(of path: TargetPath) {
        if !pathInfo.isEmpty { pathInfo = path.rest(behind: name.count { $0 == ASCII.slash }) }
    }

    private static func place(of prefix: [UInt8]) -> [UInt8] { prefix.isEmpty ? [] : [ASCII.slash] + prefix }

    static func status(
        of path: [UInt8], in directory: borrowing Directory
    ) throws(Failure) -> FileStatus {
        do throws(SystemError) {
            return try directory.status(of: path)
        } catch {
            if error.isMissing || error.isNameTooLong { throw .notFound }
            if error.isEscape { throw .leadsOutside }
            if error.isLoop { throw .isLoop }
            throw .unreachable(error)
        }
    }
}
