import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A file that is given to one client only: its permit is given back unless the client was sent all of it.
///
/// The last byte has a turn of its own, once the socket has taken the others: a client that has gone by then does not get it.
final class TrustDownload: Exchange {
    let response: Response?
    private let bytes: [UInt8]
    private let permit: SharedPermit
    private let whenComplete: () -> Void
    private var offset = 0
    private var now = MonotonicTime.start
    private var isComplete = false
    /// Set when everything but the last byte has been produced: at once, but in another turn.
    private(set) var deadline: MonotonicTime?
    private var mayEnd = false

    /// - Parameter permit: taken already.
    init(_ response: Response, of bytes: [UInt8], _ permit: SharedPermit, whenComplete: @escaping () -> Void) {
        self.response = response
        self.bytes = bytes
        self.permit = permit
        self.whenComplete = whenComplete
    }

    deinit {
        if !isComplete { permit.giveBack() }
    }

    var contentNeed: ContentNeed { .never }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func endContent() {}

    func advance(_ now: MonotonicTime) {
        self.now = now
        guard let deadline, deadline <= now else { return }
        self.deadline = nil
        mayEnd = true
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        let end = mayEnd ? bytes.count : bytes.count - 1
        guard offset < end else {
            guard offset < bytes.count else { return .end }
            deadline = now
            return .notYet
        }
        let count = min(room.count, end - offset)
        let bytes = bytes
        room.copy(from: bytes.span.extracting(offset..<offset + count), at: 0)
        offset += count
        return .bytes(count)
    }

    func conclude() {
        isComplete = true
        whenComplete()
    }
}
