import MartinetPOSIX
import Testing

@testable import MartinetCommand

@Suite("The addresses of this machine that other devices use")
struct LocalNetworkTests {
    private static func found(_ items: [(String, String)]) -> [InterfaceAddress] {
        items.compactMap { interface, text in
            SocketAddress(host: text, port: 0).map { InterfaceAddress(interface: interface, address: $0) }
        }
    }

    private static func network(_ items: [(String, String)], preferred: String? = nil) -> LocalNetwork {
        LocalNetwork(
            found(items), preferred: preferred.flatMap { SocketAddress(host: $0, port: 0) }, name: "host.local")
    }

    @Test("The one that leads elsewhere comes first, then networks that were joined, then the machine's own")
    func order() {
        let network = Self.network(
            [
                ("lo", "127.0.0.1"), ("lo", "::1"), ("docker0", "172.17.0.1"), ("wlan0", "169.254.3.4"),
                ("wlan0", "fd00:7::20"), ("eth1", "10.0.0.5"), ("wlan0", "192.168.1.20"), ("virbr0", "192.168.122.1"),
                ("eth1", "10.0.0.5"),
            ], preferred: "192.168.1.20")
        #expect(
            network.names == [
                "192.168.1.20", "10.0.0.5", "fd00:7::20", "169.254.3.4", "172.17.0.1", "192.168.122.1", "host.local",
            ])
        #expect(network.leftOut.isEmpty && network.leftOutLines.isEmpty && network.exposed.isEmpty)
        #expect(network.authority(port: 8443) == "192.168.1.20:8443")
    }

    @Test("What leads elsewhere but is public is not the one to show")
    func preferredPublic() {
        let network = Self.network([("eth0", "203.0.113.5"), ("br-1", "fd00::1")], preferred: "203.0.113.5")
        #expect(network.names == ["fd00::1", "host.local"])
        #expect(network.authority(port: 1) == "[fd00::1]:1")
    }

    @Test(
        "Addresses that the authority may not sign for, and those that no URL can have, are left out and named",
        arguments: [
            ("203.0.113.5", .notPrivate), ("8.8.8.8", .notPrivate), ("100.64.0.1", .notPrivate),
            ("172.32.0.1", .notPrivate), ("2001:db8::5", .notPrivate), ("fe80::5", .needsZone),
        ] as [(String, LocalNetwork.Reason)])
    func leftOut(text: String, reason: LocalNetwork.Reason) {
        let network = Self.network([("eth0", text), ("eth0", "10.1.2.3")])
        #expect(network.addresses.map(\.hostText) == ["10.1.2.3"])
        #expect(network.leftOut.map(\.reason) == [reason])
        #expect(network.leftOutLines.count == 1)
        #expect(network.leftOutLines[0].hasPrefix("\(text) (eth0): "))
        #expect(network.exposed.map(\.hostText) == (reason == .notPrivate ? [text] : []))
    }

    @Test("Of very many the first are taken, and of the others some are named")
    func many() {
        let network = Self.network((1...50).map { ("veth\($0)", "10.9.0.\($0)") } + [("eth0", "192.168.1.2")])
        #expect(network.addresses.count == LocalNetwork.mostAddresses)
        #expect(network.addresses[0].hostText == "192.168.1.2" && network.addresses[1].hostText == "10.9.0.1")
        #expect(network.leftOut.count == 19)
        #expect(network.leftOutLines.count == 1 && network.leftOutLines[0].contains(", 15 more: "))
    }

    @Test(
        "The name is one that avahi says is this machine's",
        arguments: [
            ("box", "+ 2 0 box.local 192.168.1.20", "box.local"),
            ("Box.example.org", "+ 2 0 box.local fd00::1", "box.local"),
            ("box", "+ 2 1 box.local fe80::1%eth0", "box.local"),
            ("box", "+ 2 0 box.local 192.168.1.99", nil), ("box", "+ 2 0 other.local 192.168.1.20", nil),
            ("box", "-15 Timeout reached", nil), ("box", "- 15 Timeout reached", nil), ("box", "", nil),
            ("box", "+ 2 0 box.local", nil), ("box", "+ 2 0 box.local nonsense", nil), ("box", nil, nil),
            ("localhost", "+ 2 0 localhost.local 192.168.1.20", nil), ("", "+ 2 0 .local 192.168.1.20", nil),
            ("my_box", "+ 2 0 my_box.local 192.168.1.20", nil),
        ] as [(String, String?, String?)])
    func name(hostName: String, answer: String?, expected: String?) {
        let own = Self.found([("eth0", "192.168.1.20"), ("eth0", "fd00::1"), ("eth0", "fe80::1")])
        var questions: [String] = []
        let name = MulticastName.own(hostName, among: own) { question in
            questions.append(question)
            return answer
        }
        #expect(name == expected)
        if hostName == "Box.example.org" { #expect(questions == ["RESOLVE-HOSTNAME box.local"]) }
        // Nothing that is no name is written to the service.
        if hostName.isEmpty || hostName.contains("_") { #expect(questions.isEmpty) }
    }
}
