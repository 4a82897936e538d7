import MartinetBytes

/// A number with a unit behind it: 30s, 64K.
private struct Quantity {
    let number: Int
    let unit: String

    /// Nil where it does not begin with digits.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex { !ASCII.isDigit($0) } ?? bytes.endIndex
        guard let number = Array(bytes[..<end]).span.decimalValue else { return nil }
        self.number = number
        unit = String(decoding: bytes[end...], as: UTF8.self)
    }
}

extension Kind where Value == Duration {
    private static var units: [(suffix: String, milliseconds: Int)] {
        [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("y", 31_536_000_000),
        ]
    }

    private static var decade: Duration { .seconds(10 * 365 * 86_400) }

    /// A time with its unit. Without one it would be read as seconds by some, and as minutes by others.
    static func time(_ range: ClosedRange<Duration> = .milliseconds(1) ... .seconds(10 * 365 * 86_400)) -> Kind {
        Kind(placeholder: "time", expected: "a time such as 500ms, 30s, 5m, 1h, 1d or 1y") { text, _ throws(Unfit) in
            guard let quantity = Quantity(text.string) else { throw Unfit() }
            let number = quantity.number
            if quantity.unit.isEmpty, number != 0 {
                throw Unfit("\(text.written) has no unit", "Write \(number)s for seconds, \(number)m for minutes.")
            }
            let factor = quantity.unit.isEmpty ? 1 : units.first { $0.suffix == quantity.unit }?.milliseconds
            guard let factor else { throw Unfit() }
            let (milliseconds, overflows) = number.multipliedReportingOverflow(by: factor)
            guard !overflows, range.contains(.milliseconds(milliseconds)) else {
                throw Unfit("\(text.written) is not from \(shown(range.lowerBound)) to \(shown(range.upperBound))")
            }
            return .milliseconds(milliseconds)
        } show: {
            shown($0)
        }
    }

    /// A time that may be none.
    static var timeOrNone: Kind { time(.zero...decade) }

    /// What the kernel counts processor time in (RLIMIT_CPU).
    static var wholeSeconds: Kind {
        let time = time(.seconds(1)...decade)
        return Kind(placeholder: time.placeholder, expected: "a time in whole seconds such as 10s") {
            text, reading throws(Unfit) in
            let value = try time.read(text, reading)
            guard value.components.attoseconds == 0 else { throw Unfit("the kernel counts in whole seconds") }
            return value
        } show: {
            time.show($0)
        }
    }

    private static func shown(_ value: Duration) -> String {
        let milliseconds = Int(value / .milliseconds(1))
        let unit = units.last { milliseconds != 0 && milliseconds % $0.milliseconds == 0 } ?? ("s", 1000)
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}

extension Kind where Value == ByteCount {
    private static var units: [(suffix: String, shift: Int)] { [("T", 40), ("G", 30), ("M", 20), ("K", 10), ("", 0)] }

    /// A number of bytes, in powers of 1024.
    static func size(_ range: PartialRangeFrom<Int> = 0...) -> Kind {
        Kind(placeholder: "size", expected: "a size such as 64K, 10M or 2G") { text, _ throws(Unfit) in
            guard let quantity = Quantity(text.string),
                let unit = units.first(where: { $0.suffix == quantity.unit.uppercased() })
            else { throw Unfit() }
            let (bytes, overflows) = quantity.number.multipliedReportingOverflow(by: 1 << unit.shift)
            guard !overflows else { throw Unfit("\(text.written) is more than any machine has") }
            guard range.contains(bytes) else {
                throw Unfit("\(text.written) is less than \(shown(ByteCount(range.lowerBound)))")
            }
            return ByteCount(bytes)
        } show: {
            shown($0)
        }
    }

    private static func shown(_ value: ByteCount) -> String {
        for unit in units where value.bytes > 0 && value.bytes % (1 << unit.shift) == 0 {
            return "\(value.bytes >> unit.shift)\(unit.suffix)"
        }
        return "\(value.bytes)"
    }
}
