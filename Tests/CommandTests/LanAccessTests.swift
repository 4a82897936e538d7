import Logging
import MartinetEvents
import MartinetPOSIX
import MartinetQRCode
import MartinetResponders
import MartinetTestSupport
import Testing

@testable import MartinetCommand

@Suite("What --lan shows")
struct LanAccessTests {
    private static func access() throws -> LanAccess {
        let address = try #require(SocketAddress(host: "192.168.1.20", port: 0))
        let network = LocalNetwork(
            [InterfaceAddress(interface: "wlan0", address: address)], preferred: nil, name: "box.local")
        let offer = TrustPage.Offer(certificate: [1], name: "x", fingerprint: "AB:CD", deadline: .distantFuture)
        return try LanAccess(network, offer: offer)
    }

    @Test("The phone's URLs, the page's, and its code with the fingerprint")
    func lines() throws {
        let access = try Self.access()
        #expect(
            access.lines(port: 8443) == [
                "phone          https://192.168.1.20:8443/ or https://box.local:8443/",
                "trust page     http://192.168.1.20:8443/martinet-trust (until the first download, 10 minutes at most)",
                "compare with   SHA-256 AB:CD",
            ])
        let code = access.codeLines(port: 8443, .own)
        #expect(Array(code.prefix(19)) == QRCode("http://192.168.1.20:8443/martinet-trust")?.lines(.own))
        #expect(code.last == "AB:CD")
    }

    @Test(
        "A code is drawn on a terminal that can, in colours unless they are not wanted",
        arguments: [
            (true, ["TERM": "xterm"], .fixed), (true, ["TERM": "xterm", "NO_COLOR": "1"], .own),
            (true, ["TERM": "dumb"], nil), (true, [:], nil), (false, ["TERM": "xterm"], nil),
        ] as [(Bool, [String: String], QRCode.Colours?)])
    func colours(isTerminal: Bool, environment: [String: String], expected: QRCode.Colours?) {
        #expect(LanAccess.colours(isTerminal: isTerminal, environment: { environment[$0] }) == expected)
    }

    @Test("When the time is over nobody can download any more, which is told unless somebody has")
    func end() throws {
        let log = RecordingLog()
        let logger = Logger(label: "test") { _ in log }
        let access = try Self.access()
        access.end(logger)
        #expect(!access.permit.isFree)
        #expect(log.lines.count == 1 && log.lines[0].contains("10 minutes"))
        access.end(logger)
        #expect(log.lines.count == 1)
    }
}
