import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// The files beside a file that hold it in other codings: `NAME.br` and `NAME.gz` beside `NAME`.
struct Neighbours {
    struct Neighbour {
        let file: OpenFile
        let pathStatus: PathStatus
    }

    var files: [ContentCoding: Neighbour] = [:]
}

/// Finds neighbours, and tells those that are what they are called from those that only share a name.
final class NeighbourFinder {
    /// Why a neighbour is not sent.
    enum Fault {
        case older, empty, notGzip, otherContent, otherSize

        /// For the log.
        var sentence: String {
            switch self {
            case .older: "it is older"
            case .empty: "it is empty"
            case .otherContent: "it holds something else"
            case .notGzip: "it is not in the gzip format"
            case .otherSize: "it holds something of another size, or is large and has several members"
            }
        }
    }

    private struct Key: Hashable {
        let neighbour: FileStatus
        let original: FileStatus
    }

    private let finder: FileFinder
    private let report: (String) -> Void
    /// What was found of gzip files.
    private var known: [Key: Fault?] = [:]
    /// The names that the log has had.
    private var reported: Set<[UInt8]> = []
    private static let countLimit = 1024

    /// Copies and archives keep times that are not exactly those of the originals.
    private static let mostAge = Interval.seconds(2)

    /// - Parameter report: takes a line for the log.
    init(_ finder: FileFinder, report: @escaping (String) -> Void) {
        self.finder = finder
        self.report = report
    }

    /// - Parameter name: the file's path beneath the root.
    func neighbours(of original: OpenFile, named name: [UInt8], now: WallTime) -> Neighbours {
        var neighbours = Neighbours()
        for (coding, suffix) in [(ContentCoding.brotli, ".br"), (.gzip, ".gz")] {
            let path = name + [UInt8](suffix.utf8)
            // One that cannot be read is as good as none: the file itself is there.
            guard let file = try? finder.openFileIfAny(path) else { continue }
            if let fault = fault(of: file, coding, original, now) {
                tell(fault, path, name)
            } else {
                neighbours.files[coding] = Neighbours.Neighbour(file: file, pathStatus: finder.pathStatus(path, file))
            }
        }
        return neighbours
    }

    private func fault(
        of file: OpenFile, _ coding: ContentCoding, _ original: OpenFile, _ now: WallTime
    ) -> Fault? {
        guard file.status.modificationTime >= original.status.modificationTime - Self.mostAge else { return .older }
        guard coding == .gzip else { return file.status.byteCount > 0 ? nil : .empty }
        let key = Key(neighbour: file.status, original: original.status)
        if let fault = known[key] { return fault }
        let fault = GzipCheck.fault(of: file, beside: original)
        if file.status.isSettled(at: now), original.status.isSettled(at: now) {
            if known.count >= Self.countLimit { known.removeAll(keepingCapacity: true) }
            known[key] = .some(fault)
        }
        return fault
    }

    private func tell(_ fault: Fault, _ path: [UInt8], _ name: [UInt8]) {
        guard reported.count < Self.countLimit, reported.insert(path).inserted else { return }
        let (path, name) = (String(decoding: path, as: UTF8.self), String(decoding: name, as: UTF8.self))
        report("\(path) is not sent in place of \(name): \(fault.sentence)")
    }
}
