import MartinetEvents
import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Where wrong logins come from")
struct LoginThrottleTests {
    @Test("A wrong login counts for a minute")
    func window() {
        var throttle = LoginThrottle()
        for index in 0..<5 { fail(&throttle, block(1), at: .seconds(index * 10)) }
        #expect(decide(&throttle, block(1), at: .seconds(59)) == .wait(until: .seconds(60)))
        #expect(decide(&throttle, block(1), at: .seconds(60)) == .begin)
    }

    @Test("The addresses of one IPv6 network are one, others are others")
    func blocks() {
        var throttle = LoginThrottle()
        let network = AddressBlock(v6Prefix: 0x2001_0db8_0000_0001, isLoopback: false)
        for _ in 0..<20 { fail(&throttle, network, at: 0) }
        #expect(decide(&throttle, network, at: 0) == .refuse(retryAfter: 60))
        let next = AddressBlock(v6Prefix: 0x2001_0db8_0000_0002, isLoopback: false)
        #expect(decide(&throttle, next, at: 0) == .begin)
        #expect(decide(&throttle, AddressBlock(v6Prefix: 0, isLoopback: false), at: 0) == .begin)
    }

    @Test("The next try is announced in whole seconds, and is then allowed")
    func retryAfter() {
        var throttle = LoginThrottle()
        for _ in 0..<20 { fail(&throttle, block(1), at: 5) }
        #expect(decide(&throttle, block(1), at: 6) == .refuse(retryAfter: 60))
        #expect(decide(&throttle, block(1), at: .seconds(59) + 6) == .refuse(retryAfter: 1))
        #expect(decide(&throttle, block(1), at: .seconds(60) + 5) == .begin)
    }

    @Test("Where passwords are right, nothing is remembered")
    func right() {
        var throttle = LoginThrottle()
        for index in 0..<100 {
            #expect(decide(&throttle, block(UInt32(index)), at: 0) == .begin)
        }
        #expect(throttle.addressCount == 0)
    }

    @Test("One address has so many that wait, and leaves places for others")
    func waiting() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { fail(&throttle, block(1), at: 0) }
        let decisions = (0...LoginThrottle.waitingLimit).map { _ in
            throttle.decide(block(1), arrival: 0, isWaiting: false, 0)
        }
        #expect(decisions.dropLast().allSatisfy { $0 == .wait(until: .seconds(1)) })
        #expect(decisions.last == .full)
        throttle.leave(block(1))
        #expect(decide(&throttle, block(1), at: 0) == .wait(until: .seconds(1)))
        #expect(decide(&throttle, block(2), at: 0) == .begin)
    }

    @Test("However many wait, a login that need not is verified at once")
    func fullWaiting() {
        var throttle = LoginThrottle()
        for address: UInt32 in 1...10 {
            for _ in 0..<5 { fail(&throttle, block(address), at: 0) }
            for _ in 0..<LoginThrottle.waitingLimit {
                _ = throttle.decide(block(address), arrival: 0, isWaiting: false, 0)
            }
        }
        #expect(decide(&throttle, block(10), at: 0) == .full)
        #expect(decide(&throttle, block(11), at: 0) == .begin)
    }

    @Test("A flood of addresses is bounded, and drives out its own instead of those who have tried more often")
    func flood() {
        var throttle = LoginThrottle()
        for _ in 0..<20 { fail(&throttle, block(1), at: 0) }
        for index in 0..<UInt32(LoginThrottle.addressLimit) + 500 {
            fail(&throttle, block(1000 + index), at: MonotonicTime(nanoseconds: 1 + Int64(index)))
        }
        #expect(throttle.addressCount <= LoginThrottle.addressLimit + 1)
        #expect(decide(&throttle, block(1), at: .seconds(1)) == .refuse(retryAfter: 59))
        // Once they are old, they are no longer in anybody's way.
        for address: UInt32 in 2..<600 { fail(&throttle, block(address), at: .seconds(100)) }
        #expect(throttle.addressCount < 600)
    }

    private func block(_ address: UInt32) -> AddressBlock { AddressBlock(v4: 0x0A00_0000 + address) }

    /// A wrong login, in whose place no other comes meanwhile.
    private func fail(_ throttle: inout LoginThrottle, _ block: AddressBlock, at time: MonotonicTime) {
        // As if it had come a second before.
        let decision = throttle.decide(block, arrival: time - Interval.seconds(1), isWaiting: false, time)
        if decision != .begin { Issue.record("\(decision)") }
        throttle.end(block, isWrong: true, time)
    }

    /// What a login that has just come may do; it is gone afterwards.
    private func decide(_ throttle: inout LoginThrottle, _ block: AddressBlock, at time: MonotonicTime)
        -> LoginThrottle.Decision
    {
        let decision = throttle.decide(block, arrival: time, isWaiting: false, time)
        switch decision {
        case .begin: throttle.end(block, isWrong: false, time)
        case .wait: throttle.leave(block)
        case .refuse, .full: break
        }
        return decision
    }
}
