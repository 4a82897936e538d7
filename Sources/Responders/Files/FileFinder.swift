import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Finds what a path stands for beneath a site's directory.
final class FileFinder {
    private let root: Directory
    private let site: FileSite
    private let prefix: [UInt8]

    init(_ site: FileSite) throws(SystemError) {
        root = try Directory(
            site.root, resolution: site.followsLinks ? .anywhere : .beneath, concealing: site.concealed)
        self.site = site
        prefix = site.prefixPath
    }

    /// What a request's path means, beneath the site's prefix.
    func resolve(_ encoded: Span<UInt8>) throws(FileRefusal) -> TargetPath {
        do throws(TargetPath.Refusal) {
            return try TargetPath(encoded, allowsHidden: site.showsHidden, beneath: prefix)
        } catch {
            switch error {
            case .malformed(let flaw): throw .malformed(flaw)
            case .hidden: throw .notFound
            }
        }
    }

    func open(_ relative: [UInt8]) throws(FileRefusal) -> OpenFile {
        let file: OpenFile
        do throws(SystemError) { file = try root.open(relative) } catch { throw FileRefusal(error) }
        if let programs = site.programs,
            programs.excludes(relative, file.status, statusOf: { try? root.status(of: $0) })
        {
            throw .notFound
        }
        return file
    }

    /// The file, if there is one and it is a regular file.
    func openFileIfAny(_ relative: [UInt8]) throws(FileRefusal) -> OpenFile? {
        do throws(FileRefusal) {
            let file = try open(relative)
            return file.status.kind == .regular ? file : nil
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// The first of the site's index files that the directory has, and its path.
    func index(ofDirectory relative: [UInt8]) throws(FileRefusal) -> (file: OpenFile, name: [UInt8])? {
        for index in site.indexNames {
            let name = relative + (relative.isEmpty ? [] : [ASCII.slash]) + [UInt8](index.utf8)
            if let file = try openFileIfAny(name) { return (file, name) }
        }
        return nil
    }

    /// Tells which entries of a directory are to be listed, on any thread.
    ///
    /// - Parameter relative: the path it was opened by.
    func visibility(
        in directory: OpenFile, at relative: [UInt8]
    ) throws(FileRefusal) -> @Sendable (DirectoryEntry) -> Bool {
        do throws(SystemError) {
            return try root.visibleEntries(of: directory, at: relative)
        } catch {
            throw FileRefusal(error)
        }
    }
}
