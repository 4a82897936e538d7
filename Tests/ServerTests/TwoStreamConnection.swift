import MartinetBytes
import MartinetEvents
import MartinetHTTP

/// A small protocol with several streams on a connection, in frames: a byte with the stream's number, a byte with the number
/// of bytes that follow, and these. A client sends a path, and gets content until an empty frame.
final class TwoStreamConnection: ProtocolConnection {
    static let applicationProtocol = ApplicationProtocol(name: "two-streams") { peer, token, _ in
        TwoStreamConnection(peer, token)
    }

    private struct Stream {
        let exchange: any Exchange
        var hasHead = false
    }

    private let peer: Peer
    private let token: Token
    private var streams: [UInt32: Stream] = [:]
    /// Those to whom something has happened since they were asked.
    private var ready: [UInt32] = []
    private var isInputEnded = false
    private(set) var ending: ConnectionEnding?
    private(set) var progress = ConnectionProgress()

    init(_ peer: Peer, _ token: Token) {
        self.peer = peer
        self.token = token
    }

    let hasEndedOutput = false
    let keptByteCount = 0
    var wantsInput: Bool { ending == nil && !isInputEnded }

    func advance(_ input: inout ByteQueue, _ output: inout ByteQueue, _ service: HTTPService) -> Waiting {
        while input.count >= 2, input.count >= 2 + Int(input.readable[1]) {
            let (number, count) = (UInt32(input.readable[0]), Int(input.readable[1]))
            let path = [UInt8](copying: input.readable.extracting(2..<2 + count))
            input.consume(2 + count)
            open(path, number, service)
        }
        let numbers = ready
        ready = []
        for number in numbers { move(number, &output) }
        if isInputEnded, streams.isEmpty { ending = .complete(isExpected: true) }
        return streams.isEmpty ? .request : .response
    }

    private func open(_ path: [UInt8], _ number: UInt32, _ service: HTTPService) {
        var request = Request()
        request.reset(path.span)
        request.peer = peer
        guard case .exchange(let exchange, _) = service.responder.open(request) else { return }
        streams[number] = Stream(exchange: exchange)
        exchange.begin(ExchangeHost(service.loop, token: token.stream(number)))
        handle(.contentEnded(nil), stream: number)
    }

    private func move(_ number: UInt32, _ output: inout ByteQueue) {
        guard var stream = streams[number] else { return }
        if !stream.hasHead, case .final = stream.exchange.head() { stream.hasHead = true }
        streams[number] = stream
        while stream.hasHead {
            var content = [UInt8](repeating: 0, count: 255)
            var room = content.mutableSpan
            switch stream.exchange.produce(into: &room) {
            case .bytes(let count): output.append([UInt8(number), UInt8(count)] + content[..<count])
            case .notYet: return
            case .end, .endWithTrailers, .failed:
                output.append([UInt8(number), 0])
                streams[number] = nil
                progress.exchangeCount += 1
                return
            }
        }
    }

    func handle(_ event: ExchangeEvent, stream: UInt32) {
        streams[stream]?.exchange.handle(event)
        ready.append(stream)
    }

    func drain() { for number in streams.keys { handle(.draining, stream: number) } }
    func endInput() { isInputEnded = true }

    func abandon(_ service: HTTPService) {
        streams = [:]
        ending = .truncated
    }

    func timeOut(_ waiting: Waiting, _ output: inout ByteQueue, _ service: HTTPService) {
        ending = .complete(isExpected: false)
    }
}
