import Glibc
import HTTP
import Logging
import POSIX
import Testing

@testable import Responders

@Suite("A request to a script, at any moment", .timeLimit(.minutes(1)))
struct CGIExchangeTests {
    private static let second: Int64 = 1_000_000_000

    @Test("A script that is held up by its client is not silent, however long that takes")
    func slowClient() throws {
        let site = try ScriptSite(
            "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nfirst'; cat >&2; printf second"
        ) {
            $0.timeout = .seconds(1)
        }
        let exchange = try site.open(Request("/script", method: .post), content: .length(2))
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "first")
        // Its client takes nothing for an hour, and sends nothing: nobody has waited for the script meanwhile.
        site.now += 3600 * Self.second
        exchange.advance(site.now)
        #expect(!exchange.giveUp(site.now))
        #expect(exchange.receive([UInt8]("ab".utf8).span) == 2)
        exchange.endContent()
        // What it was given it takes, and what it writes is read before it is judged.
        site.now += 3600 * Self.second
        try site.waitForOutput(exchange)
        exchange.advance(site.now)
        #expect(try site.produce(exchange) == "second")
        #expect(!exchange.giveUp(site.now))
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
        while case let urgent = exchange.waits.filter(\.isUrgent), !urgent.isEmpty {
            var entries = urgent.map { PollEntry(descriptor: $0.descriptor, interest: .read) }
            var table = entries.mutableSpan
            try #require(try PollEntry.poll(&table, timeout: .seconds(30)) > 0)
            exchange.advance(site.now)
        }
        #expect(exchange.waits.count <= 1 && site.reaper.count == 0)
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
        let exchange = try site.open(Request("/script", method: .post), content: .length(1_000_000))
        try site.drive(exchange) { exchange.response != nil }
        let content = [UInt8](repeating: 0, count: 200_000)
        var taken = 0
        while taken < content.count {
            let count = exchange.receive(content.span.extracting(taken..<content.count))
            if count == 0 { break }
            taken += count
        }
        #expect(taken < content.count, "the pipe is full")
        _ = try site.produce(exchange, atMost: 10)
        site.now += 3600 * Self.second
        exchange.advance(site.now)
        #expect(exchange.receive(content.span) == 0)
        #expect(!exchange.giveUp(site.now), "its client has not taken anything since")
        #expect(try site.produce(exchange, atMost: 10).count == 10)
    }

    @Test("A script that is silent when it is waited for is given up, once, when its time is over")
    func silence() throws {
        let site = try ScriptSite("#!/bin/sh\nexec tail -f /dev/null") { $0.timeout = .seconds(5) }
        let exchange = try site.open(Request("/script"))
        let deadline = try #require(exchange.deadline)
        #expect(deadline == site.now + 5 * Self.second)
        exchange.advance(deadline - 1)
        #expect(!exchange.giveUp(deadline - 1) && exchange.response == nil)
        exchange.advance(deadline)
        #expect(exchange.giveUp(deadline))
        #expect(exchange.response?.status == .gatewayTimeout)
        #expect(!exchange.giveUp(deadline) && exchange.waits.isEmpty && exchange.deadline == nil)
    }

    @Test("A script whose time is over has not finished, whatever it makes of being asked to end")
    func overdue() throws {
        let site = try ScriptSite(
            "#!/bin/sh\ntrap 'exit 0' TERM\nprintf 'Content-Type: text/plain\\n\\nhello'\nwhile :; do sleep 0.01; done")
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "hello")
        site.reaper.enforce(MonotonicTime(nanoseconds: site.now + 3600 * Self.second))
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

    @Test("Messages that are not passed on any more are no sign of life")
    func flood() throws {
        let site = try ScriptSite("#!/bin/sh\nwhile :; do echo >&2; done") { $0.timeout = .seconds(5) }
        let exchange = try site.open(Request("/script"))
        try site.drive(exchange) {
            site.now += Self.second / 100
            return exchange.giveUp(site.now)
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
        #expect(!first.hasUrgentDeadline && second.hasUrgentDeadline)
        try site.reapOne()
        second.advance(site.now)
        #expect(!second.hasUrgentDeadline, "it runs")
        try site.drive(second) { second.response != nil }
        #expect(try site.produce(second) == "hello")
        try site.drive(first) { first.response != nil }
        #expect(try site.produce(first) == "hello")
    }

    @Test("Content is needed when the script runs, not while it waits for its place")
    func queuedContent() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat") { $0.concurrency = 1 }
        let first = try site.open(Request("/script"))
        let second = try site.open(Request("/script", method: .post), content: .length(2))
        #expect(second.contentNeed == .later)
        try site.drive(first, second) { first.response != nil && second.contentNeed == .now }
        #expect(second.receive([UInt8]("ab".utf8).span) == 2)
        second.endContent()
        try site.drive(second) { second.response != nil }
        #expect(try site.produce(second) == "ab")
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
        let site = try ScriptSite("#!/bin/sh\nprintf 'Location: /other\\n\\n'")
        // It does not answer before it has been judged.
        try site.write(
            "other", "#!/bin/sh\nuntil [ -e go ]; do sleep 0.01; done; printf 'Content-Type: text/plain\\n\\nother'")
        let exchange = try site.open(Request("/script", authority: "localhost"))
        try site.waitForOutput(exchange)
        site.now += 3600 * Self.second
        exchange.advance(site.now)
        #expect(!exchange.giveUp(site.now))
        try site.write("go", "")
        try site.drive(exchange) { exchange.response != nil }
        #expect(try site.produce(exchange) == "other")
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

    @Test("Content of unknown length is bounded in sum")
    func collecting() throws {
        let site = try ScriptSite("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; cat") {
            $0.contentByteLimit = 1000
            $0.concurrency = 2
            $0.queueLength = 4
        }
        let part = [UInt8](repeating: UInt8(ascii: "x"), count: 1000)
        var held = try (0..<4).map { _ in try site.open(Request("/script", method: .post), content: .unknownLength) }
        for exchange in held { #expect(exchange.receive(part.span) == 1000 && exchange.response == nil) }
        let fifth = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(fifth.receive(part.span) == 1000, "the rest is dropped")
        #expect(fifth.response?.status == .serviceUnavailable)
        #expect(fifth.response?.closesConnection == true)
        // Six may be collected at one time.
        held.append(fifth)
        held += try (0..<2).map { _ in try site.open(Request("/script", method: .post), content: .unknownLength) }
        let last = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(last.response?.status == .serviceUnavailable)
        // Who leaves makes room.
        held.removeAll()
        let next = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(next.receive(part.span) == 1000 && next.response == nil)
        next.endContent()
        try site.drive(next) { next.response != nil }
        #expect(try site.produce(next).count == 1000)
        // More than one request may have is another matter.
        let tooLong = try site.open(Request("/script", method: .post), content: .unknownLength)
        #expect(tooLong.receive(part.span) == 1000)
        #expect(tooLong.receive(part.span.extracting(0..<1)) == 1)
        #expect(tooLong.response?.status == .contentTooLarge)
    }

    @Test("Where content is collected, its request takes no place before it is whole")
    func collectingAll() throws {
        let script = """
            #!/bin/sh
            printf 'Content-Type: text/plain\\n\\n'
            printf '%s%s' "$(cat)" $CONTENT_LENGTH
            """
        let site = try ScriptSite(script) {
            $0.concurrency = 1
            $0.collectsContent = true
            $0.collectionRoom = 1024
            $0.contentByteLimit = 1000
        }
        let slow = try site.open(Request("/script", method: .post), content: .length(2))
        #expect(slow.contentNeed == .now && slow.receive([UInt8]("a".utf8).span) == 1)
        // Nor do others keep it from being collected.
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

    @Test("Descriptors are divided among those that collect, and leave room for connections")
    func dividedDescriptors() {
        func rooms(_ limit: Int, _ collects: [Bool]) -> [Int] {
            var sites = collects.map { collects in
                var site = CGISite(prefix: "/", directory: "/", documentRoot: "/")
                site.collectsContent = collects
                return site
            }
            CGISite.divideDescriptors(limit, among: &sites)
            return sites.map(\.collectionLimit)
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
        #expect(exchange.response?.status == .badGateway)
        #expect(site.log.lines.contains { $0.contains("could not be kept in /nowhere") })
    }
}

private struct Missing: Error {}

/// A responder with one script, and the clock that it is told of.
private final class ScriptSite {
    let folder = try? TemporaryDirectory()
    let responder: CGIResponder
    let reaper: ChildReaper
    let log = RecordedLog()
    var now: Int64 = 1_000_000_000_000_000

    init(_ script: String, _ change: (inout CGISite) -> Void = { _ in }) throws {
        let folder = try #require(folder)
        try folder.makeDirectory("cgi")
        folder.enter("cgi")
        var site = CGISite(prefix: "/", directory: folder.path, documentRoot: folder.path)
        change(&site)
        reaper = try ChildReaper()
        let log = log
        responder = try CGIResponder(site, reaper: reaper, logger: Logger(label: "test") { _ in log })
        try write("script", script)
    }

    /// Makes a script. Another process writes it: what is open for writing here is so for a moment in every process that a
    /// test running beside this one starts, too, and the kernel executes no such file (ETXTBSY).
    func write(_ name: String, _ script: String) throws {
        let folder = try #require(folder)
        let source = "../\(name).source"
        try folder.makeFile(source, script)
        try folder.setMode(source, to: 0o755)
        var copying = try ChildProcess(
            "/bin/cp", arguments: ["cp", "-p", folder.path(source), folder.path(name)], descriptors: [])
        copying.waitForEnd()
        try #require(unsafe access(folder.path(name), X_OK) == 0)
    }

    /// Opens a request; one without content is complete at once.
    func open(_ request: Request, content: Request.Content = .none) throws -> any Exchange {
        var request = request
        request.content = content
        request.arrival = now
        guard case .exchange(let exchange) = responder.open(request) else {
            Issue.record("no exchange")
            throw Missing()
        }
        if content == .none { exchange.endContent() }
        return exchange
    }

    /// Gives turns whenever something happens that the exchanges wait for, until the condition holds.
    func drive(_ exchanges: any Exchange..., until isDone: () -> Bool) throws {
        for exchange in exchanges { exchange.advance(now) }
        while !isDone() {
            var entries = exchanges.flatMap(\.waits).map {
                PollEntry(descriptor: $0.descriptor, interest: $0.direction == .reading ? .read : .write)
            }
            entries.append(PollEntry(descriptor: reaper.descriptor, interest: .read))
            var table = entries.mutableSpan
            try #require(try PollEntry.poll(&table, timeout: .seconds(30)) > 0)
            reaper.reap()
            for exchange in exchanges { exchange.advance(now) }
        }
    }

    /// Waits until the script has written something, or ended.
    func waitForOutput(_ exchange: any Exchange) throws {
        let output = try #require(exchange.waits.first { $0.direction == .reading })
        var entries = [PollEntry(descriptor: output.descriptor, interest: .read)]
        var table = entries.mutableSpan
        try #require(try PollEntry.poll(&table, timeout: .seconds(30)) == 1)
    }

    func reapOne() throws {
        var entries = [PollEntry(descriptor: reaper.descriptor, interest: .read)]
        var table = entries.mutableSpan
        try #require(try PollEntry.poll(&table, timeout: .seconds(30)) == 1)
        reaper.reap()
    }

    /// The content that is there now, or, where there is none yet, the first that comes.
    func produce(_ exchange: any Exchange, atMost limit: Int = 100_000) throws -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: limit)
        while text.count < limit {
            var room = buffer.mutableSpan
            guard case .bytes(let count) = exchange.produce(into: &room) else {
                if !text.isEmpty { break }
                try waitForOutput(exchange)
                exchange.advance(now)
                continue
            }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The lines that were logged.
private final class RecordedLog: LogHandler, @unchecked Sendable {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    private(set) var lines: [String] = []

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append("\(event.message)") }
}
