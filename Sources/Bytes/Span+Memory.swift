#if canImport(Glibc)
    import Glibc
#endif

// The one file of this room that touches raw memory: copies and searches that must run at memcpy's speed.

extension MutableSpan<UInt8> {
    /// Copies `source` to this span, starting at `offset`.
    package mutating func copy(from source: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && source.count <= count - offset, "copied beyond the end of a span")
        guard !source.isEmpty else { return }
        unsafe withUnsafeMutableBytes { destination in
            unsafe source.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: destination[offset...]).copyMemory(from: bytes)
            }
        }
    }

    /// Moves the bytes of `range` to the front of this span.
    package mutating func moveToFront(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "moved bytes outside a span")
        guard !range.isEmpty else { return }
        unsafe withUnsafeMutableBytes { bytes in
            let source = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
            unsafe bytes.copyMemory(from: source)
        }
    }
}

extension Span<UInt8> {
    /// Where `byte` first stands at or behind `start`; nil when it does not.
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        precondition(start >= 0 && start <= count, "searched outside a span")
        guard start < count else { return nil }
        return unsafe withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, CInt(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Where the first control character stands in `range`, tabs not counted; nil where there is none.
    package func firstIndexOfControl(in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "searched outside a span")
        var index = range.lowerBound
        return unsafe withUnsafeBytes { bytes -> Int? in
            // Eight bytes at a time. The top bit of each byte of `suspects` is set where the byte is below 0x20, or 0x7F;
            // borrows can set it for a neighbour too, so the word is then looked at byte by byte.
            while index + 8 <= range.upperBound {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let low = word &- 0x2020_2020_2020_2020 & ~word
                let difference = word ^ 0x7F7F_7F7F_7F7F_7F7F
                let delete = difference &- 0x0101_0101_0101_0101 & ~difference
                if (low | delete) & 0x8080_8080_8080_8080 != 0 {
                    for place in index..<index + 8 where unsafe Self.isControl(bytes[place]) { return place }
                }
                index += 8
            }
            while index < range.upperBound {
                if unsafe Self.isControl(bytes[index]) { return index }
                index += 1
            }
            return nil
        }
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != 0x09 || byte == 0x7F
    }

    /// Whether every byte can stand between quotes as it is: visible ASCII and spaces, but no quote and no backslash.
    package var isQuotable: Bool {
        var index = 0
        return unsafe withUnsafeBytes { bytes -> Bool in
            // As above: only a word in which a byte is suspected is looked at byte by byte.
            while index + 8 <= bytes.count {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                let low = word &- 0x2020_2020_2020_2020
                let delete = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101
                let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
                let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
                if (word | low | delete | quote | backslash) & 0x8080_8080_8080_8080 != 0 {
                    for place in index..<index + 8 where unsafe !ASCII.isQuotable(bytes[place]) { return false }
                }
                index += 8
            }
            while index < bytes.count {
                if unsafe !ASCII.isQuotable(bytes[index]) { return false }
                index += 1
            }
            return true
        }
    }

    /// Whether the array holds the same bytes.
    package func isEqual(to bytes: [UInt8]) -> Bool {
        isEqual(to: bytes.span)
    }

    /// Whether both spans hold the same bytes.
    package func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count > 0 else { return true }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                guard let first = mine.baseAddress, let second = theirs.baseAddress else { return false }
                return unsafe memcmp(first, second, mine.count) == 0
            }
        }
    }
}

extension Array<UInt8> {
    /// A copy of the bytes of `span`.
    package init(copying span: Span<UInt8>) {
        self = unsafe span.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }

    /// Appends the bytes of `span`.
    package mutating func append(copying span: Span<UInt8>) {
        unsafe span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension StaticString {
    /// The text's bytes, which live as long as the program.
    @inlinable package var utf8Span: Span<UInt8> {
        @_lifetime(immortal)
        get {
            precondition(hasPointerRepresentation, "a one-scalar StaticString has no bytes to point to")
            let bytes = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
            return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: ())
        }
    }
}
