import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// Finds what a path stands for beneath a site's directory, which may be removed and made again, or be another one when a link
/// has moved.
final class FileFinder {
    /// The directory as it was opened, shared with those that list what is in it.
    private final class Root: Sendable {
        let directory: Directory

        init(_ site: FileSite) throws(SystemError) {
            directory = try Directory(
                site.root, resolution: site.followsLinks ? .anywhere : .beneath, concealing: site.concealed)
        }
    }

    private let site: FileSite
    private let rootPath: [UInt8]
    private let prefix: [UInt8]
    /// Nil where there is none now.
    private var root: Root?
    /// The directories at whose paths programs answer.
    private let routedPaths: Set<[UInt8]>

    init(_ site: FileSite) {
        self.site = site
        rootPath = [UInt8](site.root.utf8)
        prefix = site.prefixPath
        routedPaths = Set(site.routedPrefixes.map(Router.segments(of:)))
        root = try? Root(site)
    }

    /// Looks whether the site's directory is still the one that is open; to be called before anything is found.
    func refresh() throws(FileRefusal) {
        if let root, WholeFile.status(rootPath)?.identity == root.directory.identity { return }
        root = nil
        do throws(SystemError) { root = try Root(site) } catch { throw FileRefusal(error) }
    }

    /// What a request's path means, beneath the site's prefix.
    func resolve(_ request: borrowing Request) throws(FileRefusal) -> TargetPath {
        do throws(TargetPath.Refusal) {
            return try TargetPath(request, allowsHidden: site.showsHidden, beneath: prefix)
        } catch {
            switch error {
            case .malformed(let flaw): throw .malformed(flaw)
            case .hidden: throw .notFound
            }
        }
    }

    func open(_ relative: [UInt8]) throws(FileRefusal) -> OpenFile {
        guard let root else { throw .notFound }
        let file: OpenFile
        do throws(SystemError) { file = try root.directory.open(relative) } catch { throw FileRefusal(error) }
        if let programs = site.programs,
            programs.excludes(relative, file.status, statusOf: { try? root.directory.status(of: $0) })
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

    /// A file, and what has to be as it is for it to be the one that is found.
    struct Found {
        let file: OpenFile
        let name: [UInt8]
        let pathStatuses: [PathStatus]
        /// Whether what is accepted decided, and not the path alone.
        var variesByType = false
    }

    /// What is at a path beneath the root: the file that was found there, or nothing.
    func pathStatus(_ relative: [UInt8], _ file: OpenFile?) -> PathStatus {
        PathStatus(rootPath.appending(relative), file?.status)
    }

    /// The first of the site's index files that the directory has.
    func index(ofDirectory relative: [UInt8]) throws(FileRefusal) -> Found? {
        var pathStatuses: [PathStatus] = []
        for index in site.indexNames {
            let name = relative + (relative.isEmpty ? [] : [ASCII.slash]) + [UInt8](index.utf8)
            let file = try openFileIfAny(name)
            pathStatuses.append(pathStatus(name, file))
            if let file { return Found(file: file, name: name, pathStatuses: pathStatuses) }
        }
        return nil
    }

    /// Tells which entries of a directory are to be listed, on any thread: those that a client could have.
    ///
    /// - Parameter relative: the path it was opened by.
    func visibility(
        in directory: OpenFile, at relative: [UInt8]
    ) throws(FileRefusal) -> @Sendable (DirectoryEntry) -> Bool {
        guard let root else { throw .notFound }
        let isNotConcealed: @Sendable (DirectoryEntry) -> Bool
        do throws(SystemError) {
            isNotConcealed = try root.directory.visibleEntries(of: directory, at: relative)
        } catch {
            throw FileRefusal(error)
        }
        let (routedPaths, prefix) = (routedPaths, prefix)
        return { entry in
            guard isNotConcealed(entry) else { return false }
            guard entry.mayBeLink || !routedPaths.isEmpty else { return true }
            let path = relative + (relative.isEmpty ? [] : [ASCII.slash]) + entry.name
            let place = prefix.isEmpty ? path : prefix.appending(path)
            if entry.status.kind == .directory, routedPaths.contains(place) { return false }
            return !entry.mayBeLink || root.directory.reaches(path)
        }
    }
}
