import MartinetBytes
import MartinetEvents
import MartinetHTTP

/// Answers each request with an exchange that is made for it.
final class OneExchange: Responder {
    private let make: () -> any Exchange

    init(_ make: @escaping () -> any Exchange) {
        self.make = make
    }

    func open(_ request: borrowing Request) -> Answer { .exchange(make()) }
}

/// Gives back what it takes, at most 64 KiB behind.
final class EchoTunnel: Exchange {
    private static let byteLimit = 64 * 1024
    private var kept = ByteQueue(capacity: byteLimit)
    private var hasEnded = false
    private let whenGone: () -> Void
    let contentNeed = ContentNeed.now

    init(_ whenGone: @escaping () -> Void = {}) {
        self.whenGone = whenGone
    }

    deinit { whenGone() }

    func begin(_ host: consuming ExchangeHost) {}

    func receive(_ content: Span<UInt8>) -> Int {
        let count = min(content.count, Self.byteLimit - kept.count)
        kept.append(content.extracting(0..<count))
        return count
    }

    func head() -> HeadStep {
        var fields = Fields()
        fields.append("Upgrade", "echo")
        return .final(Response(.switchingProtocols, fields: fields, content: .tunnel))
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard !kept.isEmpty else { return hasEnded ? .end : .notYet }
        let count = min(kept.count, room.count)
        room.copy(from: kept.readable.extracting(0..<count), at: 0)
        kept.consume(count)
        return .bytes(count)
    }

    func handle(_ event: ExchangeEvent) {
        if case .clientEnded = event { hasEnded = true }
    }
}

/// Says a word and no more, and counts what the client sends until it ends.
final class ListeningTunnel: Exchange {
    private let whenOver: (Int) -> Void
    private var byteCount = 0
    private var hasSpoken = false
    let contentNeed = ContentNeed.now

    init(_ whenOver: @escaping (Int) -> Void) {
        self.whenOver = whenOver
    }

    func begin(_ host: consuming ExchangeHost) {}

    func receive(_ content: Span<UInt8>) -> Int {
        byteCount += content.count
        return content.count
    }

    func head() -> HeadStep { .final(Response(.switchingProtocols, content: .tunnel)) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        if hasSpoken { return .end }
        hasSpoken = true
        let word = [UInt8]("bye".utf8)
        room.copy(from: word.span, at: 0)
        return .bytes(word.count)
    }

    func handle(_ event: ExchangeEvent) {
        if case .completed = event { whenOver(byteCount) }
    }
}

/// Silent until the client has sent its last byte, and then as much as is wanted.
final class AnsweringTunnel: Exchange {
    private var leftByteCount: Int
    private var isAsked = false
    let contentNeed = ContentNeed.now

    init(byteCount: Int) {
        leftByteCount = byteCount
    }

    func begin(_ host: consuming ExchangeHost) {}
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func head() -> HeadStep { .final(Response(.switchingProtocols, content: .tunnel)) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        guard isAsked else { return .notYet }
        guard leftByteCount > 0 else { return .end }
        let count = min(leftByteCount, room.count)
        for index in 0..<count { room[index] = UInt8(ascii: "x") }
        leftByteCount -= count
        return .bytes(count)
    }

    func handle(_ event: ExchangeEvent) { if case .clientEnded = event { isAsked = true } }
}

/// Gives up, or ends its side, when something has happened that the client has no part in.
final class GuardedTunnel: Exchange {
    enum Cause { case deadline, draining }

    private let cause: Cause
    private let outcome: Production
    private let whenGone: () -> Void
    private var host: ExchangeHost?
    private var isOver = false
    let contentNeed = ContentNeed.now

    /// - Parameter outcome: what comes of it then.
    init(until cause: Cause, _ outcome: Production, _ whenGone: @escaping () -> Void = {}) {
        self.cause = cause
        self.outcome = outcome
        self.whenGone = whenGone
    }

    deinit { whenGone() }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }

    func receive(_ content: Span<UInt8>) -> Int {
        // Its time is over with the first byte.
        if cause == .deadline, let now = host?.now { host?.setDeadline(now) }
        return content.count
    }

    func head() -> HeadStep { .final(Response(.switchingProtocols, content: .tunnel)) }
    func produce(into room: inout MutableSpan<UInt8>) -> Production { isOver ? outcome : .notYet }

    func handle(_ event: ExchangeEvent) {
        switch (event, cause) {
        case (.deadline, .deadline), (.draining, .draining): isOver = true
        default: break
        }
    }
}
