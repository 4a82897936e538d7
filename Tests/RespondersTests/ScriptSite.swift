import Glibc
import Logging
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

/// A responder with one script, and the clock that it is told of.
final class ScriptSite {
    private struct Missing: Error {}

    let folder = try? TemporaryDirectory()
    let responder: CGIResponder
    let reaper: ChildReaper
    let log = RecordingLog()
    var now: MonotonicTime = 1_000_000_000_000_000

    init(
        _ script: String, memory: ContentMemory = ContentMemory(), _ change: (inout CGISite) -> Void = { _ in }
    ) throws {
        let folder = try #require(folder)
        try folder.makeDirectory("cgi")
        folder.enter("cgi")
        var site = CGISite(prefix: "/", directory: folder.path, documentRoot: folder.path)
        change(&site)
        reaper = try ChildReaper()
        let log = log
        responder = try CGIResponder(
            site, memory: memory, reaper: reaper, logger: Logger(label: "test") { _ in log })
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
    func open(_ request: Request, content: Request.Content = .none) throws -> DrivenExchange {
        var request = request
        request.content = content
        request.arrival = now
        // Not kept here, or it would outlive an exchange that takes its place.
        let exchange = DrivenExchange(responder.open(request), TestLoop(now: now))
        guard exchange.isExchange else {
            Issue.record("no exchange")
            throw Missing()
        }
        if content == .none { exchange.endContent() }
        return exchange
    }

    /// Opens a request with so much content and sends as much as has its script started.
    ///
    /// - Returns: the exchange, and how much of that it has taken.
    func openLong(_ content: [UInt8]) throws -> (DrivenExchange, byteCount: Int) {
        let exchange = try open(Request("/script", method: .post), content: .length(content.count))
        // The byte beyond what is buffered has it started; the script may not have read yet what fills its pipe.
        let count = exchange.receive(content.span.extracting(0...ContentBuffer.memoryByteLimit))
        try #require(count >= ContentBuffer.memoryByteLimit)
        return (exchange, count)
    }

    /// Sends content as the exchange takes it.
    func send(_ content: ArraySlice<UInt8>, to exchange: DrivenExchange) throws {
        var rest = Array(content)
        while !rest.isEmpty {
            let count = exchange.receive(rest.span)
            rest.removeFirst(count)
            if count == 0 { try wait(for: exchange) }
        }
    }

    /// Waits until something happens that the exchange waits for, and gives it a turn.
    func wait(for exchange: DrivenExchange) throws { try exchange.wait(at: now) }

    /// The content to its end.
    func produceAll(_ exchange: DrivenExchange) throws -> String {
        var text: [UInt8] = []
        try drive(exchange) {
            guard exchange.response != nil else { return false }
            let (bytes, last) = produceNow(exchange)
            text += bytes
            return last == .end
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The content that is there now, and what is said behind it.
    func produceNow(_ exchange: DrivenExchange) -> ([UInt8], Production) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 10_000)
        while true {
            var room = buffer.mutableSpan
            let last = exchange.produce(into: &room)
            guard case .bytes(let count) = last else { return (bytes, last) }
            bytes += buffer[..<count]
        }
    }

    /// Gives turns whenever something happens that the exchanges wait for, until the condition holds.
    func drive(_ exchanges: DrivenExchange..., until isDone: () -> Bool) throws {
        for exchange in exchanges { exchange.advance(now) }
        while !isDone() {
            var entries = exchanges.flatMap(\.loop.entries)
            entries.append(PollEntry(descriptor: reaper.descriptor, interest: .read))
            try FileDescriptor.waitForAny(&entries)
            reaper.reap()
            for exchange in exchanges { exchange.advance(now) }
        }
    }

    /// Waits until the script has written something, or ended.
    func waitForOutput(_ exchange: DrivenExchange) throws {
        var entries = exchange.loop.entries
        try FileDescriptor.waitForAny(&entries)
    }

    func reapOne() throws {
        try FileDescriptor.wait(on: reaper.descriptor)
        reaper.reap()
    }

    /// The content that is there now, or, where there is none yet, the first that comes.
    func produce(_ exchange: DrivenExchange, atMost limit: Int = 100_000) throws -> String {
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
