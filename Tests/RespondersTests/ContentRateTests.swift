import Testing

@testable import MartinetResponders

@Suite("The rate at which a client must send content while others wait")
struct ContentRateTests {
    private static let second: Int64 = 1_000_000_000

    @Test("A client that sends nothing has its first seconds, and no more")
    func nothing() {
        let rate = ContentRate(at: 100)
        #expect(rate.deadline == 100 + 5 * Self.second)
    }

    @Test("Who keeps the rate is never late, whether in small pieces or in whole records", arguments: [1, 4, 10])
    func steady(secondsApart: Int64) throws {
        var rate = ContentRate(at: 0)
        var now: Int64 = 0
        // The first record may come late, as long as it comes before the first seconds are over.
        rate.received(1024 * Int(secondsApart), at: now)
        for _ in 0..<1000 {
            now += secondsApart * Self.second
            let end = try #require(rate.deadline)
            #expect(end >= now)
            rate.received(1024 * Int(secondsApart), at: now)
        }
    }

    @Test("Who sends a third of it is late within eight seconds")
    func slow() throws {
        var rate = ContentRate(at: 0)
        var now: Int64 = 0
        while try #require(rate.deadline) > now, now < 60 * Self.second {
            now += Self.second
            rate.received(350, at: now)
        }
        #expect(now <= 8 * Self.second)
    }

    @Test("However much has come, it does not suffice for long")
    func burst() {
        var rate = ContentRate(at: 0)
        for _ in 0..<10 { rate.received(.max, at: Self.second) }
        #expect(rate.deadline == 17 * Self.second)
    }

    @Test("While it is not the client that is waited for, its time stands still")
    func pause() {
        var rate = ContentRate(at: 0)
        rate.pause(at: Self.second)
        rate.pause(at: 2 * Self.second)
        #expect(rate.deadline == nil)
        rate.received(1024, at: 3000 * Self.second)
        rate.resume(at: 3600 * Self.second)
        rate.resume(at: 3601 * Self.second)
        #expect(rate.deadline == 3605 * Self.second)
    }
}
