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

/// A worker in a thread of its own, with a listener for plain HTTP and one for TLS, and the line to it.
final class RunningWorker {
    let supervisor: ControlChannel
    private let plainAddress: SocketAddress
    private let address: SocketAddress
    private let ending = DispatchSemaphore(value: 0)
    private let inbox = SharedInbox()

    /// - Parameter beforehand: what happens before it begins; what is said to it then comes in one piece with its
    ///   configuration.
    init(
        protocols: ApplicationProtocols = ApplicationProtocols(.http1), accessSink: LogSink? = nil,
        errorSink: LogSink? = nil, member: (any LoopMember & Sendable)? = nil,
        limits change: (inout Limits) -> Void = { _ in },
        beforehand: (_ line: ControlChannel, _ plain: SocketAddress) throws -> Void = { _, _ in },
        responder: @escaping @Sendable () -> any Responder = { Nowhere() }
    ) throws {
        let pair = try SocketPair()
        let control = try FileDescriptor.duplicate(pair.second.number).release()
        supervisor = ControlChannel(pair.takeFirst(), at: .supervisor)
        let plain = try ListeningSocket(.loopback4(port: 0))
        let secure = try ListeningSocket(.loopback4(port: 0))
        (plainAddress, address) = (plain.address, secure.address)
        let (plainListener, listener) = (plain.takeDescriptor().release(), secure.takeDescriptor().release())
        var limits = Limits()
        change(&limits)
        let (ending, inbox) = (ending, inbox)
        let chosen = limits
        try supervisor.send(.configuration(SecretBytes([UInt8]())))
        try beforehand(supervisor, plainAddress)
        Thread.detachNewThread {
            do {
                let responder = responder()
                let parts = try WorkerParts(
                    tls: .forLocalhost(applicationProtocols: protocols.names), protocols: protocols,
                    responder: responder,
                    redirects: Redirects(onTLSPort: responder, onPlainPort: responder, spoken: .http1))
                try Self.run(listener, plainListener, control, chosen, accessSink, errorSink, member, parts, inbox)
            } catch {
                Issue.record(error)
            }
            ending.signal()
        }
        if try supervisor.receive() != .ready { Issue.record("it did not get ready") }
    }

    private static func run(
        _ listener: CInt, _ plainListener: CInt, _ control: CInt, _ limits: Limits, _ accessSink: LogSink?,
        _ errorSink: LogSink?, _ member: (any LoopMember)?, _ parts: WorkerParts, _ inbox: SharedInbox
    ) throws {
        let control = ControlChannel(FileDescriptor(owning: control), at: .worker)
        _ = try control.receive()
        _ = ThisProcess.raiseDescriptorLimit()
        let worker = try Worker(
            listeners: [
                Listener(try ListeningSocket(inheriting: FileDescriptor(owning: listener))),
                Listener(try ListeningSocket(inheriting: FileDescriptor(owning: plainListener)), isPlain: true),
            ], limits: limits, parts: parts,
            logs: WorkerLogs(
                Logger(label: "test") { _ in
                    guard let errorSink else { return SwiftLogNoOpLogHandler() }
                    return ErrorLog(errorSink, name: "worker", level: .notice)
                }, access: accessSink, errors: errorSink),
            process: Worker.Process(control: control), members: member.map { [$0] } ?? [])
        inbox.value.withLock { $0 = worker.inbox }
        try worker.run()
    }

    /// Whether the message is taken.
    func send(_ message: Worker.Message) -> Bool { inbox.value.withLock { $0?.send(message) ?? false } }

    static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    /// Has it leave, and waits for that.
    func end(_ clients: [LoopbackClient]) throws {
        for client in clients { client.close() }
        #expect(send(.drain(within: .seconds(3600))))
        #expect(hasEnded)
    }

    /// Whether it ends; waits for that.
    var hasEnded: Bool { ending.wait(timeout: .now() + 60) == .success }

    /// A client whose first bytes are with the kernel.
    func connect(isPlain: Bool = true, sending text: String) throws -> LoopbackClient {
        let client = try LoopbackClient(isPlain ? plainAddress : address)
        try client.send(text)
        return client
    }

    /// A client whose handshake is complete.
    func connect(
        _ version: TLSConfiguration.Version, protocols: [String] = ["http/1.1"]
    ) throws -> SecureClient {
        try SecureClient(address, version, protocols: protocols)
    }

    /// A client that has had an answer.
    func connectIdle() throws -> LoopbackClient {
        let client = try connect(sending: Self.get)
        #expect(try client.receive().hasPrefix("HTTP/1.1 404 "))
        return client
    }
}

/// Filled when the worker has its inbox.
final class SharedInbox: Sendable {
    let value = Mutex<Inbox<Worker.Message>?>(nil)
}

final class Nowhere: Responder {
    func open(_ request: borrowing Request) -> Answer {
        request.text(request.path) == "/large"
            ? .complete(Response(.ok, content: .bytes([UInt8](repeating: 0, count: 8_000_000))))
            : .complete(.error(.notFound, "nothing is here"))
    }
}
