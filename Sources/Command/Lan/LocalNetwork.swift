import MartinetEvents
import MartinetPOSIX
import MartinetTLS

/// How devices on the same network reach this machine (`--lan`).
struct LocalNetwork {
    /// Why no certificate is for an address.
    enum Reason: Equatable {
        /// The authority may not sign for it, since it is or may be reached from elsewhere.
        case notPrivate
        /// IPv6, link-local: it means nothing without a zone, and no URL has one (RFC 9844).
        case needsZone
        /// There are too many.
        case tooMany
    }

    /// What the certificate is to be for: the one first that others probably reach this machine by. None is a loopback address.
    let addresses: [SocketAddress]
    /// What it is not for.
    let leftOut: [(address: InterfaceAddress, reason: Reason)]
    /// The machine's name for its neighbours (RFC 6762): "host.local"; nil where nobody answers for it.
    let name: String?

    /// More would make a certificate that takes long to send: a machine with many containers has an address for each network.
    static let mostAddresses = 32

    /// - Parameter preferred: where packets to elsewhere come from; nil where there is no way.
    init(_ found: [InterfaceAddress], preferred: SocketAddress?, name: String?) {
        var chosen: [(address: InterfaceAddress, rank: Int)] = []
        var leftOut: [(address: InterfaceAddress, reason: Reason)] = []
        for item in found where !item.address.isLoopback {
            if chosen.contains(where: { $0.address.address == item.address }) { continue }
            if !AuthorityScope.local.contains(item.address.hostText) {
                leftOut.append((item, .notPrivate))
            } else if item.address.isIPv6 && item.address.isLinkLocal {
                leftOut.append((item, .needsZone))
            } else {
                chosen.append((item, item.address == preferred ? 0 : Self.rank(item)))
            }
        }
        // In the kernel's order where they are alike.
        let sorted = chosen.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map(\.element.address)
        addresses = sorted.prefix(Self.mostAddresses).map(\.address)
        self.leftOut = leftOut + sorted.dropFirst(Self.mostAddresses).map { ($0, .tooMany) }
        self.name = name
    }

    /// What there is now.
    static func current() throws -> LocalNetwork {
        let found: [InterfaceAddress]
        do {
            found = try InterfaceAddress.all()
        } catch {
            throw RuntimeFailure(description: "this machine's addresses cannot be found out: \(error)")
        }
        // Documentation's own (RFC 5737): the way there is the way to everywhere else.
        let elsewhere = SocketAddress(host: "192.0.2.1", port: 9)
        let network = LocalNetwork(
            found, preferred: elsewhere?.source, name: MulticastName.own(ThisProcess.hostName, among: found))
        guard !network.addresses.isEmpty else {
            throw ConfigurationError(
                place: "--lan",
                problem: "This machine has no private IPv4 or unique local IPv6 address that a phone could open."
                    + network.leftOutLines.map { "\n\($0)" }.joined(),
                wayOut:
                    "`ip address` shows those it has: join a network and start again. On addresses of other kinds it "
                    + "listens with --listen ADDRESS:PORT.")
        }
        return network
    }

    /// The names and addresses for the certificate.
    var names: [String] { addresses.map(\.hostText) + (name.map { [$0] } ?? []) }

    /// The authority of URLs that lead here from other devices: "192.168.1.20:8443".
    func authority(port: UInt16) -> String { addresses.first?.with(port: port).description ?? "" }

    /// What the certificate is not for, in words.
    var leftOutLines: [String] {
        let reasons: [(Reason, String)] = [
            (.notPrivate, "no private address: clients there find no certificate for it"),
            (.needsZone, "link-local in IPv6: no URL has the zone that it needs"),
            (.tooMany, "a certificate is for \(Self.mostAddresses) addresses at most"),
        ]
        return reasons.compactMap { reason, words in
            let items = leftOut.filter { $0.reason == reason }.map(\.address)
            guard !items.isEmpty else { return nil }
            let shown = items.prefix(4).map { "\($0.address.hostText) (\($0.interface))" }
            let others = items.count > shown.count ? ["\(items.count - shown.count) more"] : []
            return "\((shown + others).joined(separator: ", ")): \(words)"
        }
    }

    /// Where others than the neighbours may reach the server.
    var exposed: [SocketAddress] { leftOut.filter { $0.reason == .notPrivate }.map(\.address.address) }

    /// Networks of this machine's own, for containers and virtual machines, come behind those that it has joined.
    private static func rank(_ item: InterfaceAddress) -> Int {
        let isVirtual = ["docker", "br-", "virbr", "veth", "lxc", "cni", "podman"].contains {
            item.interface.hasPrefix($0)
        }
        let kind = item.address.isIPv6 ? 2 : item.address.isLinkLocal ? 4 : 1
        return kind + (isVirtual ? 10 : 0)
    }
}

extension SocketAddress {
    /// RFC 3927, RFC 4291 §2.5.6.
    fileprivate var isLinkLocal: Bool {
        isIPv6
            ? isInNetwork(of: "fe80::", prefixLength: 10) : isInNetwork(of: "169.254.0.0", prefixLength: 16)
    }
}
