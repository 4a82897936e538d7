import MartinetPOSIX

/// The names and addresses that a development authority may sign for.
package enum AuthorityScope: Equatable, Sendable {
    /// Names and addresses that cannot be anybody else's on the Internet.
    case local
    /// One host name and what is beneath it, or one IP address.
    case name(String)

    /// Domains that no registry gives away: RFC 6761 §6.2, §6.3, RFC 6762, RFC 8375, and `.internal` (ICANN, 2024).
    private static let localDomains = ["localhost", "test", "local", "internal", "home.arpa"]

    /// Loopback, private (RFC 1918, RFC 4193) and link-local addresses, with the lengths of their prefixes.
    private static let localNetworks = [
        ("127.0.0.0", 8), ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("169.254.0.0", 16), ("::1", 128),
        ("fc00::", 7), ("fe80::", 10),
    ]

    /// The scope for a name: the local one if that has it, otherwise one that is its own. A star stands for what is beneath.
    package init(for name: String) {
        if Self.local.contains(name) {
            self = .local
        } else {
            let name = name.lowercased()
            self = .name(name.hasPrefix("*.") ? String(name.dropFirst(2)) : name)
        }
    }

    /// Whether a certificate of the authority may be for the name or address.
    package func contains(_ name: String) -> Bool {
        if let address = SocketAddress(host: name, port: 0) {
            switch self {
            case .local: return Self.localNetworks.contains { address.isInNetwork(of: $0.0, prefixLength: $0.1) }
            case .name(let own): return SocketAddress(host: own, port: 0) == address
            }
        }
        let name = name.lowercased()
        return domains.contains { name == $0 || name.hasSuffix("." + $0) && !(self != .local && isSingleLabel($0)) }
    }

    private func isSingleLabel(_ name: String) -> Bool { !name.contains(".") && !name.contains(":") }

    private var domains: [String] {
        switch self {
        case .local: Self.localDomains
        case .name(let name): SocketAddress(host: name, port: 0) == nil ? [name] : []
        }
    }

    /// The name constraints (RFC 5280 §4.2.1.10) in the form of OpenSSL's configuration files. Subtrees of both kinds are
    /// always there, since a kind without one is not limited at all.
    var constraints: String {
        var subtrees = domains.map { "permitted;DNS:\($0)" }
        // Beneath a name of one label there may be a whole registry of others' names. A constraint with a dot in front has what
        // is beneath, and not the name itself.
        if case .name(let name) = self, isSingleLabel(name) { subtrees.append("excluded;DNS:.\(name)") }
        // A domain that does not exist (RFC 6761 §6.4) stands for none.
        if subtrees.isEmpty { subtrees = ["permitted;DNS:invalid"] }
        switch self {
        case .local: subtrees += Self.localNetworks.map { Self.subtree($0.0, prefixLength: $0.1) }
        case .name(let name):
            if let address = SocketAddress(host: name, port: 0) {
                subtrees.append(Self.subtree(name, prefixLength: address.isIPv6 ? 128 : 32))
                subtrees.append(Self.nothing(isIPv6: !address.isIPv6))
            } else {
                subtrees += [Self.nothing(isIPv6: false), Self.nothing(isIPv6: true)]
            }
        }
        return subtrees.joined(separator: ",")
    }

    private static func subtree(_ address: String, prefixLength: Int) -> String {
        "permitted;IP:\(address)/\(SocketAddress.maskText(prefixLength, isIPv6: address.contains(":")))"
    }

    /// No address at all of a family.
    private static func nothing(isIPv6: Bool) -> String {
        isIPv6 ? "excluded;IP:::/::" : "excluded;IP:0.0.0.0/0.0.0.0"
    }
}
