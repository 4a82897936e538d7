import Logging
import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

/// An application that is no process: it is at the other end of a socket, is told of requests in pairs, and its requests end
/// as the test says.
final class ToyApplication: GatewayOrigin, Responder {
    /// The application's end of what one request came on.
    final class Call {
        let socket: FileDescriptor
        let told: [String: String]
        fileprivate(set) var isLeftComplete: Bool?
        fileprivate(set) var endCount = 0
        /// What it has taken by itself.
        fileprivate(set) var taken: [UInt8] = []

        fileprivate init(_ socket: consuming FileDescriptor, _ told: [String: String]) {
            self.socket = socket
            self.told = told
        }

        func write(_ text: String) throws {
            let bytes = [UInt8](text.utf8)
            #expect(try socket.send(bytes.span) == .bytes(bytes.count))
        }

        func end() { socket.shutdownSending() }
    }

    let form: GatewayHead.Form
    let readsFiles = false
    let gateway: Gateway
    let recording = RecordingLog()
    /// How its answers end.
    var ending = GatewayEnding.complete(how: nil)
    /// The most that an answer may take.
    var time: Interval?
    /// Whether it takes all content at once.
    var takesEverything = false
    /// Where local redirections lead; itself where there is no other.
    var other: ToyApplication?
    private(set) var calls: [Call] = []

    init(_ form: GatewayHead.Form = .header, _ change: (inout GatewaySettings) -> Void = { _ in }) {
        self.form = form
        var settings = GatewaySettings()
        change(&settings)
        let recording = recording
        gateway = Gateway(
            settings, GatewayWords(noun: "application", begun: "asked", ended: "given up"), memory: ContentMemory(),
            logger: Logger(label: "test") { _ in recording })
    }

    var lines: [String] { recording.lines }

    func open(_ request: borrowing Request) -> Answer {
        let log = gateway.log(for: request, identifier: gateway.identifier(for: request), name: "toy")
        return gateway.answer(request, from: self, log, router: other ?? self)
    }

    func begin(
        _ request: borrowing Request, _ content: GatewayContent, occupying occupied: [AnyObject],
        _ host: inout ExchangeHost
    ) throws(GatewayFailure) -> any GatewayBackend {
        let script = MetaVariables.Script(name: [UInt8]("/toy".utf8), file: [], pathInfo: [])
        var pairs = ToyPairs()
        MetaVariables(copy request, script, MetaVariables.Settings(documentRoot: "/"), identifier: "id")
            .add(to: &pairs)
        do throws(SystemError) {
            let pair = try SocketPair()
            try pair.first.setNonBlocking()
            try pair.second.setNonBlocking()
            let other = try FileDescriptor.duplicate(pair.second.number)
            let call = Call(other, pairs.values)
            calls.append(call)
            return ToyBackend(pair.takeFirst(), call, self, until: time.map { host.now + $0 }, occupied)
        } catch {
            throw .badGateway("has no socket")
        }
    }
}

private struct ToyPairs: MetaVariableList {
    var values: [String: String] = [:]

    mutating func append(_ name: some Sequence<UInt8>, value: some Sequence<UInt8>) {
        let name = String(decoding: Array(name), as: UTF8.self)
        #expect(values.updateValue(String(decoding: Array(value), as: UTF8.self), forKey: name) == nil)
    }
}

private final class ToyBackend: GatewayBackend {
    private let socket: FileDescriptor
    private let call: ToyApplication.Call
    private let application: ToyApplication
    private var occupied: [AnyObject]
    private var isOver = false
    private(set) var deadline: MonotonicTime

    init(
        _ socket: consuming FileDescriptor, _ call: ToyApplication.Call, _ application: ToyApplication,
        until deadline: MonotonicTime?, _ occupied: [AnyObject]
    ) {
        self.socket = socket
        self.call = call
        self.application = application
        self.deadline = deadline ?? .distantFuture
        self.occupied = occupied
    }

    var hasEnded: Bool { occupied.isEmpty }

    func write(_ content: Span<UInt8>, _ host: inout ExchangeHost) -> Int? {
        if application.takesEverything {
            call.taken += [UInt8](copying: content)
            return content.count
        }
        guard case .bytes(let count) = try? socket.send(content) else {
            host.watch(socket.number, for: .write)
            return 0
        }
        return count
    }

    func endInput(_ host: inout ExchangeHost) {
        call.endCount += 1
        socket.shutdownSending()
    }

    func read(into room: inout MutableSpan<UInt8>, _ host: inout ExchangeHost) -> GatewayReading {
        if isOver { return .end(.overdue("took its time")) }
        switch try? socket.receive(into: &room) {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock:
            host.watch(socket.number, for: .read)
            return .notYet
        case .endOfStream, nil:
            occupied = []
            return .end(application.ending)
        }
    }

    func flushMessages(_ host: inout ExchangeHost) {}

    func handle(_ event: ExchangeEvent, _ host: inout ExchangeHost) -> GatewayProgress {
        switch event {
        case .ready(_, let readiness):
            var progress = GatewayProgress()
            if readiness.contains(.write) { progress.insert(.input) }
            if readiness.contains(.read) { progress.insert(.output) }
            return progress
        case .deadline:
            guard host.now >= deadline else { return [] }
            deadline = .distantFuture
            isOver = true
            return .output
        default: return []
        }
    }

    func leave(isComplete: Bool, _ host: inout ExchangeHost) {
        #expect(call.isLeftComplete == nil, "it is left once")
        call.isLeftComplete = isComplete
        host.forget(socket.number)
        occupied = []
    }
}
