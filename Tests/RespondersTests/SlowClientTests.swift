import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("Clients that keep a script waiting, and others with it", .timeLimit(.minutes(1)))
struct SlowClientTests {
    private static let cat = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat"
    /// Reads everything before it answers.
    private static let sum = "#!/bin/sh\nset -- $(wc -c)\nprintf 'Content-Type: text/plain\\n\\n%s' $1"
    private let content = [UInt8](repeating: UInt8(ascii: "x"), count: 200_000)

    @Test("A client occupies no place before its content is whole, or more than is buffered", arguments: [true, false])
    func buffering(isLengthKnown: Bool) throws {
        let site = try ScriptSite(Self.cat) { $0.concurrency = 1 }
        let slow = try (0..<40).map { _ in
            try site.open(Request("/script", method: .post), content: isLengthKnown ? .length(65536) : .unknownLength)
        }
        for exchange in slow { #expect(exchange.receive(content.span.extracting(0..<65535)) == 65535) }
        let quick = try site.open(Request("/script"))
        try site.drive(quick) { quick.response != nil }
        #expect(quick.response?.status == .ok)
        quick.conclude()
        #expect(slow.allSatisfy { $0.contentNeed == .now && $0.response == nil && $0.waits.isEmpty })
        #expect(slow[7].receive(content.span.extracting(0..<1)) == 1)
        slow[7].endContent()
        #expect(try site.produceAll(slow[7]).utf8.count == 65536)
    }

    @Test("Content arrives as it was sent, however much of it is buffered")
    func sizes() throws {
        let site = try ScriptSite(Self.cat)
        let bytes = (0..<200_000).map { UInt8(ascii: "a") + UInt8($0 % 23) }
        for count in [0, 1, 1024, 1025, 65535, 65536, 65537, 131_073, 200_000] {
            for contentKind in [Request.Content.length(count), .unknownLength] {
                let exchange = try site.open(Request("/script", method: .post), content: contentKind)
                var start = 0
                var text: [UInt8] = []
                while start < count {
                    let end = min(count, start + 30_000)
                    let taken = exchange.receive(bytes.span.extracting(start..<end))
                    start += taken
                    guard taken == 0 else { continue }
                    try site.wait(for: exchange)
                    if exchange.response != nil { text += site.produceNow(exchange).0 }
                }
                exchange.endContent()
                text += try [UInt8](site.produceAll(exchange).utf8)
                #expect(text == Array(bytes[..<count]), "\(contentKind)")
                exchange.conclude()
            }
        }
    }

    @Test("Where all memory for it is taken, content is not refused but given to its script as it comes")
    func noMemory() throws {
        let site = try ScriptSite(Self.sum, memory: ContentMemory(byteLimit: 4096))
        let known = try site.open(Request("/script", method: .post), content: .length(10_000))
        try site.send(content[..<10_000], to: known)
        known.endContent()
        #expect(try site.produceAll(known) == "10000")
        let unknown = try site.open(Request("/script", method: .post), content: .unknownLength)
        try site.send(content[..<10_000], to: unknown)
        unknown.endContent()
        #expect(try site.produceAll(unknown) == "10000")
    }

    @Test("A client that sends too slowly loses its place when others wait, and not before")
    func slowUpload() throws {
        let site = try ScriptSite(Self.sum) { $0.concurrency = 1 }
        let (slow, count) = try site.openLong(content)
        try site.send(content[count..<100_000], to: slow)
        for _ in 0..<3600 {
            site.now += .seconds(1)
            slow.advance(site.now)
            #expect(!slow.isOver)
        }
        let waiting = try site.open(Request("/script"))
        #expect(waiting.response == nil && waiting.deadline != nil)
        site.now = try #require(slow.deadline)
        slow.advance(site.now)
        #expect(slow.isOver)
        #expect(slow.response?.status == .requestTimeout)
        #expect(slow.response?.stopsRequest == true && slow.contentNeed == .never)
        #expect(site.log.lines.contains { $0.contains("less than 1024 bytes a second while others waited") })
        try site.reapOne()
        try site.drive(waiting) { waiting.response != nil }
        #expect(waiting.response?.status == .ok)
    }

    @Test("Only as many lose theirs as there are others that wait")
    func onlyOne() throws {
        let site = try ScriptSite(Self.sum) { $0.concurrency = 4 }
        let slow = try (0..<4).map { _ in
            let (exchange, count) = try site.openLong(content)
            try site.send(content[count..<100_000], to: exchange)
            return exchange
        }
        let waiting = try site.open(Request("/script"))
        site.now += .seconds(17)
        for exchange in slow {
            exchange.advance(site.now)
        }
        #expect(slow.count { $0.response != nil } == 1)
        #expect(waiting.response == nil)
    }

    @Test("Where its response has begun it is cut, so that the client notices")
    func begun() throws {
        let script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nfirst'; cat >/dev/null; printf second"
        let site = try ScriptSite(script) { $0.concurrency = 1 }
        let (slow, count) = try site.openLong(content)
        try site.send(content[count..<100_000], to: slow)
        try site.drive(slow) { slow.response != nil }
        #expect(try site.produce(slow) == "first")
        #expect(!slow.isOver)
        let waiting = try site.open(Request("/script"))
        site.now = try #require(slow.deadline)
        slow.advance(site.now)
        #expect(slow.isOver && slow.response?.status == .ok)
        guard case .failed(let problem) = site.produceNow(slow).1 else { throw Missing() }
        #expect(problem.contains("while others waited"))
        withExtendedLifetime(waiting) {}
    }

    @Test("A client whose script takes nothing is not slow, however long that takes and whoever waits")
    func slowScript() throws {
        let site = try ScriptSite("#!/bin/sh\nexec tail -f /dev/null") {
            $0.concurrency = 1
            $0.timeout = .seconds(1_000_000)
        }
        let (exchange, count) = try site.openLong(content)
        #expect(count == 65536, "its pipe is full")
        #expect(!exchange.isOver)
        let waiting = try site.open(Request("/script"))
        site.now += .seconds(3600)
        exchange.advance(site.now)
        #expect(exchange.receive(content.span) == 0)
        #expect(!exchange.isOver)
        withExtendedLifetime(waiting) {}
    }

    @Test("A client that keeps the least rate keeps its place")
    func steadyUpload() throws {
        let site = try ScriptSite(Self.sum) { $0.concurrency = 1 }
        var (exchange, count) = try site.openLong(content)
        let waiting = try site.open(Request("/script"))
        while count < content.count {
            let end = min(content.count, count + 2048)
            try site.send(content[count..<end], to: exchange)
            count = end
            #expect(!exchange.isOver)
            site.now += .seconds(2)
            exchange.advance(site.now)
        }
        exchange.endContent()
        #expect(!exchange.isOver)
        #expect(try site.produceAll(exchange) == "200000")
        withExtendedLifetime(waiting) {}
    }

    @Test("A client that takes nothing of its response loses its script when others wait, and not before")
    func slowReader() throws {
        let script = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; exec head -c 1000000 /dev/zero"
        let site = try ScriptSite(script) { $0.concurrency = 1 }
        let slow = try site.open(Request("/script"))
        try site.drive(slow) { slow.response != nil }
        #expect(try site.produce(slow, atMost: 10).utf8.count == 10)
        #expect(slow.deadline == site.now + .seconds(30))
        // Without others it is looked at now and then.
        for _ in 0..<100 {
            site.now = try #require(slow.deadline)
            slow.advance(site.now)
            #expect(try #require(slow.deadline) >= site.now + .seconds(1))
        }
        let waiting = try site.open(Request("/script"))
        site.now = try #require(slow.deadline)
        slow.advance(site.now)
        #expect(slow.deadline == nil && slow.waits.isEmpty)
        guard case .failed = site.produceNow(slow).1 else { throw Missing() }
        try site.reapOne()
        try site.drive(waiting) { waiting.response != nil }
    }

    @Test("A script that has ended has no place that its client could lose")
    func endedScript() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'") { $0.concurrency = 1 }
        let slow = try site.open(Request("/script"))
        try site.drive(slow) { slow.response != nil && site.reaper.count == 0 }
        #expect(slow.deadline == nil)
        let waiting = try site.open(Request("/script"))
        site.now += .seconds(3600)
        slow.advance(site.now)
        #expect(try site.produce(slow) == "hello")
        withExtendedLifetime(waiting) {}
    }

    @Test("Who has lost its position in the queue to another is told to come again")
    func lostPosition() throws {
        let site = try ScriptSite("#!/bin/sh\nexec tail -f /dev/null") {
            $0.concurrency = 1
            $0.queueLength = 2
        }
        func open(_ address: UInt32) throws -> DrivenExchange {
            var request = Request("/script")
            request.peer = Peer(address: "-", port: 1, addressBlock: AddressBlock(v4: address))
            return try site.open(request)
        }
        let many = try (0..<3).map { _ in try open(0xC000_0201) }
        let other = try open(0xC000_0202)
        for exchange in many { exchange.advance(site.now) }
        #expect(other.response == nil && many[1].response == nil)
        #expect(many[2].response?.status == .serviceUnavailable)
        #expect(many[2].response?.fields.contains("Retry-After") == true)
    }

    private struct Missing: Error {}
}
