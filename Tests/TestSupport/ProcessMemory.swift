import MartinetBytes
package import MartinetPOSIX
import Testing

/// What this process has in its memory. To be made before secrets are dropped: what searching needs is allocated then, and
/// not where they stood.
package final class ProcessMemory {
    private var regions: [Range<Int>] = []
    private var piece = [UInt8](repeating: 0, count: 1 << 20)
    private let memory: FileDescriptor

    package init() throws {
        memory = try FileDescriptor.open("/proc/self/mem", for: .reading)
        let maps = String(decoding: try WholeFile.read("/proc/self/maps"), as: UTF8.self)
        for line in maps.split(separator: "\n") where line.contains(" rw") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
            if bounds.count == 2 { regions.append(bounds[0]..<bounds[1]) }
        }
    }

    /// Whether so many bytes stand anywhere in the memory that can be written to.
    ///
    /// - Parameter turned: the bytes with all bits turned, so that this array is not what is found.
    package func contains(turned: [UInt8]) -> Bool {
        for region in regions {
            var start = region.lowerBound
            while start < region.upperBound {
                let length = min(piece.count, region.upperBound - start)
                var room = piece.mutableSpan
                var part = room._mutatingExtracting(first: length)
                guard let count = try? memory.read(into: &part, at: start), count > 0 else { break }
                if Self.holds(piece.span.extracting(0..<count), turned) { return true }
                guard count > turned.count, start + count < region.upperBound else { break }
                start += count - turned.count
            }
        }
        return false
    }

    private static func holds(_ bytes: Span<UInt8>, _ turned: [UInt8]) -> Bool {
        var start = 0
        while let found = bytes.firstIndex(of: ~turned[0], from: start) {
            guard found + turned.count <= bytes.count else { return false }
            if (0..<turned.count).allSatisfy({ bytes[found + $0] == ~turned[$0] }) { return true }
            start = found + 1
        }
        return false
    }
}

extension SecretBytes {
    /// So many random bytes.
    package static func random(_ byteCount: Int) -> SecretBytes {
        SecretBytes(byteCount: byteCount) { bytes in
            for index in 0..<byteCount { bytes[index] = UInt8.random(in: 0...255) }
        }
    }

    /// The first and the last bytes, all bits turned.
    package var turnedEnds: [[UInt8]] {
        withSpan { bytes in
            [0..<min(48, bytes.count), max(0, bytes.count - 48)..<bytes.count].map { $0.map { ~bytes[$0] } }
        }
    }
}
