import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetResponders

@Suite("Content that is made in pieces", .timeLimit(.minutes(1)))
struct PiecewiseExchangeTests {
    /// Pieces made before, and how many of them were asked for.
    private final class Pieces: PieceSource {
        private let pieces: [ContentPiece]
        private let count = Mutex(0)

        init(_ pieces: [ContentPiece]) {
            self.pieces = pieces
        }

        var madeCount: Int { count.withLock { $0 } }

        func next() -> ContentPiece {
            count.withLock { count in
                count += 1
                return count <= pieces.count ? pieces[count - 1] : ContentPiece(sequel: .end)
            }
        }
    }

    private func pieces(_ sizes: [Int], _ sequel: ContentPiece.Sequel = .end) -> Pieces {
        Pieces(
            sizes.enumerated().map { index, count in
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: index + $0) }
                return ContentPiece(bytes: bytes, sequel: index == sizes.count - 1 ? sequel : .more)
            })
    }

    private func exchange(_ pieces: Pieces, _ threads: HelperThreads? = nil) -> DrivenExchange {
        DrivenExchange(
            PiecewiseExchange(Response(.ok, content: .stream(length: nil)), from: pieces, Helpers(threads)))
    }

    private func produce(_ exchange: DrivenExchange, _ byteCount: Int) -> Production {
        var room = [UInt8](repeating: 0, count: byteCount)
        var span = room.mutableSpan
        return exchange.produce(into: &span)
    }

    @Test("All pieces come in order, empty ones too, into rooms however small", arguments: [1, 3, 100], [false, true])
    func order(room: Int, hasThreads: Bool) throws {
        let sizes = [5, 0, 1, 0, 0, 40, 0]
        let threads = hasThreads ? try HelperThreads(threadCount: 2, queueLimit: 4) : nil
        let content = try exchange(pieces(sizes), threads).remainder(piece: room)
        let expected = sizes.enumerated().flatMap { index, count in
            (0..<count).map { UInt8(truncatingIfNeeded: index + $0) }
        }
        #expect(content == expected)
    }

    @Test("Nothing is made before it is wanted, and then one piece ahead")
    func ahead() {
        let pieces = pieces([10, 10, 10, 10])
        let exchange = exchange(pieces)
        #expect(pieces.madeCount == 0)
        #expect(exchange.isOver)
        for _ in 1...10 { #expect(produce(exchange, 1) == .bytes(1)) }
        #expect(pieces.madeCount == 2, "the client has one piece, and the next is made")
        #expect(produce(exchange, 1) == .bytes(1))
        #expect(pieces.madeCount == 3)
    }

    @Test("It waits for the next piece when there is nothing left of the one before")
    func waiting() throws {
        let busy = try BusyThread(queueLimit: 4)
        let exchange = exchange(pieces([2, 2]), busy.threads)
        #expect(produce(exchange, 8) == .notYet)
        busy.release()
        try exchange.awaitWaits()
        #expect(produce(exchange, 1) == .bytes(1))
        #expect(try exchange.remainder().count == 3)
    }

    @Test("Where the helper threads have too much to do, it asks again after a while")
    func refused() throws {
        let (busy, waiting) = try BusyThread.withFullQueue()
        let exchange = exchange(pieces([2]), busy.threads)
        exchange.advance(1_000)
        #expect(produce(exchange, 8) == .notYet)
        let deadline = try #require(exchange.deadline)
        #expect(deadline > 1_000)
        busy.release()
        withExtendedLifetime(waiting) {}
        try waiting.wait()
        exchange.advance(deadline)
        #expect(exchange.deadline == nil)
        #expect(try exchange.remainder().count == 2)
    }

    @Test("What was made before a failure is sent, and then the failure is told")
    func failure() {
        let exchange = exchange(pieces([2, 2], .failed("broken")))
        #expect(produce(exchange, 8) == .bytes(2))
        #expect(produce(exchange, 8) == .bytes(2))
        #expect(produce(exchange, 8) == .failed("broken"))
        #expect(produce(exchange, 8) == .failed("broken"))
    }

    @Test("What is in use never exceeds an allowance, and comes back")
    func allowance() {
        let allowance = Allowance(10)
        var first = allowance.take(6)
        #expect(first != nil)
        #expect(allowance.take(5) == nil)
        let second = allowance.take(4)
        #expect(second != nil && allowance.take() == nil)
        first = nil
        #expect(allowance.take(6) != nil && allowance.take(7) == nil)
        withExtendedLifetime((first, second)) {}
    }
}
