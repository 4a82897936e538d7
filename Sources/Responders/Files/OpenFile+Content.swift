import MartinetEvents
import MartinetPOSIX

extension OpenFile {
    /// Everything in a small file; nil if it changed while it was read.
    func readWhole() throws(SystemError) -> [UInt8]? {
        let content = try readPrefix(status.byteCount)
        let isUnchanged = try descriptor.status() == status
        return isUnchanged && content.count == status.byteCount ? content : nil
    }

    /// The first bytes of the file, as many as there are.
    func readPrefix(_ byteCount: Int) throws(SystemError) -> [UInt8] {
        try read(0..<min(byteCount, status.byteCount))
    }

    /// A part of the file; less of it where the file ends before.
    func read(_ range: Range<Int>) throws(SystemError) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: range.count)
        var count = 0
        while count < content.count {
            var all = content.mutableSpan
            var rest = all._mutatingExtracting(droppingFirst: count)
            let read = try descriptor.read(into: &rest, at: range.lowerBound + count)
            guard read > 0 else {
                content.removeLast(content.count - count)
                break
            }
            count += read
        }
        return content
    }
}
