import MartinetTLS
import Testing

@testable import MartinetServer

@Suite("What the log says of a failed handshake")
struct HandshakeFailureTests {
    @Test(
        "Every failure has a sentence that names the client and what to look at",
        arguments: [
            (.clientLeft, "left during the handshake"), (.plainHTTP, "it should use an https:// URL"),
            (.notTLS, "does not speak TLS"), (.versionTooOld, "older than the minimum"),
            (.noSharedCipherSuite, "no cipher suite in common"), (.noSharedGroup, "no key exchange group in common"),
            (.noSharedApplicationProtocol, "(ALPN)"),
            (.noClientCertificate, "sent no certificate, and it must have one"),
            (.badClientCertificate(.unknownAuthority), "is not signed by an authority that is trusted here"),
            (.badClientCertificate(.expired), "has expired"), (.badClientCertificate(.notYetValid), "is not valid yet"),
            (.badClientCertificate(.wrongPurpose), "is not for clients"),
            (.badClientCertificate(.other("path length constraint exceeded")), "(path length constraint exceeded)"),
            (.refusedByClient(.unknownAuthority), "(alert unknown_ca)"),
            (.refusedByClient(.badCertificate), "rejects our certificate"),
            (.refusedByClient(.expiredCertificate), "renew it, or check both clocks"),
            (.refusedByClient(.protocolVersion), "refuses the TLS version chosen"),
            (.refusedByClient(.handshakeFailure), "finds nothing acceptable"),
            (.refusedByClient(.userCancelled), "gave up"),
        ] as [(HandshakeFailure, String)])
    func sentences(failure: HandshakeFailure, words: String) {
        #expect(failure.sentence.hasPrefix("the client"))
        #expect(failure.sentence.contains(words))
    }
}
