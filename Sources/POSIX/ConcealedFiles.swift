import MartinetEvents
import Synchronization

/// What is not for clients although it may lie where files are served from: keys, password files, logs, scripts.
package struct ConcealedPaths: Codable, Equatable, Sendable {
    /// Absolute paths of files, whether or not they exist.
    package var files: [String] = []
    /// Absolute paths of directories, concealed with everything in them.
    package var directories: [String] = []

    package init() {}

    package var isEmpty: Bool { files.isEmpty && directories.isEmpty }
}

/// Tells the files that are not for clients from all others: by the path they lie at, and by device and inode, so that hard
/// links, bind mounts and other spellings lead to none of them.
///
/// What stands at the paths is looked up again every second, and at once for a file that has changed since: a file cannot
/// come to a path, nor get another link, without a new change time. A key renewed or a log begun anew at its path
/// is therefore concealed from its first moment.
package final class ConcealedFiles: Sendable {
    private let paths: ConcealedPaths
    /// The directory that is served, as the kernel writes its path.
    private let root: [UInt8]
    /// Whether links may lead out of it.
    private let leavesRoot: Bool
    private let state: Mutex<ConcealmentLookup>

    init(_ paths: ConcealedPaths, root: [UInt8], leavesRoot: Bool) {
        self.paths = paths
        self.root = root
        self.leavesRoot = leavesRoot
        var lookup = ConcealmentLookup()
        lookup.renew(paths, root)
        state = Mutex(lookup)
    }

    /// Whether a file is not for clients.
    ///
    /// - Parameters:
    ///   - path: the one it was opened by, beneath the root.
    ///   - location: the one the kernel knows it by; asked for only where it can tell more.
    func contains(
        _ status: FileStatus, at path: [UInt8], location: () throws(SystemError) -> [UInt8]
    ) throws(SystemError) -> Bool {
        let place = root.appending(path)
        let (isFound, isAmong) = lookingUp(status) { state in
            (state.contains(status.identity) || state.contains(place), state.isAmong(root, leavesRoot))
        }
        if isFound { return true }
        if status.isLinkedTwice, lookingUp(status, { $0.isUncertain(of: status.identity) }) { return true }
        guard isAmong else { return false }
        let real = try location()
        return lookingUp(status) { $0.contains(real) }
    }

    /// What a directory's listing leaves out.
    ///
    /// - Parameter places: the absolute paths by which the directory is known.
    func entries(of directory: FileStatus, at places: [[UInt8]]) -> ConcealedEntries {
        lookingUp(directory) { $0.entries(at: places) }
    }

    /// Whether there is too much in concealed directories to know all of it; files with several hard links beside them then
    /// count as concealed.
    package var isPartial: Bool {
        state.withLock { state in
            if state.isOutdated { state.renew(paths, root) }
            return state.isPartial
        }
    }

    private func lookingUp<Result: Sendable>(
        _ status: FileStatus, _ body: (borrowing ConcealmentLookup) -> Result
    ) -> Result {
        state.withLock { state in
            if state.isOutdated(for: status) { state.renew(paths, root) }
            return body(state)
        }
    }
}

/// What a listing of one directory leaves out.
struct ConcealedEntries: Sendable {
    fileprivate let files: [[UInt8]]
    fileprivate let directories: [[UInt8]]
    fileprivate let lookup: ConcealmentLookup

    func contains(_ entry: DirectoryEntry) -> Bool {
        let identity = entry.status.identity
        return lookup.contains(identity) || files.contains { entry.name.isVariant(of: $0) }
            || directories.contains(entry.name)
            || entry.status.isLinkedTwice && lookup.isUncertain(of: identity)
    }
}

/// What stands at concealed paths, as it was a moment ago.
private struct ConcealmentLookup {
    /// When it was read, by both clocks.
    private var time = MonotonicTime.distantPast
    private var wallTime = WallTime(seconds: .min)
    private var files: [[UInt8]] = []
    private var directories: [[UInt8]] = []
    private var identities: Set<FileIdentity> = []
    private var contents = ConcealedContents()

    private static let lifetime = Interval.seconds(1)
    /// Change times come from a clock that moves in steps of up to 10 ms, and is behind by as much.
    private static let clockStep = Interval.milliseconds(50)
    /// Paths that links led to earlier, as with certificates that are renewed in an archive.
    private static let pastLimit = 64

    var isOutdated: Bool { MonotonicTime.now - time >= Self.lifetime }

    func isOutdated(for status: FileStatus) -> Bool {
        if isOutdated { return true }
        // The last moment at which a change would have a time that is before ours.
        return status.changeTime >= wallTime - Self.clockStep
    }

    mutating func renew(_ paths: ConcealedPaths, _ root: [UInt8]) {
        time = .now
        wallTime = .now
        files = Self.places(paths.files, root, known: files)
        directories = Self.places(paths.directories, root, known: directories)
        identities = Set((paths.files + paths.directories).compactMap { WholeFile.status($0)?.identity })
        contents.renew(directories, wallTime)
    }

    /// All absolute paths that name the same: as given, and without links. Those beneath the root stay though the folder gets
    /// another name, as it is still served.
    private static func places(_ paths: [String], _ root: [UInt8], known: [[UInt8]]) -> [[UInt8]] {
        var places = known.filter { $0.isPath(beneath: root) }.suffix(Self.pastLimit).map { $0 }
        for path in paths {
            for place in WholeFile.places(path) where !places.contains(place) { places.append(place) }
        }
        return places
    }

    func contains(_ identity: FileIdentity) -> Bool {
        identities.contains(identity) || contents.identities.contains(identity)
    }

    func contains(_ place: [UInt8]) -> Bool {
        files.contains { place.isVariant(of: $0) } || directories.contains { place.isPath(beneath: $0) }
    }

    func entries(at places: [[UInt8]]) -> ConcealedEntries {
        ConcealedEntries(
            files: files.compactMap { $0.name(in: places) },
            directories: directories.compactMap { $0.name(in: places) },
            lookup: self)
    }

    /// Whether files that are served can lie at a concealed path, or one of its variants.
    func isAmong(_ root: [UInt8], _ leavesRoot: Bool) -> Bool {
        leavesRoot || files.contains { $0.isPath(beneath: root) }
            || directories.contains { $0.isPath(beneath: root) || root.isPath(beneath: $0) }
    }

    var isPartial: Bool { !contents.partialDevices.isEmpty }

    /// Whether a file with several links could be one in a directory that holds too much to be known.
    func isUncertain(of identity: FileIdentity) -> Bool { contents.partialDevices.contains(identity.device) }
}

/// The files in concealed directories, read again where a directory has changed.
private struct ConcealedContents {
    private struct Directory {
        let status: FileStatus
        /// Whether its times can be relied on to change when its content does.
        let isSettled: Bool
        let entries: [FileIdentity]
        let subdirectories: [[UInt8]]
    }

    /// Enough for an application with all its libraries; most of it is read at the start.
    private static let entryLimit = 16_384
    private static let directoryLimit = 1024

    private var directories: [[UInt8]: Directory] = [:]
    private(set) var identities: Set<FileIdentity> = []
    /// Of directories of which not everything is in `identities`.
    private(set) var partialDevices: Set<UInt> = []

    mutating func renew(_ paths: [[UInt8]], _ time: WallTime) {
        var known: [[UInt8]: Directory] = [:]
        var partial: Set<UInt> = []
        var waiting = paths
        var entryCount = 0
        while let path = waiting.popLast() {
            guard known[path] == nil, let status = WholeFile.status(path), status.kind == .directory else { continue }
            guard known.count < Self.directoryLimit, entryCount < Self.entryLimit,
                let directory = read(path, status, atMost: Self.entryLimit - entryCount, time)
            else {
                partial.insert(status.identity.device)
                continue
            }
            entryCount += directory.entries.count
            waiting += directory.subdirectories
            known[path] = directory
        }
        directories = known
        identities = Set(known.values.flatMap { [$0.status.identity] + $0.entries })
        partialDevices = partial
    }

    /// Nil where there are more entries than wanted, or it cannot be read.
    private func read(_ path: [UInt8], _ status: FileStatus, atMost limit: Int, _ time: WallTime) -> Directory? {
        if let known = directories[path], known.isSettled, known.status == status { return known }
        guard let descriptor = try? FileDescriptor.open(path, for: .directory),
            let entries = try? descriptor.entries(atMost: limit + 1), entries.count <= limit
        else { return nil }
        return Directory(
            status: status, isSettled: status.changeTime.seconds < time.seconds - 1,
            entries: entries.map(\.status.identity),
            subdirectories: entries.filter { $0.status.kind == .directory }.map { path.appending($0.name) })
    }
}

extension [UInt8] {
    /// The path of something in the directory at this path; the directory's own where `name` is empty.
    package func appending(_ name: [UInt8]) -> [UInt8] {
        if name.isEmpty { return self }
        return last == UInt8(ascii: "/") ? self + name : self + [UInt8(ascii: "/")] + name
    }

    /// Whether a path is that of a directory, or lies beneath it; both as the kernel writes them.
    func isPath(beneath directory: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        return self == directory || starts(with: directory.last == slash ? directory : directory + [slash])
    }

    /// What a path's last part is called, if it lies right in one of these directories.
    fileprivate func name(in directories: [[UInt8]]) -> [UInt8]? {
        guard let end = lastIndex(of: UInt8(ascii: "/")), end + 1 < count,
            directories.contains([UInt8](self[..<Swift.max(1, end)]))
        else { return nil }
        return [UInt8](self[(end + 1)...])
    }

    /// Whether a path is another's, or that of a copy of it: compressed, numbered or dated as logs are rotated, or kept by
    /// an editor (`key.pem~`, `key.pem.gz`, `access.log.2.gz`, `access.log-20260101`).
    package func isVariant(of original: [UInt8]) -> Bool {
        guard starts(with: original) else { return false }
        let rest = self[original.count...]
        guard let first = rest.first else { return true }
        if rest.elementsEqual([UInt8(ascii: "~")]) { return true }
        guard [UInt8(ascii: "."), UInt8(ascii: "-")].contains(first) else { return false }
        let words = rest.dropFirst().split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        return words.allSatisfy { word in
            !word.isEmpty && word.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
                || copyEndings.contains { word.elementsEqual($0.utf8) }
        }
    }
}

private let copyEndings = ["gz", "br", "zst", "xz", "bz2", "bak", "old", "orig", "swp"]
