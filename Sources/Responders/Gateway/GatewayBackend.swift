import MartinetEvents
import MartinetHTTP

/// Where a gateway's request goes: what can be asked to answer it.
protocol GatewayOrigin: AnyObject {
    /// What the answer begins with.
    var form: GatewayHead.Form { get }
    /// Whether content that is whole and in a file is read by the backend itself from the file's descriptor. Otherwise it is
    /// written to it, as all other content is.
    var readsFiles: Bool { get }

    /// Begins to have the request answered. Called once, when there is a permit.
    ///
    /// - Parameters:
    ///   - request: its content's length is what the backend is told: known, unless content comes as it may.
    ///   - occupied: a permit, a file: kept for as long as the request occupies something behind the gateway, and no longer, whoever
    ///     still reads the answer.
    ///   - host: with it is registered what is waited for.
    func begin(
        _ request: borrowing Request, _ content: GatewayContent, occupying occupied: [AnyObject],
        _ host: inout ExchangeHost
    ) throws(GatewayFailure) -> any GatewayBackend
}

/// How a backend gets the request's content.
enum GatewayContent {
    /// There is none.
    case none
    /// By `write`, then `endInput`.
    case written
    /// All of it is in this file, whose next byte is the first.
    case file(CInt)
}

/// What stands behind a gateway, as it answers one request: a process, a connection to an application.
///
/// As with exchanges: *try, then register, once*. Where there is a "not now" (`write` returning 0, `.notYet`, `.ending`) the
/// backend registers with the host that it is lent what it waits for, or has a deadline, or uses the host's waker; the event
/// comes to `handle`, and the exchange asks again.
protocol GatewayBackend: AnyObject {
    /// Takes request content.
    ///
    /// - Returns: how many bytes, 0 for "not now"; nil when no more of it is read, which is no failure.
    func write(_ content: Span<UInt8>, _ host: inout ExchangeHost) -> Int?

    /// The content is complete.
    func endInput(_ host: inout ExchangeHost)

    /// Reads of the answer, which begins with a header (`GatewayHead`), into the start of `room`, which is never empty.
    func read(into room: inout MutableSpan<UInt8>, _ host: inout ExchangeHost) -> GatewayReading

    /// Has what was said so far for the log stand there.
    func flushMessages(_ host: inout ExchangeHost)

    /// Something has happened: what is ready, or a deadline, or a waker, the backend's own or another's.
    ///
    /// - Returns: what may be tried again, and has come.
    func handle(_ event: ExchangeEvent, _ host: inout ExchangeHost) -> GatewayProgress

    /// When `.deadline` is to come whatever else is waited for; `distantFuture` for never. When it has come there is to be
    /// another, or none.
    var deadline: MonotonicTime { get }

    /// Whether it occupies nothing any more, though what it has written may not all be read.
    var hasEnded: Bool { get }

    /// Nobody waits for it any more; the last call.
    ///
    /// - Parameter isComplete: whether its answer was taken as far as anybody wants it: then what it has still to do may be done.
    func leave(isComplete: Bool, _ host: inout ExchangeHost)
}

/// What came of a read from a backend.
enum GatewayReading: Equatable {
    /// This many bytes, at least one.
    case bytes(Int)
    /// Nothing at the moment.
    case notYet
    /// There will be no more. How it has ended is not known yet.
    case ending
    /// There will be no more.
    case end(GatewayEnding)
}

/// How an answer ended.
enum GatewayEnding: Equatable {
    /// As it should.
    ///
    /// - Parameter how: in words, if it is known: `exit status 0`.
    case complete(how: String?)
    /// What was written may be whole, and something went wrong: `exit status 1`.
    case failed(how: String)
    /// It broke off: `signal 9`.
    case cut(how: String)
    /// Its time was over. The words are a predicate: `ran for longer than an hour`.
    case overdue(String)
}

/// What an event has brought.
struct GatewayProgress: OptionSet {
    let rawValue: UInt8

    /// Content is taken again.
    static let input = GatewayProgress(rawValue: 1)
    /// There is more to be read, its end included.
    static let output = GatewayProgress(rawValue: 2)
    /// Something was said for the log.
    static let messages = GatewayProgress(rawValue: 4)
}
