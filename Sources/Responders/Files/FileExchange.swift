import HTTP
import POSIX

/// A file on its way to a client, read a piece at a time as the client takes it.
final class FileExchange: Exchange {
    let response: Response?
    private let file: FileDescriptor
    private var offset: Int
    private let end: Int

    /// - Parameter range: the bytes of the file to send; the response's content length is theirs.
    init(_ response: Response, file: consuming FileDescriptor, range: Range<Int>) {
        self.response = response
        self.file = file
        offset = range.lowerBound
        end = range.upperBound
    }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func endContent() {}

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard offset < end else { return .end }
        do throws(SystemError) {
            var part = room._mutatingExtracting(first: end - offset)
            let count = try file.read(into: &part, at: offset)
            guard count > 0 else { return .failed("the file became shorter while it was sent") }
            offset += count
            return .bytes(count)
        } catch {
            return .failed("the file could not be read on (\(error))")
        }
    }
}
