import Dispatch
import Foundation
import Glibc
import Logging
import MartinetEventLoop
import MartinetHTTP
import MartinetHTTP1
import MartinetPOSIX
import MartinetTLS
import MartinetTestSupport
import Synchronization
import Testing

@testable import MartinetServer

@Suite("A worker")
struct WorkerTests {
    @Test("A worker that is told to leave before it has begun leaves")
    func toldEarly() throws {
        let worker = try RunningWorker(beforehand: { line, _ in try line.send(.drain) })
        #expect(worker.hasEnded)
    }

    @Test("A client who waits to be accepted when the worker is told to leave is answered")
    func lastClient() throws {
        var waiting: LoopbackClient?
        let worker = try RunningWorker(beforehand: { line, address in
            waiting = try LoopbackClient(address)
            try waiting?.send(Self.get)
            try line.send(.drain)
        })
        let client = try #require(waiting)
        let answer = try client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.contains("\r\nConnection: close\r\n"))
        client.close()
        #expect(worker.hasEnded)
    }

    @Test("A client that came before the worker was told to leave may still ask, and is answered")
    func firstRequest() throws {
        let worker = try RunningWorker { limits in
            limits.firstRequest = .seconds(3600)
            limits.idle = .seconds(3600)
        }
        let idle = try worker.connectIdle()
        let new = try worker.connect(sending: "GET /")
        try worker.supervisor.send(.drain)
        #expect(try idle.receive() == "", "its worker has heard")
        try new.send(" HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try new.receive()
        #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.contains("\r\nConnection: close\r\n"))
        #expect(try new.receive() == "")
        new.close()
        idle.close()
        #expect(worker.hasEnded)
    }

    @Test("Who has not asked for anything when the worker is told to leave holds it up for a short while only")
    func silence() throws {
        let worker = try RunningWorker { limits in
            limits.firstRequest = .milliseconds(50)
            (limits.handshake, limits.idle, limits.drain) = (.seconds(3600), .seconds(3600), .seconds(3600))
        }
        // An empty line before a request is none.
        let silent = try worker.connect(sending: "\r\n")
        let shaking = try worker.connect(isPlain: false, sending: "\u{16}\u{3}\u{1}")
        let idle = try worker.connectIdle()
        try worker.supervisor.send(.drain)
        for client in [idle, silent, shaking] {
            #expect(try client.receive() == "")
            client.close()
        }
        #expect(worker.hasEnded)
    }

    @Test("Lines that the access log does not take within the drain time are counted, and the error log says so")
    func lostLines() throws {
        let pipe = try Pipe(isNonBlocking: true)
        try #require(fcntl(pipe.writing.number, 1031, 4096) == 4096)
        let errors = try Pipe(isNonBlocking: true)
        let errorSink = LogSink(try FileDescriptor.duplicate(errors.writing.number))
        let worker = try RunningWorker(
            accessSink: LogSink(FileDescriptor.duplicate(pipe.writing.number)), errorSink: errorSink
        ) { $0.drain = .milliseconds(200) }
        let client = try worker.connect(sending: "")
        for _ in 0..<100 {
            try client.send(Self.get)
            _ = try client.receive()
        }
        client.close()
        try worker.supervisor.send(.drain)
        #expect(worker.hasEnded)
        let written = try pipe.reading.receiveLines(), said = try errors.reading.receiveLines()
        #expect(written.allSatisfy { $0.hasPrefix("127.0.0.1 - - [") })
        #expect(
            said.contains { $0.contains("error worker: \(100 - written.count) lines of the access log are lost") },
            "\(said)")
    }

    @Test("Where too much is kept for slow readers, those that take nothing are cut, and others are not")
    func stalled() throws {
        let errors = try Pipe(isNonBlocking: true)
        let errorSink = LogSink(try FileDescriptor.duplicate(errors.writing.number))
        let worker = try RunningWorker(errorSink: errorSink) { limits in
            limits.slowReaderMemory = 1_000_000
            limits.stall = .milliseconds(50)
            limits.output = .seconds(3600)
        }
        let idle = try worker.connectIdle()
        // More than the kernels at both ends hold.
        let stalled = try (0..<4).map { _ in try worker.connect(sending: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n") }
        for client in stalled { #expect(client.isReset) }
        try idle.send(Self.get)
        #expect(try idle.receive().hasPrefix("HTTP/1.1 404 "))
        try worker.supervisor.send(.drain)
        for client in stalled + [idle] { client.close() }
        #expect(worker.hasEnded)
        let said = try errors.reading.receiveLines()
        #expect(said.contains { $0.contains("KiB were kept for clients that do not read: cut ") }, "\(said)")
    }

    @Test("What a worker answers with is replaced while it runs; a request is answered by what there is when it comes")
    func replaced() throws {
        let worker = try RunningWorker()
        let client = try worker.connectIdle()
        let isMade = DispatchSemaphore(value: 0)
        #expect(
            worker.send(
                .replace {
                    // Whoever is accepted from now on is accepted after it.
                    defer { isMade.signal() }
                    let teapot = Teapot()
                    return try WorkerParts(
                        tls: .forLocalhost(), protocols: ApplicationProtocols(.http1), responder: teapot,
                        redirects: Redirects(onTLSPort: teapot, onPlainPort: teapot, spoken: .http1))
                }))
        isMade.wait()
        let new = try worker.connect(sending: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let answer = try new.receive()
        #expect(answer.hasPrefix("HTTP/1.1 503 "), "\(answer)")
        #expect(worker.send(.replace { throw SystemError("open", code: 2) }), "it goes on as it was")
        let other = try worker.connect(sending: Self.get)
        #expect(try other.receive().hasPrefix("HTTP/1.1 503 "))
        #expect(worker.send(.drain(within: .seconds(3600))))
        for client in [client, new, other] { client.close() }
        #expect(worker.hasEnded)
    }

    @Test("A worker that is told to stop does, whoever is connected")
    func stopped() throws {
        let worker = try RunningWorker { limits in (limits.idle, limits.drain) = (.seconds(3600), .seconds(3600)) }
        let idle = try worker.connectIdle()
        let begun = try worker.connect(sending: "GET /")
        #expect(worker.send(.stop))
        #expect(worker.hasEnded)
        #expect(try idle.receive() == "" && begun.receive() == "")
    }

    @Test("The time within which it drains is the one it is told")
    func drainTime() throws {
        let worker = try RunningWorker { limits in
            (limits.drain, limits.head, limits.firstRequest) = (.seconds(3600), .seconds(3600), .seconds(3600))
        }
        let begun = try worker.connect(sending: "GET /")
        #expect(worker.send(.drain(within: .milliseconds(20))))
        #expect(worker.hasEnded)
        begun.close()
    }

    @Test("What a worker's loop serves besides is a member of the loop, and is waited for")
    func member() throws {
        let member = Errand()
        let worker = try RunningWorker(member: member)
        #expect(worker.send(.drain(within: .seconds(3600))))
        #expect(worker.hasEnded)
        #expect(!member.isBusy)
    }

    fileprivate static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
}

private final class Teapot: Responder {
    func open(_ request: borrowing Request) -> Answer { .complete(.error(.serviceUnavailable, "this is a teapot")) }
}

/// What has to be done before a loop ends.
private final class Errand: LoopMember, Sendable {
    let isDone = Atomic(false)

    func join(_ place: LoopPlace) {}

    func handle(_ event: LoopEvent) {
        if case .draining = event { isDone.store(true, ordering: .releasing) }
    }

    var isBusy: Bool { !isDone.load(ordering: .acquiring) }
}

extension FileDescriptor {
    /// The lines that a pipe holds.
    fileprivate func receiveLines() throws -> [String] {
        try readText().split(separator: "\n").map(String.init)
    }
}
