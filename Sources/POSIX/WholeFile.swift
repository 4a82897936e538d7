import CLinux
import Glibc

/// Small files, read and written at once: certificates, keys, tables.
package enum WholeFile {
    /// Everything in the file.
    package static func read(_ path: String) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, for: .reading)
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            var room = piece.mutableSpan
            switch try file.read(into: &room) {
            case .bytes(let count): content += piece.prefix(count)
            case .endOfStream: return content
            case .wouldBlock: continue
            }
        }
    }

    /// Replaces the file in one step: whoever reads it sees the old content or the new, never a part.
    ///
    /// - Parameter mode: its permissions, for example 0o600.
    package static func write(_ content: [UInt8], to path: String, mode: UInt32) throws(SystemError) {
        let draft = "\(path).\(ThisProcess.identifier).new"
        unsafe unlink(draft)
        let number = unsafe clinux_create(draft, O_WRONLY | O_EXCL, mode)
        guard number >= 0 else { throw SystemError("open") }
        let file = FileDescriptor(owning: number)
        do throws(SystemError) {
            var start = 0
            while start < content.count {
                guard case .bytes(let count) = try file.write(content.span.extracting(start..<content.count)) else {
                    throw SystemError("write", code: ENOSPC)
                }
                start += count
            }
            guard fsync(number) == 0 else { throw SystemError("fsync") }
            guard unsafe rename(draft, path) == 0 else { throw SystemError("rename") }
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }

    /// Makes a directory and those above it, with mode 0700 where they are missing.
    package static func makeDirectory(_ path: String) throws(SystemError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        if errno == EEXIST {
            _ = try FileDescriptor.open(path, for: .directory)
            return
        }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemError("mkdir")
        }
        try makeDirectory(String(path[..<slash]))
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError("mkdir") }
    }

    /// The path without links and dots, from the root; nil where there is no such file.
    package static func canonicalPath(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
