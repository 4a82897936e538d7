import CMartinetLinux
import Glibc

/// Files that come into being together: all of them, or none.
package enum NewFiles {
    package struct File {
        package let path: String
        package let content: SecretBytes
        /// Its permissions, for example 0o600.
        package let mode: UInt32

        package init(path: String, content: SecretBytes, mode: UInt32) {
            self.path = path
            self.content = content
            self.mode = mode
        }
    }

    /// Why there is none, and at which path.
    package struct Fault: Error {
        package enum Reason: Equatable, Sendable {
            /// There is a file already, which was not to be replaced.
            case exists
            /// There is something that is no regular file: a directory, a FIFO, a symbolic link.
            case otherKind
            case system(SystemError)
        }

        package let path: String
        package let reason: Reason
    }

    /// Whether there can be a file at a path, as far as what stands there tells; nothing is written.
    ///
    /// - Parameter replacing: whether a regular file may stand there, which will be replaced.
    package static func check(_ path: String, replacing: Bool) throws(Fault) {
        var raw = stat()
        guard unsafe lstat(path, &raw) == 0 else {
            guard errno == ENOENT else { throw Fault(path: path, reason: .system(SystemError("lstat"))) }
            return
        }
        guard raw.st_mode & S_IFMT == S_IFREG else { throw Fault(path: path, reason: .otherKind) }
        if !replacing { throw Fault(path: path, reason: .exists) }
    }

    /// Whether two paths would lead to one file.
    package static func areOne(_ path: String, _ other: String) -> Bool {
        WholeFile.places(path).first == WholeFile.places(other).first
    }

    /// Writes them. Each is seen with all of its content or not at all; no link is followed, and what comes to stand at a path
    /// meanwhile is not replaced either, unless that was wanted.
    package static func write(_ files: [File], replacing: Bool) throws(Fault) {
        for (index, file) in files.enumerated() {
            try check(file.path, replacing: replacing)
            // The one behind would take the place of the one in front.
            guard !files[..<index].contains(where: { areOne($0.path, file.path) }) else {
                throw Fault(path: file.path, reason: .exists)
            }
        }
        var drafts: [Draft] = []
        defer { for draft in drafts { draft.remove() } }
        for file in files { drafts.append(try Draft(file)) }
        for (index, draft) in drafts.enumerated() {
            do throws(Fault) {
                try draft.publish(replacing: replacing)
            } catch {
                for published in drafts[..<index] { published.retract() }
                throw error
            }
        }
    }

    /// The content beside the place where it is to be.
    private struct Draft {
        let path: String
        private let draft: String
        /// What stood there before, by another name.
        private let former: String

        init(_ file: File) throws(Fault) {
            path = file.path
            draft = "\(path).\(ThisProcess.identifier).new"
            former = "\(path).\(ThisProcess.identifier).old"
            do throws(SystemError) {
                try Self.write(file.content, draft, file.mode)
            } catch {
                throw Fault(path: path, reason: .system(error))
            }
        }

        private static func write(_ content: SecretBytes, _ path: String, _ mode: UInt32) throws(SystemError) {
            unsafe unlink(path)
            let number = unsafe clinux_create(path, O_WRONLY | O_EXCL, mode)
            guard number >= 0 else { throw SystemError("open") }
            let file = FileDescriptor(owning: number)
            do throws(SystemError) {
                try content.withSpan { bytes throws(SystemError) in
                    var start = 0
                    while start < bytes.count {
                        let rest = bytes.extracting(start..<bytes.count)
                        guard case .bytes(let count) = try file.writeToFile(rest) else {
                            throw SystemError("write", code: ENOSPC)
                        }
                        start += count
                    }
                }
                guard fsync(number) == 0 else { throw SystemError("fsync") }
            } catch {
                unsafe unlink(path)
                throw error
            }
        }

        func publish(replacing: Bool) throws(Fault) {
            if replacing {
                try NewFiles.check(path, replacing: true)
                if unsafe rename(path, former) != 0, errno != ENOENT {
                    throw Fault(path: path, reason: .system(SystemError("rename")))
                }
            }
            // Unlike rename(2), link(2) replaces nothing that has come there since.
            if unsafe link(draft, path) == 0 { return }
            let problem = SystemError("link")
            // File systems without hard links, such as FAT.
            if problem.code == EPERM || problem.code == EOPNOTSUPP || problem.code == ENOSYS {
                try NewFiles.check(path, replacing: false)
                if unsafe rename(draft, path) == 0 { return }
            }
            unsafe rename(former, path)
            throw Fault(path: path, reason: problem.code == EEXIST ? .exists : .system(problem))
        }

        /// As it was before.
        func retract() {
            unsafe unlink(path)
            unsafe rename(former, path)
        }

        func remove() {
            unsafe unlink(draft)
            unsafe unlink(former)
        }
    }
}
