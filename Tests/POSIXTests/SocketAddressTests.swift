import MartinetPOSIX
import Testing

@Suite("Internet addresses")
struct SocketAddressTests {
    @Test(
        "Numeric addresses are read, and written in their shortest form",
        arguments: [
            ("127.0.0.1", "127.0.0.1:8443"), ("0.0.0.0", "0.0.0.0:8443"), ("192.0.2.255", "192.0.2.255:8443"),
            ("::1", "[::1]:8443"), ("::", "[::]:8443"), ("2001:DB8:0:0:0:0:0:1", "[2001:db8::1]:8443"),
        ])
    func reading(text: String, expected: String) throws {
        let address = try #require(SocketAddress(host: text, port: 8443))
        #expect(address.description == expected)
        #expect(address.port == 8443)
        #expect(address.isIPv6 == text.contains(":"))
        #expect(SocketAddress(host: address.hostText, port: 8443) == address)
    }

    @Test(
        "What is no numeric address is refused",
        arguments: ["", "localhost", "127.0.0", "127.0.0.256", "127.1", "[::1]", "::g", "1.2.3.4:80", " 127.0.0.1"])
    func refusing(text: String) {
        #expect(SocketAddress(host: text, port: 1) == nil)
    }

    @Test(
        "Loopback and unspecified addresses are known in both families",
        arguments: [
            ("127.0.0.1", true, false), ("127.255.1.2", true, false), ("128.0.0.1", false, false),
            ("0.0.0.0", false, true), ("0.0.0.1", false, false), ("::1", true, false), ("::", false, true),
            ("1::1", false, false), ("::2", false, false), ("1.0.0.127", false, false),
        ])
    func kinds(text: String, isLoopback: Bool, isUnspecified: Bool) throws {
        let address = try #require(SocketAddress(host: text, port: 1))
        #expect(address.isLoopback == isLoopback)
        #expect(address.isUnspecified == isUnspecified)
    }

    @Test("The addresses with names are those they are named for")
    func named() {
        #expect(SocketAddress.loopback4(port: 1).description == "127.0.0.1:1")
        #expect(SocketAddress.loopback6(port: 2).description == "[::1]:2")
        #expect(SocketAddress.any4(port: 3).description == "0.0.0.0:3")
        #expect(SocketAddress.any6(port: 4).description == "[::]:4")
        #expect(SocketAddress.any4(port: 3).with(port: 65535).description == "0.0.0.0:65535")
    }

    @Test("Addresses differ when their hosts or their ports do")
    func equality() {
        #expect(SocketAddress.loopback4(port: 1) == SocketAddress(host: "127.0.0.1", port: 1))
        #expect(SocketAddress.loopback4(port: 1) != .loopback4(port: 2))
        #expect(SocketAddress.any4(port: 1) != .any6(port: 1))
    }

    @Test("The resolver gives a numeric address as it is, once, with the port")
    func resolving() {
        #expect(SocketAddress.resolve("127.0.0.1", port: 80) == [.loopback4(port: 80)])
        #expect(SocketAddress.resolve("no such name", port: 80) == [])
    }
}
