import Foundation
import Glibc
import MartinetBytes
import MartinetEventLoop
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetServer

/// Exchanges of every kind on a worker's real loop, with plain HTTP clients on real sockets.
@Suite("Exchanges on a worker's loop", .timeLimit(.minutes(1)))
struct SeamTests {
    @Test("A tunnel passes bytes both ways, those behind the head first, and each side ends by itself")
    func tunnel() throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(
            sending: "GET /t HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly")
        let head = try client.receive(until: "early")
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(head.contains("\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nearly"))
        try client.send("hello")
        #expect(try client.receive(until: "hello") == "hello")
        try client.send("last")
        client.endSending()
        #expect(try client.receive(until: "last") == "last", "what came before the end comes back")
        #expect(try client.receive() == "")
        try worker.end([client])
    }

    @Test("A tunnel's head waits until the request's content is read")
    func tunnelBehindContent() throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(
            sending: "POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
        try client.send("cdtunnel")
        let said = try client.receive(until: "tunnel")
        #expect(said.hasSuffix("\r\n\r\nabcdtunnel"))
        try worker.end([client])
    }

    @Test("As much as one likes goes through a tunnel each way, at one time")
    func largeTunnel() throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(sending: "GET /t HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n")
        _ = try client.receive(until: "\r\n\r\n")
        let byteCount = 64 << 20
        let reading = DispatchSemaphore(value: 0)
        let received = Mutex(0)
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var sum = 0
            while sum < byteCount, let count = try? client.receive(into: &buffer), count > 0 { sum += count }
            received.withLock { $0 = sum }
            reading.signal()
        }
        let piece = [UInt8](repeating: 120, count: 1 << 16)
        for _ in 0..<byteCount / piece.count { try client.sendAll(piece) }
        reading.wait()
        #expect(received.withLock { $0 } == byteCount)
        try worker.end([client])
    }

    @Test("A client that takes nothing is read no longer: what waits in a tunnel is bounded")
    func backPressure() throws {
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel() } })
        let client = try worker.connect(sending: "GET /t HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive(until: "\r\n\r\n")
        let piece = [UInt8](repeating: 120, count: 1 << 16)
        var sent = 0
        while sent < 64 << 20, try client.sendNow(piece) { sent += piece.count }
        #expect(sent < 32 << 20, "more than two kernels and a worker keep")
        try worker.end([client])
    }

    @Test("Where the server's side of a tunnel ends first, the client hears of it and may still send")
    func serverEndsFirst() throws {
        let counted = Mutex(0)
        let worker = try RunningWorker(responder: {
            OneExchange { ListeningTunnel { count in counted.withLock { $0 = count } } }
        })
        let client = try worker.connect(sending: "GET /t HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(until: "bye").hasSuffix("\r\n\r\nbye"))
        #expect(try client.receive() == "", "it is told at once")
        for _ in 0..<10 { try client.sendAll([UInt8](repeating: 120, count: 100_000)) }
        client.endSending()
        try worker.end([client])
        #expect(counted.withLock { $0 } == 1_000_000)
    }

    @Test("A tunnel whose client has gone is dropped")
    func goneClient() throws {
        let gone = DispatchSemaphore(value: 0)
        let worker = try RunningWorker(responder: { OneExchange { EchoTunnel { gone.signal() } } })
        let client = try worker.connect(sending: "GET /t HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive(until: "\r\n\r\n")
        client.reset()
        #expect(gone.wait(timeout: .now() + 30) == .success)
        try worker.end([])
    }

    @Test("An exchange reads and writes one socket, and is asked only for what there is room for")
    func oneSocket() throws {
        let pair = try SocketPair()
        let far = try FileDescriptor.duplicate(pair.second.number)
        try far.setNonBlocking()
        let near = Mutex<CInt?>(pair.takeFirst().release())
        let worker = try RunningWorker(responder: {
            OneExchange {
                let socket = FileDescriptor(owning: near.withLock { $0.take() } ?? -1)
                try? socket.setNonBlocking()
                return SocketExchange(socket)
            }
        })
        let byteCount = 1_000_000
        let client = try worker.connect(
            sending: "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: \(byteCount)\r\n\r\n")
        let sending = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            try? client.sendAll([UInt8](repeating: 99, count: byteCount))
            sending.signal()
        }
        // What comes of the content goes back, so that both directions are in use at one time.
        var arrived = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var isAnswered = false
        while true {
            try FileDescriptor.wait(on: far.number)
            var room = buffer.mutableSpan
            let transfer = try far.read(into: &room)
            if transfer == .endOfStream { break }
            guard case .bytes(let count) = transfer else { continue }
            arrived += count
            if !isAnswered { _ = try far.send([UInt8]("first ".utf8).span) }
            isAnswered = true
        }
        sending.wait()
        #expect(arrived == byteCount)
        _ = try far.send([UInt8]("last".utf8).span)
        far.shutdownSending()
        let answer = try client.receive(until: "0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.contains("first") && answer.contains("last"))
        try worker.end([client])
    }

    @Test("An exchange is completed from another thread; one that is gone is not missed")
    func otherThread() throws {
        let later = Mutex<Waker?>(nil)
        let worker = try RunningWorker(responder: {
            OneExchange {
                LaterExchange { waker in
                    later.withLock { $0 = waker }
                    Thread.detachNewThread { for _ in 0..<1000 { waker.wake() } }
                }
            }
        })
        let client = try worker.connect(sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(until: "woken").hasSuffix("\r\n\r\nwoken"))
        // The exchange is over: its number is nobody's now.
        later.withLock { $0?.wake() }
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.receive(until: "woken").hasSuffix("\r\n\r\nwoken"))
        client.close()
        later.withLock { $0?.wake() }
        try worker.end([])
    }

    @Test("Of 10 000 exchanges that are dropped while work for them is done elsewhere, none hears of it")
    func dropped() throws {
        let heard = Atomic(0)
        let threads = try HelperThreads(threadCount: 2, queueLimit: 20_000)
        let loop = try EventLoop()
        for number in 0..<10_000 {
            let token = Token(slot: 7, generation: 1, stream: UInt32(number + 1))
            do {
                let exchange = WaitingExchange(threads) { heard.add(1, ordering: .relaxed) }
                exchange.begin(ExchangeHost(loop, token: token))
                _ = exchange.head()
                // Some are dropped before their work has begun, some while it is done, some when it is over.
                if number % 3 == 0 { sched_yield() }
            }
            if number % 100 == 0 {
                var events: [Event] = []
                try loop.wait(atMost: .zero, into: &events)
                _ = loop.serveMembers()
            }
        }
        let last = try #require(threads.calculate {})
        try last.wait()
        var events: [Event] = []
        try loop.wait(atMost: .zero, into: &events)
        let woken = loop.serveMembers()
        #expect(heard.load(ordering: .relaxed) == 0)
        // A wake-up may come for one that is gone: its owner finds nobody.
        #expect(woken.allSatisfy { $0.slot == 7 })
    }

    @Test("An exchange without an end of its own hears that the worker leaves")
    func drain() throws {
        let worker = try RunningWorker(responder: { OneExchange { EndlessExchange() } })
        let client = try worker.connect(sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.receive(until: "tick\r\n")
        #expect(worker.send(.drain(within: .seconds(3600))))
        #expect(try client.receive(until: "0\r\n\r\n").contains("bye"))
        client.close()
        #expect(worker.hasEnded)
    }

    @Test("Interim responses go before the head, and fields behind the content")
    func interim() throws {
        let worker = try RunningWorker(responder: { OneExchange { HintingExchange() } })
        let client = try worker.connect(sending: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let said = try client.receive(until: "\r\n\r\n0\r\nChecksum: 1\r\n\r\n", orEnd: true)
        #expect(said.hasPrefix("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n"))
        #expect(said.hasSuffix("x\r\n0\r\nChecksum: 1\r\n\r\n"))
        // HTTP/1.0 knows neither.
        let old = try worker.connect(sending: "GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        let plain = try old.receive(until: "never", orEnd: true)
        #expect(plain.hasPrefix("HTTP/1.1 200 OK\r\n") && plain.hasSuffix("\r\n\r\nx"))
        try worker.end([client, old])
    }
}

/// Passes content to a socket, and what comes from it to the client: one descriptor, both directions.
private final class SocketExchange: Exchange {
    private let socket: FileDescriptor
    private var host: ExchangeHost?
    let contentNeed = ContentNeed.now

    init(_ socket: consuming FileDescriptor) {
        self.socket = socket
    }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }

    func receive(_ content: Span<UInt8>) -> Int {
        if case .bytes(let count) = try? socket.send(content) { return count }
        host?.watch(socket.number, for: .write)
        return 0
    }

    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: nil))) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        switch try? socket.receive(into: &room) {
        case .bytes(let count): return .bytes(count)
        case .endOfStream: return .end
        case .wouldBlock:
            host?.watch(socket.number, for: .read)
            return .notYet
        case nil: return .failed("the socket is lost")
        }
    }

    func handle(_ event: ExchangeEvent) {
        if case .contentEnded = event { socket.shutdownSending() }
    }
}

/// Answers when somebody has woken it.
private final class LaterExchange: Exchange {
    private let ask: (Waker) -> Void
    private var host: ExchangeHost?
    private var isWoken = false
    let contentNeed = ContentNeed.never

    init(_ ask: @escaping (Waker) -> Void) {
        self.ask = ask
    }

    func begin(_ host: consuming ExchangeHost) {
        ask(host.waker)
        self.host = consume host
    }

    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func head() -> HeadStep { isWoken ? .final(Response(.ok, content: .bytes([UInt8]("woken".utf8)))) : .notYet }
    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
    func handle(_ event: ExchangeEvent) { if case .woken = event { isWoken = true } }
}

/// Waits for a helper thread.
private final class WaitingExchange: Exchange {
    private let calculation: Calculation<Int>?
    private let whenTold: () -> Void
    private var host: ExchangeHost?
    let contentNeed = ContentNeed.never

    init(_ threads: HelperThreads, _ whenTold: @escaping () -> Void) {
        calculation = threads.calculate { (0..<100).reduce(0, &+) }
        self.whenTold = whenTold
    }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }
    func receive(_ content: Span<UInt8>) -> Int { content.count }

    func head() -> HeadStep {
        if let waker = host?.waker { calculation?.wake(waker) }
        return .notYet
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production { .end }
    func handle(_ event: ExchangeEvent) { whenTold() }
}

/// Has no end of its own.
private final class EndlessExchange: Exchange {
    private var step = 0
    private var isEnding = false
    let contentNeed = ContentNeed.never

    func begin(_ host: consuming ExchangeHost) {}
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: nil))) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        step += 1
        if step == 1 { return write("tick", to: &room) }
        guard isEnding else {
            step = 1
            return .notYet
        }
        return step == 2 ? write("bye", to: &room) : .end
    }

    private func write(_ text: String, to room: inout MutableSpan<UInt8>) -> Production {
        let bytes = [UInt8](text.utf8)
        room.copy(from: bytes.span, at: 0)
        return .bytes(bytes.count)
    }

    func handle(_ event: ExchangeEvent) { if case .draining = event { isEnding = true } }
}

/// An interim response, then content with a field behind it.
private final class HintingExchange: Exchange {
    private var step = 0
    let contentNeed = ContentNeed.never

    func begin(_ host: consuming ExchangeHost) {}
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func handle(_ event: ExchangeEvent) {}

    func head() -> HeadStep {
        step += 1
        if step > 1 { return .final(Response(.ok, content: .stream(length: nil))) }
        var fields = Fields()
        fields.append("Link", "</a.css>; rel=preload")
        return .interim(Response(StatusCode(rawValue: 103), fields: fields))
    }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        step += 1
        guard step > 3 else {
            room[0] = UInt8(ascii: "x")
            return .bytes(1)
        }
        var trailers = Fields()
        trailers.append("Checksum", "1")
        return .endWithTrailers(trailers)
    }
}
