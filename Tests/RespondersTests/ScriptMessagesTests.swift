import Testing

@testable import MartinetResponders

@Suite("What a script says to the log")
struct ScriptMessagesTests {
    private func lines(_ pieces: String...) -> [String] {
        var messages = ScriptMessages()
        var lines: [String] = []
        for piece in pieces { messages.take([UInt8](piece.utf8).span) { lines.append($0) } }
        messages.finish { lines.append($0) }
        return lines
    }

    @Test("It is passed on line by line, however it comes")
    func lines() {
        #expect(lines("one\ntwo\n") == ["one", "two"])
        #expect(lines("on", "e\nt", "wo") == ["one", "two"])
        #expect(lines("\n\n", "") == [])
    }

    @Test("It is bounded in lines and in bytes, and says so once")
    func bounds() {
        let many = lines(String(repeating: "x\n", count: 1000))
        #expect(many.count == ScriptMessages.lineLimit + 1)
        #expect(many.last?.contains("the rest is dropped") == true)
        #expect(lines(String(repeating: "x\n", count: ScriptMessages.lineLimit)).last == "x")
        let long = lines(String(repeating: "x", count: 1_000_000))
        #expect(long.count < 60 && long.allSatisfy { $0.utf8.count <= 2000 })
        #expect(lines(String(repeating: "\n", count: 1_000_000)).count == 1, "empty lines count, too")
        #expect(long.last?.contains("the rest is dropped") == true)
    }
}
