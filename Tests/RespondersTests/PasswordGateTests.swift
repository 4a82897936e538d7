import Bytes
import HTTP
import POSIX
import Testing

@testable import Responders

@Suite("Basic authentication (RFC 7617)")
struct PasswordGateTests {
    /// Verifies without hashing, and remembers what it was asked.
    private final class Verifier {
        var asked: [(password: [UInt8], hash: String)] = []

        func verify(_ password: [UInt8], _ hash: String) -> Bool {
            asked.append((password, hash))
            return [UInt8]("hash of ".utf8) + password == [UInt8](hash.utf8)
        }
    }

    private let hashes = [
        "alice": "hash of open sesame", "bob": "hash of a:b", "": "hash of ", "jürgen": "hash of größe",
    ]

    @Test(
        "The right credentials are admitted",
        arguments: [
            "Basic YWxpY2U6b3BlbiBzZXNhbWU=", "basic YWxpY2U6b3BlbiBzZXNhbWU=", "BASIC YWxpY2U6b3BlbiBzZXNhbWU=",
            "Basic YWxpY2U6b3BlbiBzZXNhbWU", "Basic  YWxpY2U6b3BlbiBzZXNhbWU=", "Basic YWxpY2U6b3BlbiBzZXNhbWU= ",
            // bob, whose password has a colon; nobody without a password; jürgen, in UTF-8.
            "Basic Ym9iOmE6Yg==", "Basic Og==", "Basic asO8cmdlbjpncsO2w59l",
        ])
    func right(credentials: String) {
        let verifier = Verifier()
        #expect(PasswordGate(hashes, verify: verifier.verify).admits(request(credentials)))
        #expect(verifier.asked.count == 1)
    }

    @Test(
        "Wrong credentials are not",
        arguments: [
            // alice:open, alice:, alice:open sesam, alice:open sesamee, Alice:open sesame, bob:open sesame, mallory:x,
            // and jürgen:größe with the first ü in two code points.
            "Basic YWxpY2U6b3Blbg==", "Basic YWxpY2U6", "Basic YWxpY2U6b3BlbiBzZXNhbQ==",
            "Basic YWxpY2U6b3BlbiBzZXNhbWVl", "Basic QWxpY2U6b3BlbiBzZXNhbWU=", "Basic Ym9iOm9wZW4gc2VzYW1l",
            "Basic bWFsbG9yeTp4", "Basic anXMiHJnZW46Z3LDtsOfZQ==",
        ])
    func wrong(credentials: String) {
        let verifier = Verifier()
        #expect(!PasswordGate(hashes, verify: verifier.verify).admits(request(credentials)))
        #expect(verifier.asked.count == 1, "whoever it is, a password is verified")
    }

    @Test(
        "What is no credentials of this scheme is refused without a look at any password",
        arguments: [
            "", "Basic", "Basic ", "Basic  ", "Bearer YWxpY2U6b3BlbiBzZXNhbWU=", "YWxpY2U6b3BlbiBzZXNhbWU=",
            "BasicYWxpY2U6b3BlbiBzZXNhbWU=", "Basic=YWxpY2U6", "Basic alice:open sesame", "Basic YWxpY2U=",
            "Basic YWxpY2U6b", "Basic YWxpY2U6!", "Basic YWxp Y2U6", "Basic ====", "Basic =", "Basic Y",
            "Basic YWxpY2U6===",
            "Basic YWxpY2U6b3BlbiBzZXNhbWU=, Basic YWxpY2U6", "Basic\tYWxpY2U6b3BlbiBzZXNhbWU=", "Basic -_-_",
            "Digest x=y",
        ])
    func malformed(credentials: String) {
        let verifier = Verifier()
        #expect(!PasswordGate(hashes, verify: verifier.verify).admits(request(credentials)))
        #expect(verifier.asked.isEmpty)
    }

    @Test("Nobody is admitted without credentials, or with two of them")
    func absent() {
        let gate = PasswordGate(hashes) { _, _ in true }
        #expect(!gate.admits(Request("/")))
        let line = ("Authorization", "Basic YWxpY2U6b3BlbiBzZXNhbWU=")
        #expect(gate.admits(Request("/", [line])))
        #expect(!gate.admits(Request("/", [line, line])))
    }

    @Test("An unknown user is refused even with the decoy's own password")
    func unknown() {
        #expect(!PasswordGate(hashes) { _, _ in true }.admits(request("Basic bWFsbG9yeTp4")))
        #expect(!PasswordGate([:]) { _, _ in true }.admits(request("Basic bWFsbG9yeTp4")))
    }

    @Test("An unknown user's password is hashed as a known one's is, so that the time tells nothing")
    func unknownTakesAsLong() {
        let verifier = Verifier()
        let hashes = ["alice": "{SHA}x", "bob": "{SHA}y"]
        let gate = PasswordGate(hashes, verify: verifier.verify)
        #expect(!gate.admits(request("Basic bWFsbG9yeTp4")))
        #expect(verifier.asked.count == 1)
        #expect(hashes.values.contains(verifier.asked[0].hash), "a hash of this site, not of another kind")
        #expect(verifier.asked[0].password == [UInt8]("x".utf8))
    }

    @Test("Credentials found right are not verified again; wrong ones are, each time")
    func remembering() {
        let verifier = Verifier()
        let gate = PasswordGate(hashes, verify: verifier.verify)
        for _ in 1...3 { #expect(gate.admits(request("Basic Ym9iOmE6Yg=="))) }
        #expect(verifier.asked.count == 1)
        for _ in 1...3 { #expect(!gate.admits(request("Basic YWxpY2U6b3Blbg=="))) }
        #expect(verifier.asked.count == 4)
        for credentials in ["Basic Ym9iOmE6Y", "Basic Ym9iOmE6Yw==", "Basic Ym9iOmE6Yg==x"] {
            #expect(!gate.admits(request(credentials)))
        }
    }

    @Test("However many users come, each is admitted, and the longest known forgotten first")
    func manyUsers() {
        let verifier = Verifier()
        let users = (0..<65).map { "u\(10 + $0)" }
        let gate = PasswordGate(
            Dictionary(uniqueKeysWithValues: users.map { ($0, "hash of 12") }), verify: verifier.verify)
        for user in users { #expect(gate.admits(request(credentials(user + ":12")))) }
        #expect(verifier.asked.count == 65)
        #expect(gate.admits(request(credentials("u74:12"))))
        #expect(verifier.asked.count == 65)
        #expect(gate.admits(request(credentials("u10:12"))))
        #expect(verifier.asked.count == 66)
    }

    @Test("The challenge names scheme, realm and charset")
    func challenge() {
        let response = PasswordGate(hashes) { _, _ in true }.challenge
        #expect(response.status == .unauthorized)
        let fields = String(decoding: response.fields.bytes, as: UTF8.self)
        #expect(fields.contains("WWW-Authenticate: Basic realm=\"Martinet\", charset=\"UTF-8\"\r\n"))
    }

    @Test(
        "Base64 is read with its padding or without (RFC 4648 §10)",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"), ("Zg", "f"), ("Zm8", "fo"), ("Z", nil), ("Zm9vY", nil),
            ("Zm9v=Zm9v", nil), ("Zm9v\n", nil), ("Zm9_", nil), ("Zm9v\u{0}", nil), ("Pj4+Pz8/", ">>>???"),
        ] as [(String, String?)])
    func base64(text: String, expected: String?) {
        let bytes = [UInt8](text.utf8)
        let decoded = Base64.decode(bytes.span)
        #expect(decoded == expected.map { [UInt8]($0.utf8) })
    }

    @Test("Random bytes admit nobody and do no harm")
    func random() {
        let gate = PasswordGate(hashes) { _, _ in false }
        var state: UInt64 = 88_172_645_463_325_252
        for _ in 0..<5000 {
            var value = [UInt8]("Basic ".utf8)
            for _ in 0..<state % 20 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                value.append(state >> 60 == 0 ? UInt8(truncatingIfNeeded: state >> 40) : UInt8(state >> 33 & 63) + 43)
            }
            var request = Request()
            request.bytes = value
            request.append(Request.FieldLine(name: 0..<0, value: 0..<value.count, known: .authorization))
            #expect(!gate.admits(request))
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        }
    }

    private func request(_ credentials: String) -> Request { Request("/", [("Authorization", credentials)]) }

    /// The credentials for text of a multiple of three characters.
    private func credentials(_ text: String) -> String {
        let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let bytes = [UInt8](text.utf8)
        var encoded: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let bits = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
            for shift in [18, 12, 6, 0] { encoded.append(alphabet[bits >> shift & 63]) }
        }
        return "Basic " + String(decoding: encoded, as: UTF8.self)
    }
}
