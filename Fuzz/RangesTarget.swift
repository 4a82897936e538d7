import MartinetBytes

@testable import MartinetHTTP

/// A Range field's value for a representation whose length the first byte gives: the parts must be inside, apart from
/// each other, and hold exactly the bytes that were asked for.
enum RangesTarget {
    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let value = [UInt8](bytes[1...])
        let length = Int(first)
        let ranges = ByteRanges(value.span, length: length)
        check(ranges, length: length)
        let wanted = plainly(value, length: length)
        switch ranges {
        case .none: expect(wanted == nil, "\(value.text) of \(length) was ignored")
        case .unsatisfiable: expect(wanted == [], "\(value.text) of \(length) was refused")
        case .satisfiable(let parts):
            expect(Set(parts.joined()) == wanted, "\(value.text) of \(length) was read as \(parts)")
        }
        // Lengths near the greatest, too, where sums could overflow.
        for length in [Int.max, Int.max - 1, 1 << 32] { check(ByteRanges(value.span, length: length), length: length) }
    }

    private static func check(_ ranges: ByteRanges, length: Int) {
        guard case .satisfiable(let parts) = ranges else { return }
        expect(!parts.isEmpty && parts.count <= 64, "\(parts.count) parts")
        let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
        expect(sorted.allSatisfy { !$0.isEmpty && $0.lowerBound >= 0 && $0.upperBound <= length }, "\(parts): outside")
        for (one, next) in zip(sorted, sorted.dropFirst()) {
            expect(one.upperBound < next.lowerBound, "\(parts): overlapping, or next to each other")
        }
    }

    /// The positions asked for (RFC 9110 §14.1.1); nil where the value is malformed or asks for too many parts.
    private static func plainly(_ value: [UInt8], length: Int) -> Set<Int>? {
        let unit = value.prefix { $0 != ASCII.equals }
        guard unit.count < value.count, [UInt8](unit).text.lowercased() == "bytes" else { return nil }
        var positions: Set<Int> = []
        var count = 0
        for element in [UInt8](value[(unit.count + 1)...]).parts(separator: ASCII.comma) {
            let isSpace: (UInt8) -> Bool = { $0 == ASCII.space || $0 == ASCII.tab }
            let range = [UInt8](element.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
            if range.isEmpty { continue }
            count += 1
            let ends = range.parts(separator: UInt8(ascii: "-"))
            guard count <= 64, ends.count == 2, ends.joined().allSatisfy(ASCII.isDigit), range.count > 1 else {
                return nil
            }
            let first = ends[0].isEmpty ? nil : Int(ends[0].text) ?? Int.max
            let last = ends[1].isEmpty ? nil : Int(ends[1].text) ?? Int.max
            if let first {
                guard first <= last ?? Int.max else { return nil }
                for position in 0..<length where position >= first && position <= last ?? Int.max {
                    positions.insert(position)
                }
            } else if let last {
                positions.formUnion(max(0, length - last)..<length)
            }
        }
        return count > 0 ? positions : nil
    }
}
