import MartinetEvents
import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Places for scripts")
struct GatewayPermitsTests {
    private let waker = TestLoop().waker(for: Token(slot: 1, generation: 1, stream: 1))
    private let one = AddressBlock(v4: 0xC000_0201)
    private let two = AddressBlock(v4: 0xC633_6401)
    private let three = AddressBlock(v6Prefix: 0x2001_0DB8_0000_0001, isLoopback: false)
    private let loopback = AddressBlock(v4: 0x7F00_0001)

    @Test("Places are given up to the limit, then to those who wait in their order, then to nobody")
    func order() throws {
        let permits = GatewayPermits(limit: 1, queueLimit: 2)
        var held: [GatewayPermits.Permit] = []
        if case .permit(let permit) = permits.request(for: one, waker) { held.append(permit) }
        guard case .entry(let second) = permits.request(for: one, waker),
            case .entry(let third) = permits.request(for: one, waker),
            case .full = permits.request(for: one, waker)
        else { throw Missing() }
        #expect(second.takePermit() == nil && third.takePermit() == nil)
        held.removeAll()
        #expect(third.takePermit() == nil)
        held.append(try #require(second.takePermit()))
        guard case .entry(let fourth) = permits.request(for: one, waker) else { throw Missing() }
        held.removeAll()
        #expect(fourth.takePermit() == nil)
        held.append(try #require(third.takePermit()))
    }

    @Test("A permit that is released goes to the next, also when that one had left already")
    func release() throws {
        let permits = GatewayPermits(limit: 1, queueLimit: 2)
        var held: [GatewayPermits.Permit] = []
        if case .permit(let permit) = permits.request(for: one, waker) { held.append(permit) }
        guard case .entry(let entry) = permits.request(for: one, waker),
            case .entry(let other) = permits.request(for: one, waker)
        else { throw Missing() }
        held.removeAll()
        // The first has the permit now; it goes away without having taken it.
        permits.cancel(entry)
        let permit = try #require(other.takePermit())
        #expect(other.takePermit() == nil)
        guard case .entry = permits.request(for: one, waker) else { throw Missing() }
        withExtendedLifetime(permit) {}
    }

    @Test("Requests that go on with another script are next, in their order, also when nobody else may wait any more")
    func continued() throws {
        let permits = GatewayPermits(limit: 1, queueLimit: 1)
        var held: [GatewayPermits.Permit] = []
        if case .permit(let permit) = permits.request(for: one, waker) { held.append(permit) }
        guard case .entry(let waiting) = permits.request(for: one, waker),
            case .full = permits.request(for: one, waker),
            case .entry(let next) = permits.request(for: one, isContinuing: true, waker),
            case .entry(let gone) = permits.request(for: one, isContinuing: true, waker),
            case .entry(let third) = permits.request(for: one, isContinuing: true, waker),
            case .full = permits.request(for: one, waker)
        else { throw Missing() }
        permits.cancel(gone)
        held.removeAll()
        held.append(try #require(next.takePermit()))
        held.removeAll()
        #expect(waiting.takePermit() == nil)
        held.append(try #require(third.takePermit()))
        held.removeAll()
        held.append(try #require(waiting.takePermit()))
    }

    @Test("While others wait an address has no more than a quarter of the permits, and none is left free for that")
    func shares() throws {
        let permits = GatewayPermits(limit: 4, queueLimit: 8)
        var held = try (0..<4).map { _ in try permit(permits.request(for: one, waker)) }
        let ones = try (0..<2).map { _ in try entry(permits.request(for: one, waker)) }
        let twos = try (0..<2).map { _ in try entry(permits.request(for: two, waker)) }
        let third = try entry(permits.request(for: three, waker))
        held.removeLast()
        var twosHeld = [try #require(twos[0].takePermit())]
        held.removeLast()
        let thirdHeld = try #require(third.takePermit(), "its address has none")
        #expect(ones[0].takePermit() == nil && twos[1].takePermit() == nil)
        // Each has its share now; the next is who has the least, and among those who came first.
        held.removeLast()
        held.append(try #require(ones[0].takePermit()))
        twosHeld.removeAll()
        twosHeld.append(try #require(twos[1].takePermit()))
        #expect(ones[1].takePermit() == nil)
        withExtendedLifetime((held, twosHeld, thirdHeld)) {}
    }

    @Test("An address may have every permit that nobody else waits for")
    func alone() throws {
        let permits = GatewayPermits(limit: 4, queueLimit: 8)
        var held = try (0..<4).map { _ in try permit(permits.request(for: one, waker)) }
        let tickets = try (0..<4).map { _ in try entry(permits.request(for: one, waker)) }
        for entry in tickets {
            held.removeFirst()
            held.append(try #require(entry.takePermit()))
        }
    }

    @Test("An address that many clients share has no share: each of them is by itself")
    func sharedAddress() throws {
        let permits = GatewayPermits(limit: 4, queueLimit: 4)
        var held = try (0..<4).map { _ in try permit(permits.request(for: loopback, waker)) }
        let waiting = try (0..<3).map { _ in try entry(permits.request(for: loopback, waker)) }
        let other = try entry(permits.request(for: one, waker))
        guard case .full = permits.request(for: one, waker), case .full = permits.request(for: loopback, waker) else {
            throw Missing()
        }
        for entry in waiting {
            held.removeFirst()
            held.append(try #require(entry.takePermit()))
        }
        #expect(other.takePermit() == nil)
        held.removeFirst()
        #expect(other.takePermit() != nil)
    }

    @Test("Where the queue is full, whose address has the most in it loses its newest position to others")
    func fullQueue() throws {
        let permits = GatewayPermits(limit: 1, queueLimit: 4)
        var held = [try permit(permits.request(for: one, waker))]
        let ones = try (0..<4).map { _ in try entry(permits.request(for: one, waker)) }
        guard case .full = permits.request(for: one, waker) else { throw Missing() }
        let twos = try (0..<2).map { _ in try entry(permits.request(for: two, waker)) }
        #expect(ones.map(\.isLost) == [false, false, true, true])
        // Two and two: neither has more than the other would have.
        guard case .full = permits.request(for: one, waker), case .full = permits.request(for: two, waker) else {
            throw Missing()
        }
        // Who has lost its position leaves, and nobody else's is touched.
        for entry in ones.suffix(2) { permits.cancel(entry) }
        let third = try entry(permits.request(for: three, waker))
        #expect((ones + twos).count { $0.isLost } == 3)
        held.removeAll()
        #expect(ones[0].isLost || third.takePermit() == nil)
        #expect(!third.isLost)
    }

    @Test("A permit whose script is told to end is soon that of somebody who waits")
    func ending() throws {
        let permits = GatewayPermits(limit: 2, queueLimit: 4)
        var held = try (0..<2).map { _ in try permit(permits.request(for: one, waker)) }
        #expect(!permits.hasWaiting)
        let first = try entry(permits.request(for: two, waker))
        #expect(permits.hasWaiting)
        held[0].end()
        held[0].end()
        #expect(!permits.hasWaiting)
        let second = try entry(permits.request(for: two, waker))
        #expect(permits.hasWaiting, "two wait, and one permit will be free")
        held.removeFirst()
        #expect(first.takePermit() != nil || second.takePermit() != nil)
        permits.cancel(first)
        permits.cancel(second)
        #expect(!permits.hasWaiting)
    }

    private func permit(_ admission: GatewayPermits.Admission) throws -> GatewayPermits.Permit {
        guard case .permit(let permit) = admission else { throw Missing() }
        return permit
    }

    private func entry(_ admission: GatewayPermits.Admission) throws -> GatewayPermits.QueueEntry {
        guard case .entry(let entry) = admission else { throw Missing() }
        return entry
    }

    private struct Missing: Error {}
}
