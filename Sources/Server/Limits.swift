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
    /// Between two requests.
    package var idle = Duration.seconds(60)
    /// From the end of our side until the peer's end (RFC 9112 §9.6).
    package var lingering = Duration.seconds(2)
    /// From the order to leave until a handshake must have ended, from there until the client must have begun to ask for
    /// something, and from there until it must have done so. Each takes a client a round trip or two; a browser's spare
    /// connections never ask.
    package var firstRequest = Duration.seconds(2)
    /// From the order to leave until connections that are still busy are cut.
    package var drain = Duration.seconds(30)

    /// Memory in one worker for what clients have not taken yet, and for what they sent that is not wanted yet, in bytes.
    /// Beyond it, those are cut that take nothing for `stall`. More than 500 downloads that stand still fit in it.
    package var slowReaderMemory = 64 * 1024 * 1024
    /// How long a client may take nothing where memory is short.
    package var stall = Duration.seconds(10)

    /// Descriptors that new connections leave to those that are served: a script's pipes and its process take seven while it
    /// is being started, and a turn may start one for a request that waits and one that it redirects to.
    static let reservedDescriptors = 32
    /// An operator should hear of a limit of descriptors below this.
    static let fewDescriptors = 512
    /// Bytes that one turn sends before others have theirs: a mebibyte is about a third of a millisecond of AES.
    static let bytesPerTurn = 1024 * 1024
    /// How long a turn may go on after its first step before others have theirs.
    static let timePerTurn = Interval.milliseconds(1)
    /// Plaintext input kept for one connection: any head fits.
    static let inputByteCount = 64 * 1024
    /// Connections accepted at one time before those that wait are served.
    static let acceptsPerTurn = 64
    /// How many times as many a worker that leaves accepts from each socket: all that the kernel's queue holds.
    static let lastAcceptTurns = 64

    package init() {}
}
