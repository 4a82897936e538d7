import MartinetBytes
import MartinetHTTP

/// A request's content on its way to the exchange that wants it (RFC 9112 §6).
struct RequestContent {
    /// Why no more is read now.
    enum Pause {
        case complete
        /// There is no more of it yet.
        case lacking
        /// The exchange takes nothing now.
        case notTaken
        /// More of it was dropped than is worth reading.
        case tooLong
    }

    private var decoder: ContentDecoder
    /// Content read so far, in bytes.
    private(set) var byteCount = 0
    private var droppedByteCount = 0
    /// Whether its length was given; other content can still break the rules of its framing.
    let hasKnownLength: Bool
    /// Whether it is longer than what is worth reading for nobody.
    let isLong: Bool
    /// Whether the exchange, asked last, took none of what there is.
    private(set) var isHeldBack = false
    /// Whether the client waits to be asked for it (RFC 9110 §10.1.1).
    var isAwaited: Bool

    /// Content that nobody wants is still read if it is no longer than this; beyond it the connection ends.
    private static let dropLimit = 256 * 1024

    init(_ content: Request.Content, isAwaited: Bool) {
        decoder = ContentDecoder(content)
        self.isAwaited = isAwaited
        hasKnownLength = content != .unknownLength
        if case .length(let count) = content { isLong = count > Self.dropLimit } else { isLong = false }
    }

    /// Reads as much as there is and is taken. What no exchange wants is dropped.
    ///
    /// - Parameter trailers: made when the first field behind it comes.
    mutating func read(
        from input: inout ByteQueue, to exchange: (any Exchange)?, _ trailers: inout TrailerReader?
    ) throws(MessageError) -> Pause {
        isHeldBack = false
        while true {
            switch try decoder.next(input.readable, &trailers) {
            case .framing(let count):
                input.consume(count)
            case .content(let count):
                let taken = hand(input.readable.extracting(0..<count), to: exchange)
                guard taken > 0 else {
                    isHeldBack = true
                    return .notTaken
                }
                decoder.took(taken)
                input.consume(taken)
            case .needsMore: return .lacking
            case .end: return .complete
            }
            if droppedByteCount > Self.dropLimit { return .tooLong }
        }
    }

    private mutating func hand(_ content: Span<UInt8>, to exchange: (any Exchange)?) -> Int {
        var taken = content.count
        if let exchange, exchange.contentNeed != .never {
            taken = exchange.receive(content)
        } else {
            droppedByteCount += taken
        }
        byteCount += taken
        if taken > 0 { isAwaited = false }
        return taken
    }
}
