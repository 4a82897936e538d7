import MartinetHTTP
import MartinetTestSupport
import Testing

@Suite("Responses that are sent again and again")
struct PreparedResponseTests {
    private let prepared = PreparedResponse(Response(.ok, content: .bytes([1, 2, 3])))

    @Test("A change is made once, as long as it is the same who changes")
    func once() {
        let changer = PreparedResponse.Changer()
        var count = 0
        func change() -> PreparedResponse {
            prepared.changed(by: changer) { response in
                count += 1
                response.fields.append("X-A", count)
            }
        }
        let first = change()
        #expect(first.response.fields.lines == "X-A: 1\r\n" && first.response.status == .ok)
        #expect(change() === first && count == 1)
        #expect(prepared.response.fields.isEmpty, "the response itself stays as it was")
    }

    @Test("Who else changes it gets a change of its own, and only the last is kept")
    func others() {
        weak var first: PreparedResponse?
        for number in 0..<3 {
            let changed = prepared.changed(by: PreparedResponse.Changer()) { $0.fields.append("X-A", number) }
            #expect(changed.response.fields.lines == "X-A: \(number)\r\n")
            if number == 0 { first = changed }
        }
        #expect(first == nil)
    }

    @Test("What a protocol has made of it is no part of a changed one")
    func slot() {
        prepared.message = prepared
        let changed = prepared.changed(by: PreparedResponse.Changer()) { _ in }
        #expect(changed.message == nil)
        prepared.message = nil
    }

    @Test("A user is named for one time only")
    func user() {
        #expect(prepared.response(for: [97]).user == [97])
        #expect(prepared.response.user == nil && prepared.response(for: nil).user == nil)
    }
}
