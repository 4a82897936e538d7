package import Bytes

/// Dates as HTTP writes them (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    /// The length of the one form that is written.
    package static let byteCount = 29

    private static let dayNames: [StaticString] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames: [StaticString] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Appends the date of a moment given in seconds since 1970, from year 1 to year 9999; others are moved inside.
    package static func append(_ seconds: Int, to sink: inout some ByteSink) {
        let date = CalendarDate(secondsSince1970: seconds)
        sink.append(dayNames[date.weekday])
        sink.append(", ")
        sink.append(decimal: date.day, digitCount: 2)
        sink.append(byte: ASCII.space)
        sink.append(monthNames[date.month - 1])
        sink.append(byte: ASCII.space)
        sink.append(decimal: date.year, digitCount: 4)
        sink.append(byte: ASCII.space)
        date.appendTime(to: &sink)
        sink.append(" GMT")
    }

    /// The three-letter name of a month, 1 to 12.
    package static func monthName(_ month: Int) -> StaticString { monthNames[month - 1] }
}

/// A moment in the proleptic Gregorian calendar, UTC.
package struct CalendarDate: Equatable, Sendable {
    package let year, month, day, hour, minute, second: Int
    /// 0 for Sunday.
    package let weekday: Int

    /// The first and last moments with a four-digit year.
    private static let expressible = -62_135_596_800...253_402_300_799

    package init(secondsSince1970 seconds: Int) {
        let seconds = min(max(seconds, Self.expressible.lowerBound), Self.expressible.upperBound)
        let days = Self.floorDivide(seconds, 86_400)
        let secondOfDay = seconds - days * 86_400
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        weekday = ((days + 4) % 7 + 7) % 7
        // Days counted from 0000-03-01, in eras of 400 years (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let shifted = days + 719_468
        let era = Self.floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Appends "08:49:37".
    package func appendTime(to sink: inout some ByteSink) {
        sink.append(decimal: hour, digitCount: 2)
        sink.append(byte: ASCII.colon)
        sink.append(decimal: minute, digitCount: 2)
        sink.append(byte: ASCII.colon)
        sink.append(decimal: second, digitCount: 2)
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}
