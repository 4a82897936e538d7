import Glibc
import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("A request to a script, at any moment", .timeLimit(.minutes(1)))
struct CGIExchangeTests {

    @Test("A script that is held up by its client is not silent, however long that takes")
    func slowClient() throws {
        let site = try ScriptSite(
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nfirst'; cat >/dev/null; printf second"
        ) {
            $0.timeout = .seconds(1)
        }
        let content = [UInt8](repeating: UInt8(ascii: "x"), count: 70_000)
        let (exchange, count) = try site.openLong(content)
        try site.send(content[count..<69_998], to: exchange)
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "first")
        // Its client takes nothing for an hour, and sends nothing: nobody has waited for the script meanwhile.
        site.now += .seconds(3600)
        exchange.advance(site.now)
        #expect(!exchange.isOver)
        #expect(exchange.receive([UInt8]("ab".utf8).span) == 2)
        exchange.endContent()
        // What it was given it takes, and what it writes is read before it is judged.
        site.now += .seconds(3600)
        try site.waitForOutput(exchange)
        exchange.advance(site.now)
        #expect(try site.produce(exchange) == "second")
        if case .failed(let problem) = site.produceNow(exchange).1 { Issue.record("\(problem)") }
    }

    @Test("While its client takes nothing a script may speak to the log and end, and keeps nothing but its output")
    func heldUpMessages() throws {
        let script = """
            #!/bin/sh
            printf 'Content-Type: text/plain\\n\\n'
            head -c 300000 /dev/zero >&2
            printf hello
            """
        let site = try ScriptSite(script)
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) { exchange.response != nil }
        // Nobody asks for its output, so that nobody waits for it.
        while !exchange.waits.isEmpty { try site.wait(for: exchange) }
        #expect(site.reaper.count == 0)
        #expect(try site.produce(exchange) == "hello")
    }

    @Test("A script that takes no content because nobody takes its output is not silent")
    func heldUpOutput() throws {
        // It fills the pipe before it reads.
        let site = try ScriptSite(
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; head -c 1000000 /dev/zero; cat >&2"
        ) {
            $0.timeout = .seconds(1)
        }
        let content = [UInt8](repeating: 0, count: 1_000_000)
        var (exchange, taken) = try site.openLong(content)
        try site.drive(exchange) { exchange.response != nil }
        while taken < content.count {
            let count = exchange.receive(content.span.extracting(taken..<content.count))
            if count == 0 { break }
            taken += count
        }
        #expect(taken < content.count, "the pipe is full")
        _ = try site.produce(exchange, atMost: 10)
        site.now += .seconds(3600)
        exchange.advance(site.now)
        #expect(exchange.receive(content.span.extracting(taken...)) == 0)
        #expect(!exchange.isOver, "its client has not taken anything since")
        #expect(try site.produce(exchange, atMost: 10).count == 10)
    }

    @Test("A script that is silent when it is waited for is given up, once, when its time is over")
    func silence() throws {
        let site = try ScriptSite("#!/bin/sh\nexec tail -f /dev/null") { $0.timeout = .seconds(5) }
        let exchange = try site.open(Request("/script"))
        let deadline = try #require(exchange.deadline)
        #expect(deadline == site.now + .seconds(5))
        exchange.advance(deadline - 1)
        #expect(!exchange.isOver && exchange.response == nil)
        exchange.advance(deadline)
        #expect(exchange.isOver)
        #expect(exchange.response?.status == .gatewayTimeout)
        #expect(exchange.waits.isEmpty && exchange.deadline == nil)
    }

    @Test("A script whose time is over has not finished, whatever it makes of being asked to end")
    func overdue() throws {
        let site = try ScriptSite(
            "#!/bin/sh\ntrap 'exit 0' TERM\nprintf 'Content-Type: text/plain\\n\\nhello'\nwhile :; do sleep 0.01; done")
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "hello")
        site.reaper.enforce(site.now + .seconds(3600))
        var buffer = [UInt8](repeating: 0, count: 100)
        var last = Production.notYet
        try site.drive(exchange) {
            var room = buffer.mutableSpan
            last = exchange.produce(into: &room)
            return last != .notYet
        }
        guard case .failed(let problem) = last else { throw Missing() }
        #expect(problem.contains("ran for longer than 3600"))
    }

    @Test("A script that has closed its output and lives on is waited for once, and costs nothing then")
    func closedOutput() throws {
        let site = try ScriptSite(
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'; exec >&-; exec sleep 600")
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) { exchange.response != nil && exchange.deadline != nil }
        #expect(try site.produce(exchange, atMost: 5) == "hello")
        // Its end is waited for from now on, and its client takes nothing more.
        try site.drive(exchange) {
            site.produceNow(exchange).1 == .notYet && exchange.deadline == site.now + .milliseconds(100)
        }
        for _ in 0..<3 {
            site.now += .seconds(1)
            exchange.advance(site.now)
            #expect(exchange.deadline.map { $0 > site.now } ?? true, "nothing is due again at once")
        }
        #expect(site.produceNow(exchange).1 == .end)
    }

    @Test(
        "A script that has written its header is not silent while its client has no room for it",
        arguments: [true, false])
    func heldUpHead(lives: Bool) throws {
        let site = try ScriptSite(
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'; \(lives ? "exec tail -f /dev/null" : "exit 0")"
        ) { $0.timeout = .seconds(2) }
        let loop = TestLoop(now: site.now)
        guard case .exchange(let exchange, _) = site.responder.open(Request("/script", at: site.now)) else {
            throw Missing()
        }
        let token = Token(slot: 1, generation: 1, stream: 1)
        exchange.begin(ExchangeHost(loop, token: token))
        exchange.handle(.contentEnded(nil))
        guard case .notYet = exchange.head() else { return }
        var isHeard = false
        while !isHeard {
            var entries = loop.entries
            try FileDescriptor.waitForAny(&entries)
            for (event, _) in try loop.takeEvents() {
                exchange.handle(event)
                isHeard = true
            }
        }
        loop.now += .seconds(3)
        for (event, _) in try loop.takeEvents() { exchange.handle(event) }
        #expect(loop.takeDue().isEmpty)
        guard case .final(let response) = exchange.head() else { throw Missing() }
        #expect(response.status == .ok)
    }

    @Test("Messages that are not passed on any more are no sign of life")
    func flood() throws {
        let site = try ScriptSite("#!/bin/sh\nwhile :; do echo >&2; done") { $0.timeout = .seconds(5) }
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) {
            site.now += .milliseconds(10)
            return exchange.isOver
        }
        #expect(exchange.response?.status == .gatewayTimeout)
    }

    @Test("What comes along with the header counts as written, too", arguments: [30, 31])
    func outputLimit(limit: Int) throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'") {
            $0.outputByteLimit = limit
        }
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) { exchange.response != nil }
        #expect(exchange.response?.status == (limit < 31 ? .badGateway : .ok))
    }

    @Test("A script that has ended gives its place up, though nobody has read what it wrote")
    func endedScript() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nhello'") { $0.concurrency = 1 }
        let first = try site.open(Request("/script"))
        let second = try site.open(Request("/script"))
        #expect(second.waits.isEmpty && second.deadline != nil, "it waits for its place")
        try site.reapOne()
        second.advance(site.now)
        #expect(!second.waits.isEmpty, "it runs")
        try site.drive(second) { second.response != nil }
        #expect(try site.produce(second) == "hello")
        try site.drive(first) { first.response != nil }
        #expect(try site.produce(first) == "hello")
    }

    @Test("Content is needed when the script runs, not while it waits for its place")
    func queuedContent() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat") { $0.concurrency = 1 }
        let first = try site.open(Request("/script"))
        let second = try site.open(Request("/script", method: .post), content: .length(70_000))
        let content = [UInt8](repeating: UInt8(ascii: "x"), count: 70_000)
        #expect(second.contentNeed == .now, "some of it is buffered")
        #expect(second.receive(content.span) == 65536)
        #expect(second.contentNeed == .later && second.receive(content.span) == 0)
        try site.drive(first, second) { first.response != nil && second.contentNeed == .now }
        try site.send(content[65536...], to: second)
        second.endContent()
        try site.drive(second) { second.response != nil }
        #expect(try site.produceAll(second).utf8.elementsEqual(content))
    }

    @Test("A script that redirects to another is not refused because everybody waits already")
    func redirection() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Location: /other\\n\\n'") {
            $0.concurrency = 1
            $0.queueLength = 1
        }
        try site.write("other", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nother'")
        let first = try site.open(Request("/script", authority: "localhost"))
        let waiting = try site.open(Request("/script"))
        let refused = try site.open(Request("/script"))
        #expect(refused.response?.status == .serviceUnavailable)
        try site.drive(first, waiting) { first.response != nil && waiting.response != nil }
        #expect(try site.produce(first) == "other")
        #expect(try site.produce(waiting) == "other")
    }

    @Test("However long a script has taken, the one that it redirects to has its own time")
    func redirectedTime() throws {
        let site = try ScriptSite(
            "#!/bin/sh\nuntil [ -e begin ]; do sleep 0.01; done; printf 'Location: /other\\n\\n'")
        // It does not answer before it has been judged.
        try site.write(
            "other", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.01; done; printf 'Content-Type: text/plain\\n\\nother'")
        let exchange = try site.open(Request("/script", authority: "localhost"))
        try site.write("begin", "")
        try site.waitForOutput(exchange)
        site.now += .seconds(3600)
        exchange.advance(site.now)
        #expect(!exchange.isOver)
        try site.write("go", "")
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "other")
    }

    @Test("What a script has said before its header stands in the log before what comes of the header")
    func saidBefore() throws {
        let site = try ScriptSite("#!/bin/sh\necho first >&2; printf 'Location: /other\\n\\n'")
        try site.write("other", "#!/bin/sh\necho second >&2; printf 'Content-Type: text/plain\\n\\n'")
        let loop = TestLoop(now: site.now)
        guard case .exchange(let exchange, _) = site.responder.open(Request("/script", authority: "localhost")) else {
            throw Missing()
        }
        exchange.begin(ExchangeHost(loop, token: Token(slot: 1, generation: 1, stream: 1)))
        exchange.handle(.contentEnded(nil))
        // Of its messages it is told nothing here.
        while case .notYet = exchange.head() {
            var entries = loop.entries
            try FileDescriptor.waitForAny(&entries)
        }
        #expect(site.log.lines.count == 1)
    }

    @Test("Whatever scripts a request is redirected to, it has one number in the log")
    func redirectedNumber() throws {
        let site = try ScriptSite("#!/bin/sh\necho first >&2; printf 'Location: /other\\n\\n'")
        try site.write("other", "#!/bin/sh\necho $REQUEST_ID >&2; printf 'Content-Type: text/plain\\n\\n'")
        let exchange = try site.open(Request("/script", authority: "localhost"))
        try site.drive(exchange) { exchange.response != nil && site.log.lines.count == 2 }
        let numbers = site.log.lines.compactMap { $0.split(separator: "[").last?.split(separator: "]").first }
        #expect(numbers.count == 2 && Set(numbers).count == 1)
        #expect(site.log.lines[1].hasSuffix("]: \(numbers[0])"))
    }

    @Test("Content of unknown length that is more than is buffered is bounded in sum")
    func spooling() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat") {
            $0.contentByteLimit = 100_000
            $0.concurrency = 2
            $0.queueLength = 4
        }
        let part = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        // The first byte beyond what is buffered is what begins a file.
        let beginning = part.span.extracting(0..<65537)
        var held = try (0..<4).map { _ in try site.open(Request("/script", method: .post), content: .unknownLength) }
        for exchange in held { #expect(exchange.receive(part.span) == 100_000 && exchange.response == nil) }
        let fifth = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(fifth.receive(part.span) == 100_000, "the rest is dropped")
        #expect(fifth.response?.status == .serviceUnavailable)
        #expect(fifth.response?.stopsRequest == true)
        // Who leaves makes room.
        held.removeAll()
        // Six may be spooled at one time.
        held = try (0..<6).map { _ in try site.open(Request("/script", method: .post), content: .unknownLength) }
        for exchange in held { #expect(exchange.receive(beginning) == 65537 && exchange.response == nil) }
        let last = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(last.receive(beginning) == 65537 && last.response?.status == .serviceUnavailable)
        held.removeAll()
        let next = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(next.receive(part.span) == 100_000 && next.response == nil)
        next.endContent()
        try site.drive(next) { next.response != nil }
        #expect(try site.produceAll(next).count == 100_000)
        // More than one request may have is another matter.
        let tooLong = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(tooLong.receive(part.span) == 100_000)
        #expect(tooLong.receive(part.span.extracting(0..<1)) == 1)
        #expect(tooLong.response?.status == .contentTooLarge)
    }

    @Test("Where content is spooled, its request takes no place before it is whole")
    func collectingAll() throws {
        let script = """
            #!/bin/sh
            printf 'Content-Type: text/plain\\n\\n'
            printf '%s%s' "$(cat)" $CONTENT_LENGTH
            """
        let site = try ScriptSite(script) {
            $0.concurrency = 1
            $0.spoolsContent = true
            $0.spoolFileLimit = 1024
            $0.contentByteLimit = 1000
        }
        let slow = try site.open(Request("/script", method: .post), content: .length(2))
        #expect(slow.contentNeed == .now && slow.receive([UInt8]("a".utf8).span) == 1)
        // Nor do others keep it from being spooled.
        let others = try (0..<200).map { _ in try site.open(Request("/script", method: .post), content: .length(2)) }
        #expect(others.allSatisfy { $0.contentNeed == .now })
        // What cannot fit is not asked for.
        #expect(others[0].receive([UInt8](repeating: 0, count: 1000).span) == 1000)
        #expect(others[1].receive([UInt8](repeating: 0, count: 1000).span) == 1000)
        #expect(others[2].receive([UInt8](repeating: 0, count: 1000).span) == 1000)
        let large = try site.open(Request("/script", method: .post), content: .length(1000))
        #expect(large.response?.status == .serviceUnavailable && large.contentNeed == .never)
        let quick = try site.open(Request("/script"))
        try site.drive(quick) { quick.response != nil }
        #expect(quick.response?.status == .ok)
        quick.conclude()
        #expect(slow.receive([UInt8]("b".utf8).span) == 1 && slow.response == nil)
        slow.endContent()
        try site.drive(slow) { slow.response != nil }
        #expect(try site.produce(slow) == "ab2")
    }

    @Test("Descriptors are divided among those that spool, and leave room for connections")
    func dividedDescriptors() {
        func rooms(_ limit: Int, _ spools: [Bool]) -> [Int] {
            var sites = spools.map { spools in
                var site = CGISite(prefix: "/", directory: "/", documentRoot: "/")
                site.spoolsContent = spools
                return site
            }
            CGISite.divideDescriptors(limit, among: &sites)
            return sites.map(\.spoolLimit)
        }
        #expect(rooms(1024, [true]) == [256])
        #expect(rooms(1024, [true, false, true]) == [128, 96, 128])
        #expect(rooms(1_048_576, [true, true]) == [1024, 1024])
        #expect(rooms(64, [true]) == [96])
    }

    @Test("Scripts are found where they are executed, also when another directory takes the place of theirs")
    func replacedDirectory() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nold'")
        let folder = try #require(site.folder)
        try #require(unsafe rename(folder.path, folder.path + "-old") == 0)
        try #require(unsafe mkdir(folder.path, 0o755) == 0)
        try site.write("new", "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nnew'")
        let exchange = try site.open(Request("/new"))
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "new")
        guard case .complete(let response) = site.responder.open(Request("/script")) else { throw Missing() }
        #expect(response.status == .notFound)
    }

    @Test("Without a place for content of unknown length the log says why")
    func noPlaceForContent() throws {
        let site = try ScriptSite("#!/bin/sh\n") { $0.temporaryDirectory = "/nowhere" }
        let exchange = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(exchange.receive([UInt8](repeating: 0, count: 70_000).span) == 70_000)
        #expect(exchange.response?.status == .badGateway)
        #expect(site.log.lines.contains { $0.contains("could not be kept in /nowhere") })
    }
}

private struct Missing: Error {}
