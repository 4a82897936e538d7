import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("A request to an application that is no process", .timeLimit(.minutes(1)))
struct GatewayExchangeTests {
    private let begin: MonotonicTime = 1_000_000_000_000
    /// More than two mebibytes, and less than three.
    private static let long = {
        var long = (0..<10_007).map { UInt8(truncatingIfNeeded: $0 / 7) }
        while long.count < 2 << 20 { long += long }
        return long
    }()
    private var content: [UInt8] { Self.long }

    private func open(
        _ application: ToyApplication, _ request: Request = Request("/toy", authority: "example.org"),
        content: Request.Content = .none
    ) -> DrivenExchange {
        var request = request
        request.content = content
        request.arrival = begin
        let exchange = DrivenExchange(application.open(request), TestLoop(now: begin))
        if content == .none { exchange.endContent() }
        return exchange
    }

    /// The content that is there, and what comes behind it.
    private func produce(_ exchange: DrivenExchange) -> (text: String, last: Production) {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1000)
        while true {
            var room = buffer.mutableSpan
            let last = exchange.produce(into: &room)
            guard case .bytes(let count) = last else { return (String(decoding: text, as: UTF8.self), last) }
            text += buffer[..<count]
        }
    }

    @Test("Its answer comes as it is written, and it is told of the request")
    func document() throws {
        let application = ToyApplication()
        let exchange = open(application)
        let call = application.calls[0]
        #expect(call.told["REQUEST_METHOD"] != nil && call.told["SCRIPT_NAME"] == "/toy" && call.told["HTTPS"] == "on")
        #expect(call.endCount == 1, "it has no content")
        try call.write("Status: 201 Created\nContent-")
        exchange.advance(begin)
        #expect(exchange.response == nil)
        try call.write("Type: text/plain\n\nhel")
        exchange.advance(begin)
        #expect(exchange.response?.status.rawValue == 201)
        #expect(produce(exchange) == ("hel", .notYet))
        try call.write("lo")
        call.end()
        exchange.advance(begin)
        #expect(produce(exchange) == ("lo", .end))
        exchange.conclude()
        #expect(call.isLeftComplete == nil)
        exchange.drop()
        #expect(call.isLeftComplete == true)
    }

    @Test("Where it redirects to on this site answers in its place; a redirection elsewhere goes to the client")
    func redirections() throws {
        let application = ToyApplication()
        let other = ToyApplication()
        application.other = other
        let local = open(application)
        try application.calls[0].write("Location: /other?a=b\n\n")
        local.advance(begin)
        #expect(application.calls[0].isLeftComplete == true)
        #expect(other.calls[0].told["REQUEST_URI"] == "/other?a=b")
        try other.calls[0].write("Content-Type: text/plain\n\nother")
        local.advance(begin)
        #expect(produce(local).text == "other")
        let far = open(application)
        try application.calls[1].write("Location: https://example.org/\n\n")
        far.advance(begin)
        #expect(far.response?.status == .found)
    }

    @Test("A whole message is passed on from its first line")
    func message() throws {
        let application = ToyApplication(.message)
        let exchange = open(application)
        try application.calls[0].write("HTTP/1.1 203 Well\r\nX: y\r\n\r\n")
        exchange.advance(begin)
        #expect(exchange.response?.status.rawValue == 203)
        #expect(produce(exchange).text == "HTTP/1.1 203 Well\r\nX: y\r\n\r\n")
    }

    @Test("Content waits until it is whole, and then its length is known", arguments: [true, false])
    func content(isLengthKnown: Bool) throws {
        let application = ToyApplication()
        let exchange = open(application, content: isLengthKnown ? .length(10) : .unknownLength)
        #expect(exchange.receive(content.span.extracting(0..<10)) == 10)
        #expect(application.calls.isEmpty)
        exchange.endContent()
        let call = application.calls[0]
        #expect(call.told["CONTENT_LENGTH"] == "10" && call.endCount == 1)
        #expect(try call.socket.readAll() == Array(content[..<10]))
    }

    @Test("Content that was kept in a file is written as the application takes it")
    func file() throws {
        let application = ToyApplication {
            $0.awaitsContent = true
            $0.contentDirectory = "/tmp"
        }
        let exchange = open(application, content: .unknownLength)
        #expect(exchange.receive(content.span) == content.count && application.calls.isEmpty)
        exchange.endContent()
        let call = application.calls[0]
        #expect(call.told["CONTENT_LENGTH"] == "\(content.count)")
        var read: [UInt8] = []
        while read.count < content.count {
            read += try call.socket.readAll()
            exchange.advance(begin)
        }
        #expect(read == content && call.endCount == 1)
    }

    @Test("However much an application takes at once, others have their turn")
    func turns() throws {
        let application = ToyApplication {
            $0.awaitsContent = true
            $0.contentDirectory = "/tmp"
        }
        application.takesEverything = true
        let exchange = open(application, content: .length(content.count))
        #expect(exchange.receive(content.span) == content.count)
        exchange.endContent()
        let call = application.calls[0]
        for turn in 1..<3 {
            #expect(call.taken.count == turn << 20 && call.endCount == 0)
            exchange.advance(begin)
        }
        #expect(call.taken == content && call.endCount == 1)
    }

    @Test("Content that is longer than is kept goes on as it comes, and the client is held up by who takes none")
    func streaming() throws {
        let application = ToyApplication()
        let exchange = open(application, content: .length(content.count))
        var taken = 0
        var read: [UInt8] = []
        while taken < content.count {
            let count = exchange.receive(content.span.extracting(taken...))
            taken += count
            if count > 0 { continue }
            let part = try application.calls[0].socket.readAll()
            try #require(!part.isEmpty)
            read += part
            exchange.advance(begin)
        }
        exchange.endContent()
        while read.count < content.count {
            read += try application.calls[0].socket.readAll()
            exchange.advance(begin)
        }
        #expect(read == content)
    }

    @Test("Only so many requests are with it, only so many wait, and the log says so in its words")
    func queue() throws {
        let application = ToyApplication {
            $0.concurrency = 1
            $0.queueLength = 1
        }
        let first = open(application)
        let second = open(application)
        let third = open(application)
        #expect(application.calls.count == 1 && second.response == nil)
        #expect(third.response?.status == .serviceUnavailable)
        #expect(application.lines[0].contains("application toy was not asked: 1 applications run"))
        first.drop()
        #expect(application.calls[0].isLeftComplete == false)
        second.advance(begin)
        #expect(application.calls.count == 2)
    }

    @Test("When it is silent for too long it is given up, once")
    func silence() throws {
        let application = ToyApplication { $0.timeout = .seconds(7) }
        let exchange = open(application)
        #expect(exchange.deadline == begin + .seconds(7))
        exchange.advance(begin + .seconds(7))
        #expect(exchange.response?.status == .gatewayTimeout && exchange.isOver)
        #expect(application.calls[0].isLeftComplete == false)
        #expect(application.lines[0].contains("application toy wrote no header for 7.0 seconds and was given up ["))
    }

    @Test("It may have a time limit of its own")
    func overdue() throws {
        let application = ToyApplication()
        application.time = .seconds(3)
        let exchange = open(application)
        #expect(exchange.deadline == begin + .seconds(3))
        exchange.advance(begin + .seconds(3))
        #expect(exchange.response?.status == .gatewayTimeout)
        #expect(application.lines[0].contains("application toy took its time"))
    }

    @Test(
        "How it ends decides whether its answer is whole",
        arguments: [
            (.complete(how: nil), true, ""), (.failed(how: "status 3"), true, "ended with status 3"),
            (.cut(how: "a reset"), false, "was ended by a reset"), (.overdue("was slow"), false, "was slow"),
        ] as [(GatewayEnding, Bool, String)])
    func endings(ending: GatewayEnding, isWhole: Bool, words: String) throws {
        let application = ToyApplication()
        application.ending = ending
        let exchange = open(application)
        try application.calls[0].write("Content-Type: text/plain\n\nhello")
        application.calls[0].end()
        exchange.advance(begin)
        let (text, last) = produce(exchange)
        #expect(text == "hello")
        if isWhole {
            #expect(last == .end && (words.isEmpty || application.lines[0].contains("application toy \(words)")))
        } else if case .failed(let problem) = last {
            #expect(problem.contains("application toy \(words)"))
        } else {
            Issue.record("\(last)")
        }
    }

    @Test(
        "An end before its header is no answer",
        arguments: [
            (.complete(how: nil), .badGateway, "closed its output before"),
            (.failed(how: "status 3"), .badGateway, "ended without writing a header (status 3)"),
            (.cut(how: "a reset"), .badGateway, "(a reset)"), (.overdue("was slow"), .gatewayTimeout, "was slow"),
        ] as [(GatewayEnding, StatusCode, String)])
    func noHeader(ending: GatewayEnding, status: StatusCode, words: String) throws {
        let application = ToyApplication()
        application.ending = ending
        let exchange = open(application)
        application.calls[0].end()
        exchange.advance(begin)
        #expect(exchange.response?.status == status)
        #expect(application.lines[0].contains(words), "\(application.lines[0])")
    }

    @Test("More than its answer may have is cut off, and it is given up")
    func excess() throws {
        let application = ToyApplication { $0.outputByteLimit = 30 }
        let exchange = open(application)
        try application.calls[0].write("Content-Type: text/plain\n\nhell")
        exchange.advance(begin)
        #expect(produce(exchange) == ("hell", .notYet))
        try application.calls[0].write("o")
        exchange.advance(begin)
        guard case .failed(let problem) = produce(exchange).last else {
            Issue.record("not cut off")
            return
        }
        #expect(problem.contains("wrote more than 30 bytes and was given up"))
    }
}
