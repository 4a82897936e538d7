import MartinetPOSIX
import Testing

@Suite("This machine's addresses")
struct NetworkInterfacesTests {
    @Test("The loopback interface is among those that are up")
    func loopback() throws {
        let found = try InterfaceAddress.all()
        #expect(found.contains(InterfaceAddress(interface: "lo", address: .loopback4(port: 0))))
    }

    @Test("Packets come from the address that the route has; where there is none they come from nowhere")
    func source() {
        #expect(SocketAddress.loopback4(port: 9).source == .loopback4(port: 0))
        // A network that is nobody's to reach (RFC 1122 §3.2.1.3).
        #expect(SocketAddress(host: "255.255.255.255", port: 9)?.source == nil)
    }
}
