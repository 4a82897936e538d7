import Foundation
import MartinetCrypto
import MartinetEvents
import MartinetHTTP
import MartinetPOSIX
import MartinetTestSupport
import Testing

@testable import MartinetResponders

@Suite("The page that gives an authority to a phone")
struct TrustPageTests {
    private static let offer = TrustPage.Offer(
        certificate: (0..<700).map { UInt8(truncatingIfNeeded: $0 &* 7) },
        name: "Martinet development authority of <you> & me",
        fingerprint: (0..<32).map { "\($0 / 10)\($0 % 10)" }.joined(separator: ":"),
        deadline: MonotonicTime(nanoseconds: 1000))

    /// A page, what answers everything else, and what the operator was told.
    private final class Door {
        final class Elsewhere: Responder {
            func open(_ request: borrowing Request) -> Answer { .complete(Response(.noContent)) }
        }

        let page: TrustPage
        let permit: SharedPermit
        private let log = Site.Log()

        init(sharing permit: SharedPermit? = nil) throws {
            let permit = try permit ?? SharedPermit()
            let log = log
            self.permit = permit
            page = TrustPage(
                TrustPageTests.offer, permit: permit, others: Elsewhere(),
                isNear: { $0.address.hasPrefix("192.168.") },
                covers: { $0 == [UInt8]("192.168.7.20".utf8) }, report: { log.lines.append($0) })
        }

        var reports: [String] { log.lines }

        func request(
            _ path: String, method: MartinetHTTP.Method = .get, authority: String = "192.168.7.20:8443",
            _ fields: [(String, String)] = [], from address: String = "192.168.7.31", at nanoseconds: Int64 = 10
        ) -> Request {
            var request = Request(
                path, method: method, authority: authority, fields, at: MonotonicTime(nanoseconds: nanoseconds))
            request.peer = Peer(address: address, port: 1)
            return request
        }

        /// What is sent of a file's content in one turn of the connection, and then in the next.
        func download(_ request: Request) throws -> (first: [UInt8], exchange: DrivenExchange) {
            guard let exchange = page.open(request).driven else { throw Refused() }
            exchange.endContent()
            return (try Self.produce(exchange), exchange)
        }

        static func produce(_ exchange: DrivenExchange) throws -> [UInt8] {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                var room = piece.mutableSpan
                guard case .bytes(let count) = exchange.produce(into: &room) else { return bytes }
                bytes += piece.prefix(count)
            }
        }
    }

    private struct Refused: Error {}

    private static let root = "/martinet-trust"
    private static let certificate = "/martinet-trust/martinet.crt"
    private static let profile = "/martinet-trust/martinet.mobileconfig"

    @Test("The page has the whole fingerprint, the steps, both files, and nothing that is from elsewhere or runs")
    func page() throws {
        let door = try Door()
        for path in [Self.root, "\(Self.root)/", "/x/../martinet-trust"] {
            let answer = try door.page.answer(door.request(path))
            #expect(answer.status == .ok)
            #expect(answer["Content-Type"] == "text/html; charset=utf-8")
            #expect(answer["Cache-Control"] == "no-store")
            let page = answer.content
            #expect(page.replacing("<wbr>", with: "").contains("<code>\(Self.offer.fingerprint)</code>"))
            #expect(page.contains("href=\"\(Self.certificate)\"") && page.contains("href=\"\(Self.profile)\""))
            #expect(page.contains("iPhone, iPad") && page.contains("Android"))
            #expect(page.contains("authority of &lt;you&gt; &amp; me") && !page.contains("<you>"))
            #expect(page.contains("width=device-width"))
            #expect(page.contains("<a href=\"https://192.168.7.20:8443/\">"))
            for word in ["<script", "src=", "http://", "url(", "@import", "style="] { #expect(!page.contains(word)) }
        }
    }

    @Test("The policy allows the page's own style, and nothing else")
    func policy() throws {
        let door = try Door()
        let answer = try door.page.answer(door.request(Self.root))
        let policy = try #require(answer["Content-Security-Policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        let start = try #require(answer.content.range(of: "<style>")?.upperBound)
        let end = try #require(answer.content.range(of: "</style>")?.lowerBound)
        let style = [UInt8](answer.content[start..<end].utf8)
        let digest = String(decoding: Base64.encode(Digest.sha256(style)), as: UTF8.self)
        #expect(policy.contains("'sha256-\(digest)'"))
    }

    @Test("A host that no certificate here is for is in no link")
    func otherHost() throws {
        let door = try Door()
        let answer = try door.page.answer(door.request(Self.root, authority: "evil.example"))
        #expect(answer.status == .ok)
        #expect(!answer.content.contains("evil") && answer.content.contains("the address that the terminal shows"))
    }

    @Test("The profile is a property list that holds the root; the same root has the same identifiers")
    func profile() throws {
        let bytes = ConfigurationProfile.text(of: Self.offer)
        #expect(bytes == ConfigurationProfile.text(of: Self.offer))
        let list = try unsafe PropertyListSerialization.propertyList(from: Data(bytes), format: nil)
        let profile = try #require(list as? [String: Any])
        #expect(profile["PayloadType"] as? String == "Configuration")
        #expect(profile["PayloadVersion"] as? Int == 1)
        #expect(profile["PayloadDisplayName"] as? String == Self.offer.name)
        #expect(profile["PayloadIdentifier"] as? String == "martinet.authority.0001020304050607")
        let contents = try #require(profile["PayloadContent"] as? [[String: Any]])
        #expect(contents.count == 1)
        #expect(contents[0]["PayloadType"] as? String == "com.apple.security.root")
        #expect(contents[0]["PayloadContent"] as? Data == Data(Self.offer.certificate))
        let identities = [profile, contents[0]].compactMap { $0["PayloadUUID"] as? String }
        #expect(Set(identities).count == 2 && identities.allSatisfy { UUID(uuidString: $0) != nil })
        let other = TrustPage.Offer(
            certificate: [1], name: "x", fingerprint: "FF:00", deadline: .distantFuture)
        let text = String(decoding: ConfigurationProfile.text(of: other), as: UTF8.self)
        for identity in identities { #expect(!text.contains(identity)) }
    }

    @Test(
        "Everything else is answered by others, and so is everything from far away",
        arguments: [
            "/", "/martinet-trus", "/martinet-trusted", "/martinet-trust/x", "/martinet-trust/martinet.crt/",
            "/a/martinet-trust",
        ])
    func others(path: String) throws {
        let door = try Door()
        #expect(try door.page.answer(door.request(path)).status == .noContent)
        for path in [Self.root, Self.certificate] {
            #expect(try door.page.answer(door.request(path, from: "203.0.113.9")).status == .noContent)
        }
        #expect(door.permit.isFree)
    }

    @Test(
        "A file is sent whole whatever is asked of it, with its type and a name",
        arguments: [
            ("/martinet-trust/martinet.crt", "application/x-x509-ca-cert", "martinet.crt"),
            ("/martinet-trust/martinet.mobileconfig", "application/x-apple-aspen-config", "martinet.mobileconfig"),
        ])
    func file(path: String, type: String, name: String) throws {
        let door = try Door()
        let head = try door.page.answer(door.request(path, method: .head))
        let expected = path == Self.profile ? ConfigurationProfile.text(of: Self.offer) : Self.offer.certificate
        #expect(head.status == .ok && head.byteCount == expected.count)
        #expect(head["Content-Type"] == type)
        #expect(head["Content-Disposition"] == "attachment; filename=\"\(name)\"")
        #expect(door.permit.isFree && door.reports.isEmpty)
        let request = door.request(path, [("Range", "bytes=0-1"), ("If-None-Match", "*")])
        let (first, exchange) = try door.download(request)
        #expect(exchange.response?.status == .ok)
        guard case .stream(let length) = exchange.response?.content else {
            Issue.record("it has no length")
            return
        }
        #expect(length == expected.count)
        exchange.advance(request.arrival)
        #expect(first + (try Door.produce(exchange)) == expected)
    }

    @Test("The first complete download ends it for all workers, and is told once")
    func end() throws {
        let door = try Door()
        let other = try Door(sharing: door.permit)
        let request = door.request(Self.certificate)
        let (first, exchange) = try door.download(request)
        #expect(first.count == Self.offer.certificate.count - 1, "the last byte has a turn of its own")
        for door in [door, other] {
            for path in [Self.certificate, Self.profile] {
                #expect(try door.page.answer(door.request(path)).status == .gone)
            }
        }
        exchange.advance(request.arrival)
        #expect(try Door.produce(exchange).count == 1)
        exchange.conclude()
        #expect(door.reports.count == 1 && door.reports[0].hasPrefix("192.168.7.31 "))
        for door in [door, other] {
            for path in [Self.root, Self.certificate, Self.profile] {
                let answer = try door.page.answer(door.request(path))
                #expect(answer.status == .gone)
                #expect(answer.content.contains("Start the server again"))
                #expect(answer["Cache-Control"] == "no-store")
            }
            #expect(try door.page.answer(door.request("/")).status == .noContent)
        }
        #expect(other.reports.isEmpty)
    }

    @Test("A download that is cut ends nothing")
    func cut() throws {
        let door = try Door()
        do {
            let (first, exchange) = try door.download(door.request(Self.profile))
            #expect(!first.isEmpty)
            withExtendedLifetime(exchange) {}
            #expect(!door.permit.isFree)
        }
        #expect(door.permit.isFree && door.reports.isEmpty)
        #expect(try door.page.answer(door.request(Self.root)).status == .ok)
    }

    @Test("When the time is over, nothing is given any more")
    func time() throws {
        let door = try Door()
        for (nanoseconds, status) in [(999, StatusCode.ok), (1000, .gone), (2000, .gone)] as [(Int64, StatusCode)] {
            #expect(try door.page.answer(door.request(Self.root, at: nanoseconds)).status == status)
        }
        let late = try door.page.answer(door.request(Self.certificate, at: 1000))
        #expect(late.status == .gone && door.permit.isFree)
    }

    @Test(
        "Only what is asked for without content is given",
        arguments: [.post, .put, .options, .delete] as [MartinetHTTP.Method])
    func methods(method: MartinetHTTP.Method) throws {
        let door = try Door()
        let answer = try door.page.answer(door.request(Self.certificate, method: method))
        #expect(answer.status == .methodNotAllowed && answer["Allow"] == "GET, HEAD")
        // Who sends content slowly would keep the file from all others.
        var request = door.request(Self.certificate)
        request.content = .length(1000)
        #expect(try door.page.answer(request).status == .contentTooLarge)
        #expect(door.permit.isFree)
    }
}
