import Bytes
import HTTP
import HTTP1
import Logging
import POSIX

/// Writes a line for each exchange, in the combined format with what TLS and time add to it:
///
///     127.0.0.1 - - [22/Nov/2026:20:05:38 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/7.88.1" TLSv1.3 TLS_AES_128_GCM_SHA256 - localhost 0.000214
///
/// The last five are protocol, cipher suite, `r` for a resumed session, server name (SNI) and seconds taken.
final class AccessLog: ExchangeJournal {
    private let sink: LogSink?
    private let logger: Logger
    private var line: [UInt8] = []
    /// "[22/Nov/2026:20:05:38 +0000]", and the second it stands for.
    private var timeText: [UInt8] = []
    private var timeSecond = -1
    /// The moment of the current turn; set by the worker.
    var now = WallTime.now

    /// - Parameter sink: nil to write no lines.
    init(_ sink: LogSink?, logger: Logger) {
        self.sink = sink
        self.logger = logger
    }

    func record(
        _ request: borrowing Request, peer: Peer, status: StatusCode, contentByteCount: Int, isComplete: Bool
    ) {
        guard let sink else { return }
        begin(peer)
        line.append(" \"")
        appendQuoted(request.bytes.span.extracting(request.methodName))
        line.append(byte: ASCII.space)
        appendQuoted(request.bytes.span.extracting(request.target))
        line.append(request.minorVersion == 0 ? " HTTP/1.0\" " : " HTTP/1.1\" ")
        append(status, contentByteCount)
        line.append(" \"")
        append(.referer, of: request)
        line.append("\" \"")
        append(.userAgent, of: request)
        line.append("\" ")
        appendSession(peer)
        line.append(byte: ASCII.space)
        appendSeconds(max(0, MonotonicTime.now.nanoseconds - request.arrival))
        line.append(isComplete ? "\n" : " incomplete\n")
        sink.append(line)
    }

    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int) {
        guard let sink else { return }
        begin(peer)
        line.append(" \"-\" ")
        append(status, contentByteCount)
        line.append(" \"-\" \"-\" ")
        appendSession(peer)
        line.append(byte: ASCII.space)
        appendSeconds(0)
        line.append("\n")
        sink.append(line)
    }

    private func begin(_ peer: Peer) {
        line.removeAll(keepingCapacity: true)
        line.append(text: peer.address)
        line.append(" - - ")
        appendTime()
    }

    private func append(_ status: StatusCode, _ contentByteCount: Int) {
        line.append(decimal: status.rawValue)
        line.append(byte: ASCII.space)
        line.append(decimal: contentByteCount)
    }

    func report(_ problem: String, _ request: borrowing Request, peer: Peer) {
        logger.error("\(peer.address): \(request.text(request.methodName)) \(request.text(request.target)): \(problem)")
    }

    private func append(_ name: FieldName, of request: borrowing Request) {
        guard let value = request.value(of: name), !value.isEmpty else {
            line.append(byte: UInt8(ascii: "-"))
            return
        }
        appendQuoted(request.bytes.span.extracting(value))
    }

    private func appendSession(_ peer: Peer) {
        line.append(text: peer.protocolVersion ?? "-")
        line.append(byte: ASCII.space)
        line.append(text: peer.cipher ?? "-")
        line.append(peer.isResumed ? " r " : " - ")
        if let name = peer.serverName {
            appendQuoted([UInt8](name.utf8).span)
        } else {
            line.append(byte: UInt8(ascii: "-"))
        }
    }

    /// Bytes from a client, so that they can neither end the quotes nor the line.
    private func appendQuoted(_ bytes: Span<UInt8>) {
        var isPlain = true
        for index in 0..<bytes.count where !Self.isPlain(bytes[index]) { isPlain = false }
        if isPlain { return line.append(bytes) }
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if Self.isPlain(byte) {
                line.append(byte)
            } else {
                line.append("\\x")
                line.append(hexadecimal: UInt64(byte), digitCount: 2)
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != ASCII.quote && byte != ASCII.backslash
    }

    private func appendSeconds(_ nanoseconds: Int64) {
        line.append(decimal: Int(nanoseconds / 1_000_000_000))
        line.append(byte: ASCII.dot)
        line.append(decimal: Int(nanoseconds / 1000 % 1_000_000), digitCount: 6)
    }

    private func appendTime() {
        if now.seconds != timeSecond {
            timeSecond = now.seconds
            timeText = LogTime.commonFormat(now)
        }
        line.append(timeText)
    }
}

/// Times as logs write them, in the machine's zone.
enum LogTime {
    /// "[22/Nov/2026:20:05:38 +0000]"
    static func commonFormat(_ time: WallTime) -> [UInt8] {
        let offset = time.zoneOffset
        let date = CalendarDate(secondsSince1970: time.seconds + offset)
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
        let date = CalendarDate(secondsSince1970: time.seconds + time.zoneOffset)
        var text: [UInt8] = []
        text.append(decimal: date.year, digitCount: 4)
        text.append(byte: UInt8(ascii: "-"))
        text.append(decimal: date.month, digitCount: 2)
        text.append(byte: UInt8(ascii: "-"))
        text.append(decimal: date.day, digitCount: 2)
        text.append(byte: ASCII.space)
        date.appendTime(to: &text)
        text.append(byte: ASCII.dot)
        text.append(decimal: time.nanoseconds / 1_000_000, digitCount: 3)
        return text
    }
}
