import MartinetEvents
import MartinetPOSIX

extension OpenFile {
    /// Everything in a small file; nil if it changed while it was read.
    func readWhole() throws(SystemError) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: status.byteCount)
        var count = 0
        while count < content.count {
            var all = content.mutableSpan
            var rest = all._mutatingExtracting(droppingFirst: count)
            let read = try descriptor.read(into: &rest, at: count)
            guard read > 0 else { return nil }
            count += read
        }
        return try descriptor.status() == status ? content : nil
    }

    /// Whether this precompressed form is no older than the file it was made from.
    func isCurrent(for original: OpenFile) -> Bool {
        status.modificationTime >= original.status.modificationTime
    }
}

extension FileStatus {
    /// Whether the times can be relied on to change when the content does. The kernel's clock moves in steps of a few
    /// milliseconds, within which a file or a directory can change twice.
    var isSettled: Bool { WallTime.now.seconds - modificationTime.seconds >= 2 }
}
