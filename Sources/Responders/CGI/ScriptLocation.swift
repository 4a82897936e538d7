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
    /// What follows it, with its slash (PATH_INFO, RFC 3875 §4.1.5); empty where nothing does.
    let pathInfo: [UInt8]

    /// - Parameter path: decoded, beneath the prefix, without dot segments.
    init(_ path: [UInt8], endsWithSlash: Bool, in directory: borrowing Directory) throws(Failure) {
        var end = 0
        while end < path.count {
            let start = end == 0 ? 0 : end + 1
            end = path[start...].firstIndex(of: ASCII.slash) ?? path.count
            guard path[start] != ASCII.dot else { throw .isHidden }
            switch try Self.kind(of: [UInt8](path[..<end]), in: directory) {
            case .directory: continue
            case .other: throw .isNoFile
            case .regular:
                script = [UInt8](path[..<end])
                pathInfo = [UInt8](path[end...]) + (endsWithSlash ? [ASCII.slash] : [])
                return
            }
        }
        throw .isDirectory
    }

    private static func kind(
        of path: [UInt8], in directory: borrowing Directory
    ) throws(Failure) -> FileStatus.Kind {
        do throws(SystemError) {
            return try directory.status(of: path).kind
        } catch {
            if error.isMissing || error.isNameTooLong { throw .notFound }
            if error.isEscape { throw .leadsOutside }
            if error.isLoop { throw .isLoop }
            throw .unreachable(error)
        }
    }
}
