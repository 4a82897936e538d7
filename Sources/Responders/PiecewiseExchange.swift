import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// A part of a content, and what follows it.
struct ContentPiece: Sendable {
    enum Sequel: Equatable, Sendable {
        case more
        case end
        /// There will be no more although more was promised.
        case failed(String)
    }

    /// May be none even where more follows.
    var bytes: [UInt8] = []
    var sequel = Sequel.more
}

/// Makes a content piece after piece, each in a few milliseconds at most; asked for one at a time, on any thread.
protocol PieceSource: Sendable {
    func next() -> ContentPiece
}

/// A content that helper threads make a piece at a time: one while the client takes the one before, and none for a client
/// that takes nothing.
final class PiecewiseExchange: Exchange {
    private let response: Response
    private let source: any PieceSource
    private let helpers: Helpers
    private var piece = ContentPiece()
    /// How much of the piece is produced.
    private var offset = 0
    private var upcoming: Helpers.Outcome<ContentPiece>?
    private var host: ExchangeHost?

    /// How long the helpers are left alone when they have too much to do.
    private static let pause = Interval.milliseconds(20)

    init(_ response: Response, from source: any PieceSource, _ helpers: Helpers) {
        self.response = response
        self.source = source
        self.helpers = helpers
    }

    var contentNeed: ContentNeed { .never }

    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }

    /// There may be a piece now, or the time to make one.
    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep { .final(response) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        while true {
            if offset < piece.bytes.count {
                if upcoming == nil, piece.sequel == .more { beginNext() }
                return .bytes(take(&room))
            }
            switch piece.sequel {
            case .end: return .end
            case .failed(let problem): return .failed(problem)
            case .more: break
            }
            piece = ContentPiece()
            offset = 0
            guard let next = takeNext() else { return .notYet }
            piece = next
        }
    }

    private func take(_ room: inout MutableSpan<UInt8>) -> Int {
        let count = min(room.count, piece.bytes.count - offset)
        room.copy(from: piece.bytes.span.extracting(offset..<offset + count), at: 0)
        offset += count
        return count
    }

    private func beginNext() {
        let source = source
        let outcome = helpers.calculate { source.next() }
        if case .refused = outcome { return }
        upcoming = outcome
    }

    private func takeNext() -> ContentPiece? {
        if upcoming == nil { beginNext() }
        switch upcoming {
        case .done(let next):
            upcoming = nil
            return next
        case .pending(let calculation):
            guard let next = calculation.take() else {
                if let waker = host?.waker { calculation.wake(waker) }
                return nil
            }
            upcoming = nil
            return next
        case .refused, nil:
            // Asked again then.
            if let now = host?.now { host?.setDeadline(now + Self.pause) }
            return nil
        }
    }
}
