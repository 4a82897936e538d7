import Bytes
import HTTP
import Testing

@Suite("Reading dates (RFC 9110 §5.6.7)")
struct HTTPDateParsingTests {
    @Test(
        "All three forms are read, and mean the same",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Sat Nov 26 08:49:37 1994", 785_839_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Thu Jan  1 00:00:00 1970", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799), ("Tuesday, 29-Feb-00 23:59:59 GMT", 951_868_799),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000), ("Thu Feb 29 12:00:00 2024", 1_709_208_000),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800), ("Saturday, 31-Dec-16 00:00:00 GMT", 1_483_142_400),
            ("Wednesday, 30-Jun-99 12:00:00 GMT", 930_744_000),
        ])
    func forms(text: String, expected: Int) {
        #expect(parse(text) == expected)
    }

    @Test("A leap second is a second, the one before the next day's first")
    func leapSecond() {
        #expect(parse("Sat, 31 Dec 2016 23:59:60 GMT") == 1_483_228_800)
    }

    @Test("Every month has its name, in every form", arguments: 1...12)
    func months(month: Int) {
        let name = "\(HTTPDate.monthName(month))"
        for text in [
            "Sun, 15 \(name) 2009 00:00:00 GMT", "Sunday, 15-\(name)-09 00:00:00 GMT", "Sun \(name) 15 00:00:00 2009",
        ] {
            let date = parse(text).map { CalendarDate(secondsSince1970: $0) }
            #expect(date?.month == month && date?.day == 15 && date?.year == 2009)
        }
    }

    @Test("What is written is read again, for days all over four digits of years")
    func roundTrip() {
        var wrong = 0
        for seconds in stride(from: -62_135_596_800, through: 253_402_300_799, by: 86_400 * 97 + 3661) {
            var bytes: [UInt8] = []
            HTTPDate.append(seconds, to: &bytes)
            if HTTPDate.parse(bytes.span) != seconds { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    @Test(
        "Anything else is no date",
        arguments: [
            "", " ", "0", ",", ", ", ",,,", "784111777", "now", "-1", "Sun", "Sun,", "Sun, ", "Sun, 06 Nov 1994",
            "sun, 06 Nov 1994 08:49:37 GMT", "SUN, 06 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Abc 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 EST", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT; length=5", "Sun,06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 006 Nov 1994 08:49:37 GMT", "Sun,  6 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 19940 8:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT", "Sun, 06 Nov 1994 08:4937: GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Oct 1994 08:49:37 GMT", "Wed, 29 Feb 1995 08:49:37 GMT",
            "Thu, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, 06 Nov 19x4 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT", "sunday, 06-Nov-94 08:49:37 GMT", "Sunday, 6-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37", "Sunday, 31-Nov-94 08:49:37 GMT",
            ", 06-Nov-94 08:49:37 GMT", "Sunday,06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-9x 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT",
            "Sun Nov 31 08:49:37 1994", "Sun Nov  0 08:49:37 1994", "Sun Nov    08:49:37 1994",
            "Sunday Nov  6 08:49:37 1994", "sun Nov  6 08:49:37 1994", "Sun nov  6 08:49:37 1994",
            "Sun Nov  6 08:49:37 199x", "Sun Nov  6 24:49:37 1994", "Sun-Nov- 6-08:49:37-1994",
            "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        ])
    func malformed(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(
        "A date cut anywhere is none",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func cut(text: String) {
        for count in 0..<text.utf8.count {
            #expect(parse(String(text.prefix(count))) == nil)
            #expect(parse(String(text.suffix(count))) == nil)
        }
    }

    @Test(
        "A date with any byte changed to any other is read or refused, and no more",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
    func changed(text: String) {
        var readCount = 0
        for position in text.utf8.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = [UInt8](text.utf8)
                bytes[text.utf8.distance(from: text.startIndex, to: position)] = byte
                if HTTPDate.parse(bytes.span) != nil { readCount += 1 }
            }
        }
        // Its own bytes, other digits, and a letter that makes another month: of some 6000, few.
        #expect(readCount > text.utf8.count && readCount < 200)
    }

    @Test("Random bytes are no dates")
    func random() {
        var noise = Noise()
        let pieces = ["Sun", "Sunday", ", ", " ", "06", "-", "Nov", "1994", "94", "08:49:37", " GMT", ":", ","]
        for _ in 0..<20_000 {
            let value = noise.value(of: pieces)
            if let seconds = HTTPDate.parse(value.span) {
                #expect(CalendarDate(secondsSince1970: seconds).year >= 1)
            }
        }
    }

    private func parse(_ text: String) -> Int? {
        HTTPDate.parse([UInt8](text.utf8).span)
    }
}
