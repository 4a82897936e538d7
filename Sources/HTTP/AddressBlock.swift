/// The addresses that count as one client where clients are limited: one IPv4 address, or the 64-bit prefix that an IPv6
/// client has to itself (RFC 4291 §2.5.1, RFC 6177).
package struct AddressBlock: Hashable, Sendable {
    private enum Prefix: Hashable {
        case unknown
        case v4(UInt32)
        case v6(UInt64)
    }

    private let prefix: Prefix
    /// Whether many clients come from there that have nothing to do with each other, so that what one of them does is not
    /// to be held against the others: programs on this machine, and proxies on it.
    package let isShared: Bool

    /// - Parameter address: the most significant octet is the first.
    package init(v4 address: UInt32) {
        prefix = .v4(address)
        isShared = address >> 24 == 127
    }

    /// - Parameters:
    ///   - prefix: the first eight octets, the most significant first.
    ///   - isLoopback: whether the address is `::1`.
    package init(v6Prefix prefix: UInt64, isLoopback: Bool) {
        self.prefix = .v6(prefix)
        isShared = isLoopback
    }

    private init() {
        prefix = .unknown
        isShared = true
    }

    /// That of a peer whose address is not known.
    package static let unknown = AddressBlock()
}
