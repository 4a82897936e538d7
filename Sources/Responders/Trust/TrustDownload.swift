import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A file that is given to one client only: its permit is given back unless the client was sent all of it.
///
/// The last byte has a turn of its own, once the socket has taken the others: a client that has gone by then does not get it.
final class TrustDownload: Exchange {
    private let response: Response
    private let bytes: [UInt8]
    private let permit: SharedPermit
    private let whenComplete: () -> Void
    private var offset = 0
    private var host: ExchangeHost?
    private var isComplete = false
    /// It is another turn than the one in which everything but the last byte was produced. Asked then, it is a client that has
    /// taken the others who gets it.
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

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }

    func head() -> HeadStep { .final(response) }

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .woken: mayEnd = true
        case .completed:
            isComplete = true
            whenComplete()
        case .contentEnded, .clientEnded, .ready, .deadline, .draining: break
        }
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        let end = mayEnd ? bytes.count : bytes.count - 1
        guard offset < end else {
            guard offset < bytes.count else { return .end }
            host?.waker.wake()
            return .notYet
        }
        let count = min(room.count, end - offset)
        let bytes = bytes
        room.copy(from: bytes.span.extracting(offset..<offset + count), at: 0)
        offset += count
        return .bytes(count)
    }
}
