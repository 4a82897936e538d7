import Bytes

extension HTTPDate {
    /// Reads any of the three forms of RFC 9110 §5.6.7 as seconds since 1970; nil for what is none of them.
    ///
    ///     Sun, 06 Nov 1994 08:49:37 GMT     IMF-fixdate
    ///     Sunday, 06-Nov-94 08:49:37 GMT    RFC 850
    ///     Sun Nov  6 08:49:37 1994          asctime
    package static func parse(_ text: Span<UInt8>) -> Int? {
        guard let comma = text.firstIndex(of: ASCII.comma) else { return parseASCTime(text) }
        let rest = comma + 2
        guard rest < text.count, text[comma + 1] == ASCII.space else { return nil }
        if comma == 3 {
            guard text.count == byteCount, isDayName(text, 0), text[7] == ASCII.space, text[11] == ASCII.space,
                text[16] == ASCII.space, isGMT(text, 25)
            else { return nil }
            return seconds(
                text, day: 5..<7, month: 8, year: text.extracting(12..<16).decimalValue, time: 17)
        }
        guard text.count == rest + 22, text[rest + 2] == dash, text[rest + 6] == dash, text[rest + 9] == ASCII.space,
            isGMT(text, rest + 18), isLongDayName(text.extracting(0..<comma))
        else { return nil }
        return seconds(
            text, day: rest..<rest + 2, month: rest + 3,
            year: text.extracting(rest + 7..<rest + 9).decimalValue.map(fullYear), time: rest + 10)
    }

    private static let dash = UInt8(ascii: "-")

    private static func parseASCTime(_ text: Span<UInt8>) -> Int? {
        guard text.count == 24, isDayName(text, 0), text[3] == ASCII.space, text[7] == ASCII.space,
            text[10] == ASCII.space, text[19] == ASCII.space
        else { return nil }
        let day = text[8] == ASCII.space ? 9..<10 : 8..<10
        return seconds(text, day: day, month: 4, year: text.extracting(20..<24).decimalValue, time: 11)
    }

    /// Two digits mean the year that is not more than 50 years in the future (RFC 9110 §5.6.7): as these are dates of
    /// files and of responses, 70 to 99 are taken as the twentieth century's.
    private static func fullYear(_ year: Int) -> Int { year < 70 ? 2000 + year : 1900 + year }

    private static func isGMT(_ text: Span<UInt8>, _ start: Int) -> Bool {
        text.extracting(start..<text.count).isEqual(to: " GMT")
    }

    private static func isDayName(_ text: Span<UInt8>, _ start: Int) -> Bool {
        let name = text.extracting(start..<start + 3)
        return dayNames.contains { name.isEqual(to: $0) }
    }

    private static func isLongDayName(_ name: Span<UInt8>) -> Bool {
        let names: [StaticString] = [
            "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
        ]
        return names.contains { name.isEqual(to: $0) }
    }

    private static func seconds(_ text: Span<UInt8>, day: Range<Int>, month: Int, year: Int?, time: Int) -> Int? {
        let monthName = text.extracting(month..<month + 3)
        guard let year, let monthIndex = monthNames.firstIndex(where: { monthName.isEqual(to: $0) }),
            let day = text.extracting(day).decimalValue, text[time + 2] == ASCII.colon, text[time + 5] == ASCII.colon,
            let hour = text.extracting(time..<time + 2).decimalValue,
            let minute = text.extracting(time + 3..<time + 5).decimalValue,
            let second = text.extracting(time + 6..<time + 8).decimalValue
        else { return nil }
        return CalendarDate.secondsSince1970(
            year: year, month: monthIndex + 1, day: day, hour: hour, minute: minute, second: second)
    }
}
