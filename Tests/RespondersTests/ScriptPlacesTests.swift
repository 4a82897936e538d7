import MartinetHTTP
import Testing

@testable import MartinetResponders

@Suite("Places for scripts")
struct ScriptPlacesTests {
    private let one = AddressBlock(v4: 0xC000_0201)
    private let two = AddressBlock(v4: 0xC633_6401)
    private let three = AddressBlock(v6Prefix: 0x2001_0DB8_0000_0001, isLoopback: false)
    private let loopback = AddressBlock(v4: 0x7F00_0001)

    @Test("Places are given up to the limit, then to those who wait in their order, then to nobody")
    func order() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 2)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request(for: one) { held.append(place) }
        guard case .ticket(let second) = places.request(for: one), case .ticket(let third) = places.request(for: one),
            case .full = places.request(for: one)
        else { throw Missing() }
        #expect(second.takePlace() == nil && third.takePlace() == nil)
        held.removeAll()
        #expect(third.takePlace() == nil)
        held.append(try #require(second.takePlace()))
        guard case .ticket(let fourth) = places.request(for: one) else { throw Missing() }
        held.removeAll()
        #expect(fourth.takePlace() == nil)
        held.append(try #require(third.takePlace()))
    }

    @Test("A place that is released goes to the next, also when that one had left already")
    func release() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 2)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request(for: one) { held.append(place) }
        guard case .ticket(let ticket) = places.request(for: one),
            case .ticket(let other) = places.request(for: one)
        else { throw Missing() }
        held.removeAll()
        // The first has the place now; it goes away without having taken it.
        places.cancel(ticket)
        let place = try #require(other.takePlace())
        #expect(other.takePlace() == nil)
        guard case .ticket = places.request(for: one) else { throw Missing() }
        withExtendedLifetime(place) {}
    }

    @Test("Requests that go on with another script are next, in their order, also when nobody else may wait any more")
    func continued() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 1)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request(for: one) { held.append(place) }
        guard case .ticket(let waiting) = places.request(for: one), case .full = places.request(for: one),
            case .ticket(let next) = places.continuing({ places.request(for: one) }),
            case .ticket(let gone) = places.continuing({ places.request(for: one) }),
            case .ticket(let third) = places.continuing({ places.request(for: one) }),
            case .full = places.request(for: one)
        else { throw Missing() }
        places.cancel(gone)
        held.removeAll()
        held.append(try #require(next.takePlace()))
        held.removeAll()
        #expect(waiting.takePlace() == nil)
        held.append(try #require(third.takePlace()))
        held.removeAll()
        held.append(try #require(waiting.takePlace()))
    }

    @Test("While others wait an address has no more than a quarter of the places, and none is left free for that")
    func shares() throws {
        let places = ScriptPlaces(limit: 4, queueLimit: 8)
        var held = try (0..<4).map { _ in try place(places.request(for: one)) }
        let ones = try (0..<2).map { _ in try ticket(places.request(for: one)) }
        let twos = try (0..<2).map { _ in try ticket(places.request(for: two)) }
        let third = try ticket(places.request(for: three))
        held.removeLast()
        var twosHeld = [try #require(twos[0].takePlace())]
        held.removeLast()
        let thirdHeld = try #require(third.takePlace(), "its address has none")
        #expect(ones[0].takePlace() == nil && twos[1].takePlace() == nil)
        // Each has its share now; the next is who has the least, and among those who came first.
        held.removeLast()
        held.append(try #require(ones[0].takePlace()))
        twosHeld.removeAll()
        twosHeld.append(try #require(twos[1].takePlace()))
        #expect(ones[1].takePlace() == nil)
        withExtendedLifetime((held, twosHeld, thirdHeld)) {}
    }

    @Test("An address may have every place that nobody else waits for")
    func alone() throws {
        let places = ScriptPlaces(limit: 4, queueLimit: 8)
        var held = try (0..<4).map { _ in try place(places.request(for: one)) }
        let tickets = try (0..<4).map { _ in try ticket(places.request(for: one)) }
        for ticket in tickets {
            held.removeFirst()
            held.append(try #require(ticket.takePlace()))
        }
    }

    @Test("An address that many clients share has no share: each of them is by itself")
    func sharedAddress() throws {
        let places = ScriptPlaces(limit: 4, queueLimit: 4)
        var held = try (0..<4).map { _ in try place(places.request(for: loopback)) }
        let waiting = try (0..<3).map { _ in try ticket(places.request(for: loopback)) }
        let other = try ticket(places.request(for: one))
        guard case .full = places.request(for: one), case .full = places.request(for: loopback) else { throw Missing() }
        for ticket in waiting {
            held.removeFirst()
            held.append(try #require(ticket.takePlace()))
        }
        #expect(other.takePlace() == nil)
        held.removeFirst()
        #expect(other.takePlace() != nil)
    }

    @Test("Where the queue is full, whose address has the most in it loses its newest position to others")
    func fullQueue() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 4)
        var held = [try place(places.request(for: one))]
        let ones = try (0..<4).map { _ in try ticket(places.request(for: one)) }
        guard case .full = places.request(for: one) else { throw Missing() }
        let twos = try (0..<2).map { _ in try ticket(places.request(for: two)) }
        #expect(ones.map(\.isLost) == [false, false, true, true])
        // Two and two: neither has more than the other would have.
        guard case .full = places.request(for: one), case .full = places.request(for: two) else { throw Missing() }
        // Who has lost its position leaves, and nobody else's is touched.
        for ticket in ones.suffix(2) { places.cancel(ticket) }
        let third = try ticket(places.request(for: three))
        #expect((ones + twos).count { $0.isLost } == 3)
        held.removeAll()
        #expect(ones[0].isLost || third.takePlace() == nil)
        #expect(!third.isLost)
    }

    @Test("A place whose script is told to end is soon that of somebody who waits")
    func ending() throws {
        let places = ScriptPlaces(limit: 2, queueLimit: 4)
        var held = try (0..<2).map { _ in try place(places.request(for: one)) }
        #expect(!places.hasWaiting)
        let first = try ticket(places.request(for: two))
        #expect(places.hasWaiting)
        held[0].end()
        held[0].end()
        #expect(!places.hasWaiting)
        let second = try ticket(places.request(for: two))
        #expect(places.hasWaiting, "two wait, and one place will be free")
        held.removeFirst()
        #expect(first.takePlace() != nil || second.takePlace() != nil)
        places.cancel(first)
        places.cancel(second)
        #expect(!places.hasWaiting)
    }

    private func place(_ admission: ScriptPlaces.Admission) throws -> ScriptPlaces.Place {
        guard case .place(let place) = admission else { throw Missing() }
        return place
    }

    private func ticket(_ admission: ScriptPlaces.Admission) throws -> ScriptPlaces.Ticket {
        guard case .ticket(let ticket) = admission else { throw Missing() }
        return ticket
    }

    private struct Missing: Error {}
}
