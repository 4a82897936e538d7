import HTTP
import Testing

@Suite("Conditional requests (RFC 9110 §13)")
struct PreconditionsTests {
    private static let tag = "\"abc\""
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let after = "Sun, 06 Nov 1994 08:49:38 GMT"
    private let validators = Validators(entityTag: EntityTag(quoted: [UInt8](tag.utf8)), lastModified: 784_111_777)

    @Test(
        "If-Match wants a strong match (§13.1.1)",
        arguments: [
            ([tag], .proceed), (["*"], .proceed), (["\"x\", \(tag)"], .proceed), (["\"x\"", tag], .proceed),
            ([",, \(tag),"], .proceed), (["\"a,b\",\(tag)"], .proceed), (["W/\(tag)"], .failed), (["\"x\""], .failed),
            ([""], .failed), (["abc"], .failed), (["\"ABC\""], .failed), (["\"abc"], .failed),
            (["\"x,\(tag)"], .failed),
        ] as [([String], Preconditions.Outcome)], [HTTP.Method.get, .head, .put])
    func ifMatch(expected: (lines: [String], outcome: Preconditions.Outcome), method: HTTP.Method) {
        #expect(evaluate(method, expected.lines.map { ("If-Match", $0) }) == expected.outcome)
    }

    @Test(
        "If-None-Match wants no weak match (§13.1.2)",
        arguments: [
            ([tag], true), (["*"], true), (["W/\(tag)"], true), (["\"x\", W/\(tag)"], true), (["\"x\"", tag], true),
            (["\"a,b\" , \(tag)"], true), (["\"x\""], false), ([""], false), (["abc"], false), (["w/\(tag)"], false),
            (["\"abc"], false), (["\"*\""], false),
        ])
    func ifNoneMatch(lines: [String], isMatch: Bool) {
        let fields = lines.map { ("If-None-Match", $0) }
        #expect(evaluate(.get, fields) == (isMatch ? .notModified : .proceed))
        #expect(evaluate(.head, fields) == (isMatch ? .notModified : .proceed))
        #expect(evaluate(.put, fields) == (isMatch ? .failed : .proceed), "304 is for reading alone")
        #expect(evaluate(.delete, fields) == (isMatch ? .failed : .proceed))
    }

    @Test(
        "If-Modified-Since is for GET and HEAD, and wants a later change (§13.1.3)",
        arguments: [
            ([before], .proceed), ([date], .notModified), ([after], .notModified),
            (["Sunday, 06-Nov-94 08:49:37 GMT"], .notModified), (["Sun Nov  6 08:49:36 1994"], .proceed),
            (["Sun Nov  6 08:49:37 1994"], .notModified), (["yesterday"], .proceed), ([""], .proceed),
            (["Sun, 06 Nov 1994 08:49:37"], .proceed), ([after, after], .proceed), (["\(after), \(after)"], .proceed),
            (["Fri, 31 Dec 9999 23:59:59 GMT"], .notModified),
        ] as [([String], Preconditions.Outcome)])
    func ifModifiedSince(lines: [String], expected: Preconditions.Outcome) {
        let fields = lines.map { ("If-Modified-Since", $0) }
        #expect(evaluate(.get, fields) == expected)
        #expect(evaluate(.head, fields) == expected)
        #expect(evaluate(.put, fields) == .proceed)
    }

    @Test(
        "If-Unmodified-Since wants no later change, whatever the method (§13.1.4)",
        arguments: [
            ([before], .failed), ([date], .proceed), ([after], .proceed), (["Sun Nov  6 08:49:36 1994"], .failed),
            (["yesterday"], .proceed), ([""], .proceed), ([before, before], .proceed),
        ] as [([String], Preconditions.Outcome)], [HTTP.Method.get, .head, .put])
    func ifUnmodifiedSince(expected: (lines: [String], outcome: Preconditions.Outcome), method: HTTP.Method) {
        #expect(evaluate(method, expected.lines.map { ("If-Unmodified-Since", $0) }) == expected.outcome)
    }

    @Test(
        "Preconditions go before one another as §13.2.2 says",
        arguments: [
            // If-Match makes If-Unmodified-Since count for nothing.
            ([("If-Match", tag), ("If-Unmodified-Since", before)], .proceed),
            ([("If-Match", "\"x\""), ("If-Unmodified-Since", after)], .failed),
            // If-None-Match makes If-Modified-Since count for nothing.
            ([("If-None-Match", "\"x\""), ("If-Modified-Since", after)], .proceed),
            ([("If-None-Match", tag), ("If-Modified-Since", before)], .notModified),
            ([("If-None-Match", ""), ("If-Modified-Since", after)], .proceed),
            // What may fail is asked first; both must hold.
            ([("If-None-Match", tag), ("If-Match", "\"x\"")], .failed),
            ([("If-None-Match", tag), ("If-Match", tag)], .notModified),
            ([("If-None-Match", "\"x\""), ("If-Match", tag)], .proceed),
            ([("If-Modified-Since", after), ("If-Unmodified-Since", before)], .failed),
            ([("If-Modified-Since", after), ("If-Unmodified-Since", after)], .notModified),
            ([("If-Modified-Since", before), ("If-Unmodified-Since", after)], .proceed),
            ([("If-None-Match", tag), ("If-Unmodified-Since", before)], .failed),
            ([("If-Match", tag), ("If-Modified-Since", after)], .notModified),
            // If-Range is no precondition of the whole.
            ([("If-Range", "\"x\"")], .proceed), ([], .proceed),
        ] as [([(String, String)], Preconditions.Outcome)])
    func precedence(fields: [(String, String)], expected: Preconditions.Outcome) {
        #expect(evaluate(.get, fields) == expected)
        #expect(evaluate(.get, fields.reversed()) == expected, "in whatever order they come")
    }

    @Test(
        "If-Range names this very representation, by a strong tag or the exact date (§13.1.5)",
        arguments: [
            ([], true), ([tag], true), ([date], true), (["Sunday, 06-Nov-94 08:49:37 GMT"], true),
            (["W/\(tag)"], false), (["\"x\""], false), (["\"\""], false), ([before], false), ([after], false),
            (["*"], false), ([""], false), (["abc"], false), (["\"abc"], false), (["\(tag), \(tag)"], false),
            ([tag, tag], false), (["\"x\"", tag], false), ([date, date], false), (["yesterday"], false),
        ] as [([String], Bool)])
    func ifRange(lines: [String], expected: Bool) {
        #expect(Preconditions.allowRange(Request("If-Range", lines), validators) == expected)
    }

    @Test("A weak validator of our own lets no range through, and no If-Match")
    func weak() throws {
        let weak = try #require(EntityTag("W/\"abc\""))
        let validators = Validators(entityTag: weak, lastModified: 0)
        #expect(!Preconditions.allowRange(Request("If-Range", [Self.tag]), validators))
        #expect(!Preconditions.allowRange(Request("If-Range", ["W/\"abc\""]), validators))
        #expect(Preconditions.evaluate(Request("If-Match", [Self.tag]), validators) == .failed)
        #expect(Preconditions.evaluate(Request("If-None-Match", [Self.tag]), validators) == .notModified)
    }

    @Test("Whether there is anything to evaluate is known beforehand")
    func presence() {
        for name in ["If-Match", "if-none-match", "If-Modified-Since", "If-Unmodified-Since"] {
            #expect(Preconditions.areIn(Request(name, [""])))
        }
        for name in ["If-Range", "Range", "If", "Accept"] { #expect(!Preconditions.areIn(Request(name, ["*"]))) }
    }

    @Test("Random bytes fail no condition that is to be ignored, and do no harm in any")
    func random() {
        var noise = Noise()
        let pieces = ["\"abc\"", "\"", "W/", "*", ",", " ", "abc", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, ", "\"x\""]
        var outcomes: [Int] = [0, 0, 0]
        for _ in 0..<5000 {
            let value = noise.value(of: pieces)
            for name in ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"] {
                let request = Request([(name: name, value: value)])
                switch Preconditions.evaluate(request, validators) {
                case .proceed: outcomes[0] += 1
                case .notModified: outcomes[1] += 1
                case .failed: outcomes[2] += 1
                }
                if Preconditions.allowRange(request, validators), name == "If-Range" {
                    #expect(value == [UInt8](Self.tag.utf8) || value == [UInt8](Self.date.utf8))
                }
            }
        }
        #expect(outcomes.allSatisfy { $0 > 100 })
    }

    private func evaluate(_ method: HTTP.Method, _ fields: [(String, String)]) -> Preconditions.Outcome {
        Preconditions.evaluate(Request(fields, method: method), validators)
    }
}
