/// The versions of TLS that a client's hello offers: those it lists (RFC 8446 §4.2.1), or all up to one (RFC 5246 §7.4.1.3).
package struct OfferedVersions: Equatable, CustomStringConvertible {
    private static let names: [(number: UInt16, name: String)] = [
        (0x0304, "TLSv1.3"), (0x0303, "TLSv1.2"), (0x0302, "TLSv1.1"), (0x0301, "TLSv1"), (0x0300, "SSLv3"),
    ]

    /// One bit for each of `names` that is offered.
    private var known: UInt8 = 0
    private var isList: Bool

    /// What a `supported_versions` extension lists: a byte for the length, and two for each version. Those that nobody
    /// knows (drafts, GREASE) are left out.
    init(extensionData: Span<UInt8>) {
        isList = true
        var position = 1
        while position + 1 < extensionData.count {
            add(UInt16(extensionData[position]) << 8 | UInt16(extensionData[position + 1]))
            position += 2
        }
    }

    /// What a hello without that extension offers.
    init(highest: UInt16) {
        isList = false
        add(highest)
    }

    private mutating func add(_ version: UInt16) {
        if let index = Self.names.firstIndex(where: { $0.number == version }) { known |= 1 << UInt8(index) }
    }

    /// "TLSv1.3 TLSv1.2", "up to TLSv1.1"; empty where none is known.
    package var description: String {
        let names = Self.names.indices.filter { known & 1 << UInt8($0) != 0 }.map { Self.names[$0].name }
        return names.isEmpty || isList ? names.joined(separator: " ") : "up to \(names[0])"
    }
}
