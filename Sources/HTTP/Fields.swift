import MartinetBytes

/// A message's fields (RFC 9110 §5): names and values in their order, in one piece of memory and in no protocol's format.
/// Each protocol writes them in its own way.
package struct Fields: Equatable, Sendable {
    /// Where a field's name and value stand in `bytes`.
    package struct Field {
        package let name: Range<Int>
        package let value: Range<Int>
    }

    /// Each field's two lengths, its name and its value, one field behind the other. One array, since two would be two
    /// allocations for each response, and two references to count for each copy of one.
    package private(set) var bytes: [UInt8] = []

    /// What stands before a name: its length, and that of the value.
    private static let lengthByteCount = 8

    package init() {}

    package var isEmpty: Bool { bytes.isEmpty }

    /// How many fields there are.
    package var count: Int {
        var count = 0
        forEach { _, _ in count += 1 }
        return count
    }

    // MARK: Reading

    /// The field that begins at a position in `bytes`; nil at their end. The first begins at 0, and each of the others where
    /// the value of the one before it ends.
    @inline(always)
    package func field(at position: Int) -> Field? {
        guard position < bytes.count else { return nil }
        let lengths = bytes.span.word(at: position)
        let nameStart = position + Self.lengthByteCount
        let nameEnd = nameStart + Int(truncatingIfNeeded: lengths & 0xFFFF_FFFF)
        return Field(
            name: nameStart..<nameEnd, value: nameEnd..<nameEnd + Int(truncatingIfNeeded: lengths >> 32))
    }

    /// Calls a function with each field in its turn.
    package func forEach(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
        var position = 0
        while let field = field(at: position) {
            body(bytes.span.extracting(field.name), bytes.span.extracting(field.value))
            position = field.value.upperBound
        }
    }

    /// Whether there is a field with this name, whatever its case.
    package func contains(_ name: StaticString) -> Bool { contains(name.utf8Span) }

    private func contains(_ name: Span<UInt8>) -> Bool {
        var position = 0
        while let field = field(at: position) {
            if isNamed(field, name) { return true }
            position = field.value.upperBound
        }
        return false
    }

    private func isNamed(_ field: Field, _ name: Span<UInt8>) -> Bool {
        guard field.name.count == name.count else { return false }
        for index in 0..<name.count
        where ASCII.lowercased(bytes[field.name.lowerBound + index]) != ASCII.lowercased(name[index]) {
            return false
        }
        return true
    }

    // MARK: Changing

    package mutating func append(_ name: StaticString, _ value: StaticString) {
        append(name.utf8Span, value.utf8Span)
    }

    /// Appends a field whose value is made at run time. What may not stand in a value becomes a space, so that no value,
    /// wherever it came from, can end its field and begin another one in any protocol.
    package mutating func append(_ name: StaticString, _ value: [UInt8]) {
        append(name.utf8Span, sanitizing: value.span)
    }

    /// Appends a field whose name, too, is made at run time; it is the caller's to make sure that the name is a token.
    package mutating func append(name: [UInt8], _ value: [UInt8]) {
        append(name.span, sanitizing: value.span)
    }

    package mutating func append(_ name: StaticString, _ value: Int) {
        var digits: [UInt8] = []
        digits.append(decimal: value)
        append(name.utf8Span, digits.span)
    }

    /// Appends a field, and drops those before it that have the same name.
    package mutating func replace(_ name: StaticString, _ value: [UInt8]) {
        remove(name.utf8Span)
        append(name, value)
    }

    /// Drops every field with this name, whatever its case.
    package mutating func remove(_ name: [UInt8]) { remove(name.span) }

    private mutating func remove(_ name: Span<UInt8>) {
        guard contains(name) else { return }
        var kept: [UInt8] = []
        var position = 0
        while let field = field(at: position) {
            if !isNamed(field, name) { kept += bytes[position..<field.value.upperBound] }
            position = field.value.upperBound
        }
        bytes = kept
    }

    private mutating func append(_ name: Span<UInt8>, sanitizing value: Span<UInt8>) {
        append(name, value)
        let start = bytes.count - value.count
        guard value.firstIndexOfControl(in: 0..<value.count) != nil else { return }
        for index in start..<bytes.count where ASCII.isControl(bytes[index]) { bytes[index] = ASCII.space }
    }

    private mutating func append(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        // Most responses' fields fit, and are one allocation.
        if bytes.isEmpty { bytes.reserveCapacity(max(256, Self.lengthByteCount + name.count + value.count)) }
        bytes.append(word: UInt64(UInt32(name.count)) | UInt64(UInt32(value.count)) << 32)
        bytes.append(name)
        bytes.append(value)
    }
}
