import MartinetEvents
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("The rate at which a client must send content while others wait")
struct ContentRateTests {
    @Test("A client that sends nothing has its first seconds, and no more")
    func nothing() {
        let rate = ContentRate(at: 100)
        #expect(rate.deadline == 100 + .seconds(5))
    }

    @Test("Who keeps the rate is never late, whether in small pieces or in whole records", arguments: [1, 4, 10])
    func steady(secondsApart: Int) throws {
        var rate = ContentRate(at: 0)
        var now = MonotonicTime.start
        // The first record may come late, as long as it comes before the first seconds are over.
        rate.received(1024 * secondsApart, at: now)
        for _ in 0..<1000 {
            now += .seconds(secondsApart)
            let end = try #require(rate.deadline)
            #expect(end >= now)
            rate.received(1024 * secondsApart, at: now)
        }
    }

    @Test("Who sends a third of it is late within eight seconds")
    func slow() throws {
        var rate = ContentRate(at: 0)
        var now = MonotonicTime.start
        while try #require(rate.deadline) > now, now < .seconds(60) {
            now += .seconds(1)
            rate.received(350, at: now)
        }
        #expect(now <= .seconds(8))
    }

    @Test("However much has come, it does not suffice for long")
    func burst() {
        var rate = ContentRate(at: 0)
        for _ in 0..<10 { rate.received(.max, at: .seconds(1)) }
        #expect(rate.deadline == .seconds(17))
    }

    @Test("While it is not the client that is waited for, its time stands still")
    func pause() {
        var rate = ContentRate(at: 0)
        rate.pause(at: .seconds(1))
        rate.pause(at: .seconds(2))
        #expect(rate.deadline == nil)
        rate.received(1024, at: .seconds(3000))
        rate.resume(at: .seconds(3600))
        rate.resume(at: .seconds(3601))
        #expect(rate.deadline == .seconds(3605))
    }
}
