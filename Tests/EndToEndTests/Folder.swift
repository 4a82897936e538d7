import Foundation

/// A temporary folder that is removed with this value.
final class Folder {
    let url: URL

    /// - Parameter parent: nil for the system's place for temporary files.
    init(in parent: Folder? = nil) throws {
        let place = parent?.url ?? FileManager.default.temporaryDirectory
        url = place.appending(path: "martinet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    var path: String { url.path(percentEncoded: false) }

    /// The path of something in the folder.
    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: url.appending(path: name))
    }

    /// Writes a file whose bytes differ from each other wherever two blocks could be mistaken for one another.
    func fill(_ name: String, byteCount: Int) throws {
        var state: UInt32 = 2_463_534_242
        let bytes = (0..<byteCount).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return UInt8(truncatingIfNeeded: state)
        }
        try Data(bytes).write(to: url.appending(path: name))
    }

    /// Makes a file of this size that takes no room on the disk.
    func makeSparse(_ name: String, byteCount: UInt64) throws {
        try Data().write(to: url.appending(path: name))
        let file = try FileHandle(forWritingTo: url.appending(path: name))
        try file.truncate(atOffset: byteCount)
        try file.close()
    }

    func contents(_ name: String) throws -> Data {
        try Data(contentsOf: url.appending(path: name))
    }

    func text(_ name: String) throws -> String {
        String(decoding: try contents(name), as: UTF8.self)
    }
}
