import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1
import MartinetResponders
import MartinetTestSupport
import Testing

@Suite("The conformance table, bytes in, bytes out")
struct ConformanceTests {
    @Test("A case is answered as it says, and as it is when its bytes come in pieces", arguments: Case.all)
    func answers(_ tested: Case) throws {
        try Fixture.asNobody {
            let whole = try run(tested, cuts: [])
            try check(tested, whole)
            let request = tested.request
            let end = request.count + (tested.expectation.connection == .eof ? 0 : Self.probe.count)
            let single = try run(tested, cuts: Array(0..<end))
            #expect(single.comparable == whole.comparable, "byte by byte")
            for cut in Self.cuts(request) {
                let parted = try run(tested, cuts: [cut])
                if parted.comparable != whole.comparable {
                    Issue.record("cut at \(cut): \(parted.text)\ninstead of \(whole.text)")
                    return
                }
            }
        }
    }

    @Test("The table is as large as it should be")
    func count() {
        #expect(Case.all.count >= Self.leastCount)
        let sentences = Set(Case.all.map(\.sentence))
        #expect(sentences.count == Case.all.count, "a sentence is there twice")
    }

    /// A file that is not found, or a line that is not read, must not go unnoticed.
    private static let leastCount = 900

    // MARK: Running

    /// What became of a connection.
    private struct Outcome {
        var output: [UInt8] = []
        var isFinished = false
        var isTruncated = false

        /// What must be the same from run to run: all but the random boundary of several parts, and its length.
        var comparable: [UInt8] {
            let state: [UInt8] = [isFinished ? 1 : 0, isTruncated ? 1 : 0]
            guard String(decoding: output.prefix(1000), as: UTF8.self).contains("multipart/byteranges") else {
                return output + state
            }
            let text = String(decoding: output, as: UTF8.self)
            return [UInt8](text.replacing(#/martinet-[0-9a-z]+|Content-Length: [0-9]+/#, with: "").utf8) + state
        }

        var text: String { "\(String(decoding: output.prefix(2000), as: UTF8.self)), finished \(isFinished)" }
    }

    private static let probe = [UInt8]("GET /probe HTTP/1.1\r\nHost: probe.test\r\n\r\n".utf8)

    /// Every position in a request of ordinary size; in a large one those near its ends and limits, and samples.
    private static func cuts(_ request: [UInt8]) -> [Int] {
        let count = request.count
        guard count > 1500 else { return Array(0...count) }
        let near = [0, 8192, 8192 + 32_768, 32_768, count].flatMap { Array(max(0, $0 - 120)...$0 + 120) }
        return Set(near + Array(stride(from: 0, to: count, by: 997))).filter { $0 <= count }.sorted()
    }

    private func run(_ tested: Case, cuts: [Int]) throws -> Outcome {
        let responder = FileResponder(FileSite(root: Fixture.site), mediaTypes: MediaTypes())
        let service = HTTPService(responder: responder, journal: NoJournal(), loop: TestLoop())
        service.moment.date = WallTime(seconds: 1_795_377_600)
        service.moment.dateText = [UInt8]("Sun, 22 Nov 2026 20:00:00 GMT".utf8)
        var connection = HTTP1Connection(
            peer: Peer(address: "192.0.2.1", port: 50_000, session: .init(protocolVersion: "TLSv1.3", cipher: "a")),
            token: Token(slot: 1, generation: 1))
        var input = ByteQueue()
        var output = ByteQueue()
        var outcome = Outcome()
        let isEnded = tested.expectation.connection == .eof
        let bytes = tested.request + (isEnded ? [] : Self.probe)

        func advance() {
            var waiting: Waiting
            repeat {
                waiting = connection.advance(&input, &output, service)
                outcome.output.append(copying: output.readable)
                output.removeAll()
            } while waiting == .output && connection.ending == nil
        }
        var start = 0
        for end in cuts + [bytes.count] {
            input.append(bytes.span.extracting(start..<end))
            start = end
            advance()
        }
        if isEnded {
            connection.endInput()
            advance()
        }
        outcome.isFinished = connection.ending != nil
        outcome.isTruncated = connection.ending == .truncated
        return outcome
    }

    // MARK: Checking

    private func check(_ tested: Case, _ outcome: Outcome) throws {
        let expectation = tested.expectation
        var rest = outcome.output[...]
        var replies: [Reply] = []
        for answer in expectation.answers
            + (expectation.connection == .keep ? [.init(status: 200, isToHead: false)] : [])
        {
            guard !rest.isEmpty else { break }
            let reply = try Reply(&rest, isToHead: answer.isToHead)
            replies.append(reply)
        }
        #expect(rest.isEmpty, "more than expected: \(String(decoding: rest.prefix(200), as: UTF8.self))")
        #expect(!outcome.isTruncated, "the connection was cut")
        #expect(outcome.isFinished == (expectation.connection != .keep), "finished: \(outcome.isFinished)")
        if expectation.connection == .keep {
            let probe = replies.popLast()
            #expect(probe?.content == [UInt8]("probe".utf8), "the probe was not answered")
        }
        #expect(replies.map(\.status) == expectation.answers.map(\.status))
        let says = replies.map { $0.value(of: "Connection")?.lowercased() == "close" }
        switch expectation.connection {
        case .keep: #expect(!says.contains(true), "it says that it closes")
        case .close: #expect(says == Array(repeating: false, count: says.count - 1) + [true], "only the last closes")
        case .eof: break
        }
        for word in expectation.words {
            guard replies.indices.contains(word.response) else {
                Issue.record("there is no response \(word.response + 1)")
                continue
            }
            check(word, replies[word.response])
        }
    }

    private func check(_ word: Expectation.Word, _ reply: Reply) {
        let isContent = word.subject == "body"
        let value = reply.value(of: word.subject)
        let found = isContent ? reply.content : [UInt8]((value ?? "").utf8)
        let text = String(decoding: found.prefix(4000), as: UTF8.self)
        let isThere = isContent || value != nil
        switch word.demand {
        case .absent: #expect(isContent ? found.isEmpty : value == nil, "\(word.subject) is there: \(text)")
        case .equals(let bytes):
            #expect(isThere && found == bytes, "\(word.subject) is \(text)")
        case .matches(let pattern):
            let isMatch = (try? Regex(pattern).firstMatch(in: text)) != nil
            #expect(isThere && isMatch, "\(word.subject) is \(text), which is not \(pattern)")
        case .file(let name):
            #expect(Fixture.content(of: name) == found, "\(word.subject) is \(text)")
        case .length(let count):
            #expect(found.count == count, "\(word.subject) has \(found.count) bytes")
        }
    }
}

private final class NoJournal: ExchangeJournal {
    func record(
        _: borrowing Request, peer: Peer, user: [UInt8]?, status: StatusCode, contentByteCount: Int,
        isComplete: Bool
    ) {}
    func recordUnreadable(peer: Peer, status: StatusCode, contentByteCount: Int) {}
    func recordRefusal(_: StatusCode, _: String, _: Request?, peer: Peer) {}
    func report(_: String, _: borrowing Request, peer: Peer) {}
}
