import MartinetEvents

/// How much and how long a worker allows. The deadlines are all on unless changed.
package struct Limits: Codable, Sendable {
    /// From accepting to the end of the handshake.
    package var handshake = Duration.seconds(10)
    /// From a request's first byte to the end of its head.
    package var head = Duration.seconds(10)
    /// Between two arrivals of request content.
    package var content = Duration.seconds(30)
    /// Bytes a second that request content must reach on average, in each window that is longer than `content`.
    package var contentRate = 256
    /// For request content that nobody needs, in all, while the response waits for it; then it is sent, and the connection
    /// ends.
    package var unreadContent = Duration.seconds(2)
    /// Between two moments at which the client takes some of a response.
    package var output = Duration.seconds(30)
    /// Between two requests, and between two arrivals through a tunnel whose other side has ended.
    package var idle = Duration.seconds(60)
    /// From the end of our side until the peer's end (RFC 9112 §9.6).
    package var lingering = Duration.seconds(2)
    /// While the worker leaves, in place of `handshake`, `idle` (before a connection's first request) and `head`. Each of the
    /// three takes a client a round trip or two, but a browser's spare connections never send a request.
    package var firstRequest = Duration.seconds(2)
    /// From the order to leave until connections that are still busy are cut.
    package var drain = Duration.seconds(30)

    /// Memory in one worker for responses that clients have not taken yet and for content that is not wanted yet, in bytes.
    /// When more is kept, connections whose clients have taken nothing for `stall` are cut. More than 500 downloads that
    /// stand still fit in it.
    package var slowReaderMemory = 64 * 1024 * 1024
    /// How long a client may take nothing where memory is short.
    package var stall = Duration.seconds(10)

    /// Descriptors that new connections may not take, because open ones need them. A script takes seven while it is being
    /// started, for its pipes and its process, and one turn may start two: one that waited, and one after a local redirect.
    static let reservedDescriptors = 32
    /// A limit of descriptors (RLIMIT_NOFILE) below this is worth a warning.
    package static let fewDescriptors = 512
    /// Bytes that one turn sends before others have theirs: a mebibyte is about a third of a millisecond of AES.
    static let bytesPerTurn = 1024 * 1024
    /// How long a turn may go on after its first step before others have theirs.
    static let timePerTurn = Interval.milliseconds(1)
    /// Plaintext input kept for one connection: any head fits.
    static let inputByteCount = 64 * 1024
    /// Connections accepted from one socket before open connections have their turns.
    static let acceptsPerTurn = 64
    /// How often a worker that leaves accepts so many from each socket: 64 times 64 are all that the kernel's queue holds.
    static let lastAcceptTurns = 64

    package init() {}
}
