import MartinetBytes
import MartinetEvents
import MartinetHTTP
import MartinetHTTP1

/// The fields that say under which conditions and in which form something is wanted, one a line: its first letter names
/// the field, the rest is the value.
enum ConditionsTarget {
    static func run(_ bytes: [UInt8]) {
        var isReading = true
        var head = [UInt8]("Host: a\r\n".utf8)
        var values: [[UInt8]] = []
        for line in bytes.parts(separator: ASCII.lineFeed) {
            if line.first == UInt8(ascii: "X") { isReading = false }
            guard let first = line.first, let name = names[first] else { continue }
            values.append([UInt8](line[1...]))
            head += [UInt8](name.utf8) + [ASCII.colon] + line[1...] + [ASCII.carriageReturn, ASCII.lineFeed]
        }
        head = [UInt8]("\(isReading ? "GET" : "PUT") / HTTP/1.1\r\n".utf8) + head + [13, 10]
        var request = Request()
        do throws(MessageError) {
            try RequestParser.parse(head.span, into: &request)
        } catch {
            return
        }
        request.date = now
        checkConditions(request, isReading)
        checkNegotiation(request)
        for value in values { checkValue([UInt8](copying: value.span.extracting(value.span.trimmed(0..<value.count)))) }
    }

    private static let names: [UInt8: String] = [
        UInt8(ascii: "M"): "If-Match", UInt8(ascii: "N"): "If-None-Match", UInt8(ascii: "S"): "If-Modified-Since",
        UInt8(ascii: "U"): "If-Unmodified-Since", UInt8(ascii: "R"): "If-Range", UInt8(ascii: "B"): "Range",
        UInt8(ascii: "T"): "Accept", UInt8(ascii: "E"): "Accept-Encoding",
    ]

    private static let tag = [UInt8](#""2ebc98a100000000-e""#.utf8)

    private static func checkConditions(_ request: Request, _ isReading: Bool) {
        let validators = Validators(entityTag: EntityTag(quoted: tag), lastModified: WallTime(seconds: 784_111_777))
        let outcome = Preconditions.evaluate(request, validators)
        expect(outcome != .notModified || isReading, "304 to a method that changes something")
        expect(outcome == .proceed || Preconditions.areIn(request), "a failure without a condition")
        if request.has(.ifNoneMatch), !request.has(.ifMatch), !request.has(.ifUnmodifiedSince), isReading {
            var without = request
            without = strip(.ifModifiedSince, from: without)
            expect(outcome == Preconditions.evaluate(without, validators), "If-Modified-Since beside If-None-Match")
        }
        _ = Preconditions.allowRange(request, validators)
        _ = ByteRanges(request, length: 14)
    }

    /// The request without a field.
    private static func strip(_ name: FieldName, from request: Request) -> Request {
        var result = Request()
        result.reset(request.bytes.span)
        result.method = request.method
        result.date = request.date
        for line in request.fields where line.known != name { result.append(line) }
        return result
    }

    private static func checkNegotiation(_ request: Request) {
        let accepted = AcceptedCodings(request)
        let best = accepted.best(of: ContentCoding.allCases)
        expect(best.map(accepted.accepts) ?? true, "the best coding is not accepted")
        expect((best == nil) == !ContentCoding.allCases.contains(where: accepted.accepts), "no coding is the best")
        let count = ContentCoding.allCases.count(where: accepted.accepts)
        let digits = String(accepted.signature, radix: 4).filter { $0 != "0" }
        expect(digits.count == count && Set(digits).count == count, "the signature \(accepted.signature)")
        if !request.has(.acceptEncoding) { expect(accepted == AcceptedCodings(), "something is accepted unasked") }
        let listsJSON = AcceptedTypes.lists("application/json", in: request)
        expect(!listsJSON || request.has(.accept), "a type is listed in no field")
    }

    /// 22 November 2026.
    private static let now = WallTime(seconds: 1_795_377_600)

    /// What any value is as a date and as an entity-tag.
    private static func checkValue(_ value: [UInt8]) {
        if let time = HTTPDate.parse(value.span, now: now) {
            var written: [UInt8] = []
            HTTPDate.append(time, to: &written)
            // The one second that can be read but not written: a leap second at the end of year 9999.
            let expected = min(time.seconds, 253_402_300_799)
            // Nobody means a year of two digits that is further away. (A leap second may end the last.)
            let isShort = value.firstIndex(of: ASCII.comma).map { $0 > 3 } ?? false
            let distance = abs(CalendarDate(WallTime(seconds: time.seconds - 1)).year - 2026)
            expect(!isShort || distance <= 50, "\(value.text) is \(distance) years away")
            let again = HTTPDate.parse(written.span, now: now)
            expect(again?.seconds == expected, "\(value.text) is \(time), written \(written.text)")
        }
        if let tag = EntityTag(value.span) {
            expect((tag.isWeak ? [UInt8]("W/".utf8) : []) + tag.quoted == value, "\(value.text) is read otherwise")
            expect(tag.matchesWeakly(tag) && tag.matchesStrongly(tag) != tag.isWeak, "\(value.text) is not itself")
        }
    }
}
