import Logging
import MartinetBytes
import MartinetEventLoop
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Writes a line for each exchange, in the combined format with what TLS and time add to it:
///
///     127.0.0.1 - - [22/Nov/2026:20:05:38 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/7.88.1" TLSv1.3 TLS_AES_128_GCM_SHA256 - localhost 0.000214
///
/// The third field is the user's name where a password was found right. The last five are protocol, cipher suite, `r` for a
/// resumed session, server name (SNI) and seconds taken.
final class AccessLog: ExchangeJournal, LoopMember {
    private let sink: LogSink?
    private let logger: Logger
    private var refusals: RefusalLog
    private var place: LoopPlace?
    /// What stands between the address and the time where nobody has logged in.
    private static let nobody: StaticString = " - -"
    /// What then stands between the address and the request: " - - [22/Nov/2026:20:05:38 +0000] \"".
    private var timeText: [UInt8] = []
    private var timeSecond = -1
    /// What was last written of a session. Most have the same protocol, cipher suite and server name.
    private var lastSession: (peer: Peer, text: [UInt8])?

    /// - Parameter sink: nil to write no lines.
    init(_ sink: LogSink?, logger: Logger) {
        self.sink = sink
        self.logger = logger
        refusals = RefusalLog(logger)
    }

    /// The moment of the turn that begins; set by the worker.
    func setTime(_ now: WallTime) {
        guard sink != nil, now.seconds != timeSecond else { return }
        timeSecond = now.seconds
        timeText = [UInt8](copying: Self.nobody.utf8Span)
        timeText += [UInt8](" ".utf8) + LogTime.commonFormat(now) + [UInt8](" \"".utf8)
    }

    func record(
        _ request: borrowing Request, peer: Peer, user: [UInt8]?, status: StatusCode, contentByteCount: Int,
        isComplete: Bool
    ) {
        guard let sink else { return }
        let duration = max(.zero, MonotonicTime.now - request.arrival)
        let head = request.bytes.span
        let session = sessionText(peer)
        sink.append { line in
            line.append(text: peer.address)
            if let user {
                line.append(" - ")
                line.append(user: user)
                let time = timeText
                line.append(time.span.extracting(Self.nobody.utf8CodeUnitCount..<time.count))
            } else {
                line.append(timeText)
            }
            // One space, which is all that may stand between them, comes along.
            line.append(quotable: head.extracting(request.methodName.lowerBound..<request.target.upperBound))
            line.append(byte: ASCII.space)
            line.append(request.version.text)
            line.append("\" ")
            line.append(status, contentByteCount)
            line.append(" \"")
            line.append(.referer, of: request)
            line.append("\" \"")
            line.append(.userAgent, of: request)
            line.append(session)
            line.append(seconds: duration)
            line.append(isComplete ? "\n" : " incomplete\n")
        }
    }

    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int) {
        guard let sink else { return }
        let session = sessionText(peer)
        sink.append { line in
            line.append(text: peer.address)
            line.append(timeText)
            line.append("-\" ")
            line.append(status, contentByteCount)
            line.append(" \"-\" \"-")
            line.append(session)
            line.append(seconds: .zero)
            line.append("\n")
        }
    }

    func recordRefusal(_ status: StatusCode, _ reason: String, _ request: Request?, peer: Peer) {
        refusals.add(
            status, reason, request: request.map { "\($0.text($0.methodName)) \($0.text($0.target))" },
            from: peer.address, at: .now)
        place?.setDeadline(refusals.due)
    }

    /// Counts in the error log the refusals that had no line of their own.
    func writeRefusals() { refusals.writeAll() }

    // MARK: The loop

    func join(_ place: LoopPlace) { self.place = place }

    func handle(_ event: LoopEvent) {
        if case .deadline = event { refusals.writeDue(.now) }
    }

    let isBusy = false

    func report(_ problem: String, _ request: borrowing Request, peer: Peer) {
        logger.error("\(peer.address): \(request.text(request.methodName)) \(request.text(request.target)): \(problem)")
    }

    /// What protects the connection, between the user agent and the seconds: "\" TLSv1.3 TLS_AES_128_GCM_SHA256 - localhost ".
    private func sessionText(_ peer: Peer) -> [UInt8] {
        if let lastSession, lastSession.peer === peer || lastSession.peer.hasSession(of: peer) {
            return lastSession.text
        }
        var line = ByteQueue()
        line.append("\" ")
        line.append(text: peer.session?.protocolVersion ?? "-")
        line.append(byte: ASCII.space)
        line.append(text: peer.session?.cipher ?? "-")
        line.append(peer.session?.isResumed == true ? " r " : " - ")
        line.append(quotable: (peer.session?.serverName ?? "-").utf8Span.span)
        line.append(byte: ASCII.space)
        let text = [UInt8](copying: line.readable)
        lastSession = (peer, text)
        return text
    }
}

extension Peer {
    /// Whether a line says the same of both sessions.
    fileprivate func hasSession(of other: Peer) -> Bool {
        guard let session, let other = other.session else { return session == nil && other.session == nil }
        return session.isResumed == other.isResumed && session.protocolVersion == other.protocolVersion
            && session.cipher == other.cipher && session.serverName == other.serverName
    }
}

extension ByteQueue {
    fileprivate mutating func append(_ status: StatusCode, _ contentByteCount: Int) {
        append(decimal: status.rawValue)
        append(byte: ASCII.space)
        append(decimal: contentByteCount)
    }

    fileprivate mutating func append(_ name: FieldName, of request: borrowing Request) {
        guard let value = request.value(of: name), !value.isEmpty else {
            append(byte: UInt8(ascii: "-"))
            return
        }
        append(quotable: request.bytes.span.extracting(value))
    }

    /// A user's name as one word, that is neither taken for nobody's nor for two.
    fileprivate mutating func append(user name: [UInt8]) {
        if name.isEmpty { return append("\"\"") }
        if name.span.isEqual(to: "-") { return append(escape: name[0]) }
        for (index, word) in name.split(separator: ASCII.space, omittingEmptySubsequences: false).enumerated() {
            if index > 0 { append(escape: ASCII.space) }
            append(quotable: word.span)
        }
    }

    /// Bytes from a client, so that they can neither end the quotes nor the line.
    fileprivate mutating func append(quotable bytes: Span<UInt8>) {
        if bytes.isQuotable { return append(bytes) }
        append(escaping: bytes)
    }

    /// Seconds with six digits behind the point.
    fileprivate mutating func append(seconds duration: Interval) {
        let nanoseconds = duration.nanoseconds
        append(decimal: Int(nanoseconds / 1_000_000_000))
        append(byte: ASCII.dot)
        append(decimal: Int(nanoseconds / 1000 % 1_000_000), digitCount: 6)
    }
}

/// Times as logs write them, in the machine's zone.
enum LogTime {
    /// "[22/Nov/2026:20:05:38 +0000]"
    static func commonFormat(_ time: WallTime) -> [UInt8] {
        let offset = time.zoneOffset
        let date = CalendarDate(WallTime(seconds: time.seconds + offset))
        var text = [UInt8(ascii: "[")]
        text.append(decimal: date.day, digitCount: 2)
        text.append(byte: ASCII.slash)
        text.append(HTTPDate.monthName(date.month))
        text.append(byte: ASCII.slash)
        text.append(decimal: date.year, digitCount: 4)
        text.append(byte: ASCII.colon)
        date.appendTime(to: &text)
        text.append(offset < 0 ? " -" : " +")
        text.append(decimal: abs(offset) / 3600, digitCount: 2)
        text.append(decimal: abs(offset) / 60 % 60, digitCount: 2)
        text.append(byte: UInt8(ascii: "]"))
        return text
    }

    /// "2026-11-22 20:05:38.123"
    static func errorFormat(_ time: WallTime) -> [UInt8] {
        let date = CalendarDate(WallTime(seconds: time.seconds + time.zoneOffset))
        var text: [UInt8] = []
        date.appendDay(to: &text)
        text.append(byte: ASCII.space)
        date.appendTime(to: &text)
        text.append(byte: ASCII.dot)
        text.append(decimal: time.nanoseconds / 1_000_000, digitCount: 3)
        return text
    }
}
