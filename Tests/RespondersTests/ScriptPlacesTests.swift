import Testing

@testable import Responders

@Suite("Places for scripts")
struct ScriptPlacesTests {
    @Test("Places are given up to the limit, then to those who wait in their order, then to nobody")
    func order() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 2)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request() { held.append(place) }
        guard case .ticket(let second) = places.request(), case .ticket(let third) = places.request(),
            case .full = places.request()
        else { throw Missing() }
        #expect(second.takePlace() == nil && third.takePlace() == nil)
        held.removeAll()
        #expect(third.takePlace() == nil)
        held.append(try #require(second.takePlace()))
        guard case .ticket(let fourth) = places.request() else { throw Missing() }
        held.removeAll()
        #expect(fourth.takePlace() == nil)
        held.append(try #require(third.takePlace()))
    }

    @Test("A place that is released goes to the next, also when that one had left already")
    func release() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 2)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request() { held.append(place) }
        guard case .ticket(let ticket) = places.request(), case .ticket(let other) = places.request() else {
            throw Missing()
        }
        held.removeAll()
        // The first has the place now; it goes away without having taken it.
        places.cancel(ticket)
        let place = try #require(other.takePlace())
        #expect(other.takePlace() == nil)
        guard case .ticket = places.request() else { throw Missing() }
        withExtendedLifetime(place) {}
    }

    @Test("Requests that go on with another script are next, in their order, also when nobody else may wait any more")
    func continued() throws {
        let places = ScriptPlaces(limit: 1, queueLimit: 1)
        var held: [ScriptPlaces.Place] = []
        if case .place(let place) = places.request() { held.append(place) }
        guard case .ticket(let waiting) = places.request(), case .full = places.request(),
            case .ticket(let next) = places.continuing({ places.request() }),
            case .ticket(let gone) = places.continuing({ places.request() }),
            case .ticket(let third) = places.continuing({ places.request() }), case .full = places.request()
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

    private struct Missing: Error {}
}
