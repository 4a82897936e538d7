import Dispatch
import Foundation
import MartinetEventLoop
import MartinetEvents
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@Suite("A loop and its members", .timeLimit(.minutes(1)))
struct EventLoopTests {
    @Test("A member hears of its descriptor, its deadline, its waker, and the loop's end; of nothing else")
    func member() throws {
        let round = try Round()
        let member = try Member()
        round.loop.add(member)
        round.loop.add(try Member())
        round.go()
        #expect(member.heard.isEmpty)

        member.place?.watchOnce(member.pipe.reading.number, for: .read)
        member.place?.setDeadline(round.clock.time + .seconds(5))
        try member.write()
        round.go()
        round.go()
        #expect(member.heard == ["ready"], "asked for once")
        round.clock.time = round.clock.time + .seconds(5)
        round.go()
        round.go()
        #expect(member.heard == ["ready", "deadline"])
        member.place?.waker.wake()
        member.place?.waker.wake()
        round.go()
        #expect(member.heard == ["ready", "deadline", "woken"])
        round.loop.drain()
        round.loop.end()
        #expect(member.heard.suffix(2) == ["draining", "ending"])
    }

    @Test("What is watched to stay is heard of until it is forgotten")
    func watched() throws {
        let round = try Round()
        let member = try Member()
        round.loop.add(member)
        member.place?.watch(member.pipe.reading.number, for: .read)
        try member.write()
        round.go()
        round.go()
        #expect(member.heard == ["ready", "ready"])
        member.place?.forget(member.pipe.reading.number)
        round.go()
        #expect(member.heard.count == 2)
    }

    @Test("Events of connections are their owner's, those that were parked among them")
    func connections() throws {
        let round = try Round()
        let pairs = try (0..<100).map { _ in try Pair() }
        let copies = pairs.map(\.near)
        for number in copies { round.loop.watch(number, for: .read, token: Token(slot: Int(number), generation: 7)) }
        // Two sweeps find them idle.
        for _ in 0..<3 {
            round.go()
            round.clock.time = round.clock.time + .milliseconds(100)
        }
        try pairs[42].send()
        let events = round.go(atMost: .seconds(30))
        #expect(events.map(\.token) == [Token(slot: Int(copies[42]), generation: 7)])
        #expect(events.first?.isOwn == true && events.first?.readiness == .read)
    }

    @Test("A wake-up of a stream or a connection is its owner's, however often somebody woke it")
    func streams() throws {
        let round = try Round()
        let token = Token(slot: 9, generation: 3, stream: 2)
        for _ in 0..<10 { round.loop.waker(for: token).wake() }
        #expect(round.go(atMost: .seconds(30)).isEmpty)
        #expect(round.woken == [token])
        round.go()
        #expect(round.woken == [])
    }

    @Test("Who is woken by another thread while the loop sleeps wakes it up")
    func asleep() throws {
        let round = try Round()
        let waker = round.loop.waker(for: Token(slot: 1, generation: 1, stream: 1))
        DispatchQueue.global().async { waker.wake() }
        round.go(atMost: .seconds(60))
        #expect(round.woken.count == 1)
    }

    @Test("10 000 messages from 8 threads come, each thread's in its order, and none beyond the limit is taken")
    func inbox() throws {
        let inbox = Inbox<(Int, Int)>(limit: 64)
        #expect(inbox.send((8, 0)), "also before there is a loop")
        var next = [Int](repeating: 0, count: 9)
        var isInOrder = true
        let round = try Round()
        round.loop.add(
            InboxReader(inbox) { (thread, number) in
                isInOrder = isInOrder && next[thread] == number
                next[thread] = number + 1
            })
        let refusals = Atomic(0)
        for thread in 0..<8 {
            Thread.detachNewThread {
                for number in 0..<1250 {
                    while !inbox.send((thread, number)) { refusals.add(1, ordering: .relaxed) }
                }
            }
        }
        while next.prefix(8).contains(where: { $0 < 1250 }) { round.go(atMost: .seconds(60)) }
        #expect(isInOrder && next[8] == 1)
        for number in 0..<64 { #expect(inbox.send((8, number + 1))) }
        #expect(!inbox.send((8, 65)))
    }

    @Test("A deadline that is set anew when it is over comes up in the next round, and others have theirs before")
    func overdue() throws {
        let round = try Round()
        let token = Token(slot: 3, generation: 1, stream: 1)
        round.loop.setDeadline(round.clock.time, for: token)
        round.clock.time = round.clock.time + .seconds(1)
        for _ in 0..<3 {
            var events: [Event] = []
            try round.loop.wait(atMost: nil, into: &events)
            _ = round.loop.serveMembers()
            var count = 0
            while round.loop.takeDue() != nil {
                count += 1
                try #require(count < 10, "it comes up for ever")
                round.loop.setDeadline(.start, for: token)
            }
            #expect(count == 1)
            round.clock.time = round.clock.time + .milliseconds(1)
        }
    }

    @Test("A timer is due once, at the moment that was set last")
    func timer() throws {
        let round = try Round()
        var count = 0
        let timer = LoopTimer { count += 1 }
        timer.set(round.clock.time + .seconds(1))
        round.loop.add(timer)
        timer.set(round.clock.time + .seconds(2))
        round.clock.time = round.clock.time + .seconds(1)
        round.go()
        #expect(count == 0)
        round.clock.time = round.clock.time + .seconds(1)
        round.go()
        round.go()
        #expect(count == 1 && timer.time == .distantFuture)
        timer.set(round.clock.time + .seconds(1))
        timer.set(.distantFuture)
        round.clock.time = round.clock.time + .seconds(9)
        round.go()
        #expect(count == 1)
    }
}

/// Rounds of a loop that has a clock of its own.
private final class Round {
    final class Clock {
        var time = MonotonicTime(nanoseconds: 1_000_000)
    }

    let clock = Clock()
    let loop: EventLoop
    /// Who was woken in the last round.
    private(set) var woken: [Token] = []

    init() throws {
        let clock = clock
        loop = try EventLoop { clock.time }
    }

    @discardableResult
    func go(atMost limit: Interval = .zero) -> [Event] {
        var events: [Event] = []
        do throws(SystemError) {
            try loop.wait(atMost: limit, into: &events)
        } catch {
            Issue.record(error)
        }
        woken = loop.serveMembers()
        while loop.takeDue() != nil {}
        return events
    }
}

private final class Member: LoopMember {
    let pipe: MartinetPOSIX.Pipe
    private(set) var heard: [String] = []
    private(set) var place: LoopPlace?

    init() throws {
        pipe = try MartinetPOSIX.Pipe(isNonBlocking: true)
    }

    func write() throws { _ = try pipe.writing.write([1].span) }

    func join(_ place: LoopPlace) { self.place = place }

    func handle(_ event: LoopEvent) {
        switch event {
        case .ready: heard.append("ready")
        case .deadline: heard.append("deadline")
        case .woken: heard.append("woken")
        case .draining: heard.append("draining")
        case .ending: heard.append("ending")
        }
    }

    let isBusy = false
}
