import MartinetEvents
import MartinetHTTP
import MartinetPOSIX

/// Answers with what comes through a pipe, and with what happened until then.
final class PipeResponder: Responder {
    private let descriptors: [CInt]

    /// - Parameter descriptors: of the pipes that a path means by its last digit.
    init(_ descriptors: [CInt]) {
        self.descriptors = descriptors
    }

    func open(_ request: borrowing Request) -> Answer {
        let digit = request.path.last.map { request.bytes[$0] } ?? request.bytes[0]
        return .exchange(PipeExchange(descriptors[Int(digit - UInt8(ascii: "0"))]))
    }
}

/// Says that it has begun, and what comes through its pipe.
final class PipeExchange: Exchange {
    private let descriptor: CInt
    private var host: ExchangeHost?
    /// How often it was asked for content.
    private var askCount = 0
    private var heard: [String] = []
    private var isOver = false
    let contentNeed = ContentNeed.never

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    func begin(_ host: consuming ExchangeHost) { self.host = consume host }
    func receive(_ content: Span<UInt8>) -> Int { content.count }
    func head() -> HeadStep { .final(Response(.ok, content: .stream(length: nil))) }

    func produce(into room: inout MutableSpan<UInt8>) -> Production {
        if isOver { return .end }
        askCount += 1
        if askCount == 1 { return write("begun", to: &room) }
        var bytes: [UInt8] = [0]
        var byte = bytes.mutableSpan
        guard let pipe = try? FileDescriptor.duplicate(descriptor), case .bytes = try? pipe.read(into: &byte) else {
            host?.watch(descriptor, for: .read)
            return .notYet
        }
        isOver = true
        let text = String(decoding: bytes, as: UTF8.self)
        return write("asked \(askCount), heard \(heard.joined(separator: " ")): \(text)", to: &room)
    }

    private func write(_ text: String, to room: inout MutableSpan<UInt8>) -> Production {
        for (index, byte) in text.utf8.enumerated() { room[index] = byte }
        return .bytes(text.utf8.count)
    }

    func handle(_ event: ExchangeEvent) {
        switch event {
        case .contentEnded: heard.append("contentEnded")
        case .ready(let number, _): heard.append(number == descriptor ? "ready" : "another's")
        default: heard.append("\(event)")
        }
    }
}
