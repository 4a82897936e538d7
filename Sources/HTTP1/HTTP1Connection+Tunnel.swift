import MartinetBytes
import MartinetHTTP

extension HTTP1Connection {
    /// Passes bytes both ways.
    mutating func moveTunnel(
        _ input: inout ByteQueue, _ output: inout ByteQueue, _ head: borrowing Request, _ service: HTTPService
    ) {
        guard let exchange else { return }
        tunnel.isHeldBack = false
        while !input.isEmpty, !tunnel.isHeldBack {
            let count = exchange.receive(input.readable)
            progress.receivedByteCount += count
            input.consume(count)
            tunnel.isHeldBack = count == 0
        }
        if isInputEnded, input.isEmpty, !tunnel.isEnded {
            tunnel.isEnded = true
            exchange.handle(.clientEnded)
        }
        while !writer.isComplete, let space = ResponseContent.space(in: output) {
            switch ResponseContent.produce(exchange, space, &output) {
            case .bytes(let count): writer.count(tunnelled: count)
            case .end, .endWithTrailers: writer.endTunnel()
            case .notYet: return
            case .failed(let problem): return fail(problem, head, service)
            }
        }
        guard writer.isComplete, tunnel.isEnded else { return }
        exchange.handle(.completed)
        persistence = .closesAsAsked
        reading = .complete
    }
}
