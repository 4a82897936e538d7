/// Whatever bytes can be appended to: a queue on its way out, or an array that is being built.
package protocol ByteSink: ~Copyable {
    mutating func append(_ bytes: Span<UInt8>)
}

extension ByteSink where Self: ~Copyable {
    package mutating func append(_ bytes: [UInt8]) {
        append(bytes.span)
    }

    package mutating func append(_ text: StaticString) {
        append(text.utf8Span)
    }

    package mutating func append(text: String) {
        append([UInt8](text.utf8).span)
    }

    package mutating func append(byte: UInt8) {
        let one: [1 of UInt8] = [byte]
        append(one.span)
    }

    /// Appends a number in decimal digits.
    package mutating func append(decimal value: Int) {
        var digits: [20 of UInt8] = .init(repeating: 0)
        var first = digits.count
        var rest = value.magnitude
        repeat {
            first -= 1
            digits[first] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 {
            first -= 1
            digits[first] = UInt8(ascii: "-")
        }
        append(digits.span.extracting(first..<digits.count))
    }

    /// Appends the lower `digitCount` digits of a number, with leading zeros.
    package mutating func append(decimal value: Int, digitCount: Int) {
        var divisor = 1
        for _ in 1..<digitCount { divisor *= 10 }
        while divisor > 0 {
            append(byte: ASCII.zero + UInt8(truncatingIfNeeded: value / divisor % 10))
            divisor /= 10
        }
    }

    /// Appends the lower `digitCount` hexadecimal digits of a number, in lower case.
    package mutating func append(hexadecimal value: UInt64, digitCount: Int) {
        for place in stride(from: digitCount - 1, through: 0, by: -1) {
            append(byte: ASCII.hexadecimalDigit(UInt8(truncatingIfNeeded: value >> UInt64(place * 4) & 15)))
        }
    }
}

extension Array<UInt8>: ByteSink {
    package mutating func append(_ bytes: Span<UInt8>) {
        append(copying: bytes)
    }

    // What logs and pages are written with: an array takes these without the detour over a span.

    package mutating func append(byte: UInt8) {
        append(byte)
    }

    package mutating func append(text: String) {
        append(contentsOf: text.utf8)
    }

    package mutating func append(decimal value: Int, digitCount: Int) {
        let start = count
        for _ in 0..<digitCount { append(ASCII.zero) }
        var rest = value.magnitude
        for place in stride(from: digitCount - 1, through: 0, by: -1) {
            self[start + place] = ASCII.zero + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
