import MartinetBytes
package import MartinetEvents

/// A request's head (RFC 9110 §6): the bytes as they came, and where in them everything stands.
///
/// Ranges are positions in `bytes`. Nothing is copied out of them until somebody needs it as text.
package struct Request: Sendable {
    /// One field line. A head is limited to less than 64 KiB, so positions fit in 16 bits.
    package struct FieldLine: Sendable {
        private let nameStart, nameEnd, valueStart, valueEnd: UInt16
        /// The field's name if it is one the server acts on.
        package let known: FieldName?

        package init(name: Range<Int>, value: Range<Int>, known: FieldName?) {
            nameStart = UInt16(truncatingIfNeeded: name.lowerBound)
            nameEnd = UInt16(truncatingIfNeeded: name.upperBound)
            valueStart = UInt16(truncatingIfNeeded: value.lowerBound)
            valueEnd = UInt16(truncatingIfNeeded: value.upperBound)
            self.known = known
        }

        package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        /// Without the white space around it.
        package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    /// What follows the head.
    package enum Content: Equatable, Sendable {
        case none
        /// This many bytes, and not zero.
        case length(Int)
        /// As many as come until its framing ends it.
        case unknownLength
    }

    package var bytes: [UInt8] = []
    package var method = Method.get
    package var methodName = 0..<0
    /// The request target as the client sent it (RFC 9110 §7.1).
    package var target = 0..<0
    /// The target's path, still encoded; empty for `*` and for an absolute form that has none.
    package internal(set) var path = 0..<0
    /// What the path means, for all who decide by it: decoded once, without dot segments and without runs of slashes. It begins
    /// with a slash, and ends with one where it names a directory; empty for `*`, and where `pathFlaw` says that it means
    /// nothing.
    package internal(set) var normalPath = 0..<0
    /// The same with its runs of slashes, which may mean something to programs.
    package internal(set) var unmergedPath = 0..<0
    /// Why the path cannot be read; nil where it can.
    package internal(set) var pathFlaw: PathFlaw?
    /// The target's query without its question mark, still encoded; nil when there is no question mark.
    package var query: Range<Int>?
    /// The host and port that the request is for (RFC 9110 §7.2); empty where the client named none.
    package var authority = 0..<0
    package var version = HTTPVersion.http11
    package private(set) var fields: [FieldLine] = []
    package var content = Content.none
    /// The protocols that the client would go on with (RFC 9110 §7.8), a list; nil where it names none, or may not.
    package var upgrade: Range<Int>? { mayUpgrade ? value(of: .upgrade) : nil }
    /// Whether the client may go on with another protocol, if its fields name one.
    package var mayUpgrade = false
    /// Who asks, over which connection.
    package var peer: Peer?
    /// How many local redirections (RFC 3875 §6.2.2) lie between this request and the client's own.
    package var redirectionCount = 0
    /// What the log calls the client's request, where this one comes from a redirection of it; otherwise nil.
    package var logIdentifier: String?
    /// When the head was read.
    package var arrival = MonotonicTime.start
    /// The time of day when the head was read, in whole seconds.
    package var date = WallTime(seconds: 0)

    /// A bit for each known field that is present.
    private var present: UInt32 = 0

    package init() {}

    /// Forgets everything and takes the bytes of another head.
    package mutating func reset(_ head: Span<UInt8>) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(copying: head)
        fields.removeAll(keepingCapacity: true)
        path = 0..<0
        normalPath = 0..<0
        unmergedPath = 0..<0
        if pathFlaw != nil { pathFlaw = nil }
        query = nil
        authority = 0..<0
        content = .none
        mayUpgrade = false
        redirectionCount = 0
        if logIdentifier != nil { logIdentifier = nil }
        present = 0
    }

    package mutating func append(_ line: FieldLine) {
        fields.append(line)
        if let known = line.known { present |= 1 << UInt32(known.rawValue) }
    }

    package func has(_ name: FieldName) -> Bool {
        present >> UInt32(name.rawValue) & 1 == 1
    }

    /// Where the value of the first line with this name stands; nil when there is none.
    package func value(of name: FieldName) -> Range<Int>? {
        guard has(name) else { return nil }
        return fields.first { $0.known == name }?.value
    }

    /// How many lines have this name.
    package func count(of name: FieldName) -> Int {
        has(name) ? fields.count { $0.known == name } : 0
    }

    /// The bytes of a range as text, for messages and logs.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// Whether a list of tokens (RFC 9110 §5.6.1) in any of the lines of this name has the token, given in lower case.
    package func listsToken(_ token: StaticString, in name: FieldName) -> Bool {
        var isListed = false
        ListParser.forEachElement(of: name, in: self) { element in
            isListed = bytes.span.extracting(element).isEqualIgnoringCase(to: token)
            return !isListed
        }
        return isListed
    }
}
