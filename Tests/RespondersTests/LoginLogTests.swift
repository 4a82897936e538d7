import MartinetEvents
import MartinetHTTP
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Lines about wrong logins")
struct LoginLogTests {
    @Test("The first of an address at once, then one line a minute with their number and the last name")
    func grouping() {
        let lines = Lines()
        var log = LoginLog { lines.all.append($0) }
        log.addWrong([UInt8]("alice".utf8), block(1), "192.0.2.1", 0)
        #expect(lines.all == ["192.0.2.1: wrong user name or password, user \"alice\""])
        for index in 1...59 { log.addWrong([UInt8]("u\(index)".utf8), block(1), "192.0.2.1", .seconds(index)) }
        log.addRefused([UInt8]("bob".utf8), block(1), "192.0.2.1", .seconds(59))
        log.flush(.seconds(60) - 1)
        #expect(lines.all.count == 1)
        log.flush(.seconds(60))
        #expect(lines.all.count == 2)
        #expect(lines.all.last == "192.0.2.1: 59 more wrong logins and 1 refused unseen, the last as user \"bob\"")
        log.flush(.seconds(120))
        #expect(lines.all.count == 2, "nothing has happened")
        log.addWrong([UInt8]("alice".utf8), block(1), "192.0.2.1", .seconds(121))
        #expect(lines.all.count == 3, "this is a first one again")
    }

    @Test("An IPv6 address stands for its network")
    func network() {
        let lines = Lines()
        var log = LoginLog { lines.all.append($0) }
        let block = AddressBlock(v6Prefix: 0x2001_0db8_0000_0001, isLoopback: false)
        log.addWrong([UInt8]("a".utf8), block, "2001:db8:0:1::1", 0)
        log.addWrong([UInt8]("b".utf8), block, "2001:db8:0:1::2", 0)
        log.finish()
        #expect(
            lines.all == [
                "2001:db8:0:1::1: wrong user name or password, user \"a\"",
                "2001:db8:0:1::2 and its /64: 1 more wrong logins, the last as user \"b\"",
            ])
    }

    @Test("Whatever the number of addresses, the number of lines in a minute is bounded, and none is lost from the sum")
    func bound() {
        let lines = Lines()
        var log = LoginLog { lines.all.append($0) }
        for index in 0..<10_000 { log.addWrong([UInt8]("a".utf8), block(UInt32(index)), "10.0.0.0", .seconds(1)) }
        #expect(lines.all.count == LoginLog.addressLimit)
        log.flush(.seconds(61))
        #expect(lines.all.count == LoginLog.addressLimit + 1)
        #expect(
            lines.all.last
                == "other addresses: \(10_000 - LoginLog.addressLimit) more wrong logins, the last as user \"a\"")
        log.finish()
        #expect(lines.all.count == LoginLog.addressLimit + 1)
    }

    @Test("A user's name can neither end its quotes nor its line, nor fill the log")
    func names() {
        let lines = Lines()
        var log = LoginLog { lines.all.append($0) }
        log.addWrong([UInt8]("a\"\\\n\u{1B}é".utf8), block(1), "10.0.0.1", 0)
        #expect(lines.all.last == "10.0.0.1: wrong user name or password, user \"a\\x22\\x5c\\x0a\\x1b\\xc3\\xa9\"")
        log.addWrong([UInt8](repeating: UInt8(ascii: "x"), count: 50_000), block(2), "10.0.0.2", 0)
        let name = String(repeating: "x", count: LoginLog.nameLimit)
        #expect(lines.all.last == "10.0.0.2: wrong user name or password, user \"\(name)…\"")
    }

    private final class Lines {
        var all: [String] = []
    }

    private func block(_ address: UInt32) -> AddressBlock { AddressBlock(v4: 0x0A00_0000 + address) }
}
