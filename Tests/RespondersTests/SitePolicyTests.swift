import Foundation
import MartinetPOSIX
import Testing

@testable import MartinetResponders

@Suite("A site's policy on its way to a worker")
struct SitePolicyTests {
    @Test(
        "Password hashes come by themselves, and that there are none is not that there is no user",
        arguments: [nil, [:], ["alice": "$2y$05$x"], ["a": "", "": "b", "böb": "c:d\n"]] as [[String: String]?])
    func passwords(hashes: [String: String]?) throws {
        var policy = SitePolicy()
        policy.corsOrigin = "*"
        policy.passwordHashes = hashes
        let text = try JSONEncoder().encode(policy)
        #expect(!String(decoding: text, as: UTF8.self).contains("alice"))
        var decoded = try JSONDecoder().decode(SitePolicy.self, from: text)
        #expect(decoded.corsOrigin == "*" && decoded.passwordHashes == nil)
        decoded.setPasswordHashes(policy.encodedPasswordHashes)
        #expect(decoded.passwordHashes == hashes)
    }

    @Test("What is no list of hashes lets nobody in", arguments: [[0], [0, 0, 0, 9], [0, 0, 0, 0, 0, 0, 0, 1, 65]])
    func damaged(bytes: [UInt8]) {
        var policy = SitePolicy()
        policy.setPasswordHashes(SecretBytes(bytes))
        #expect(policy.passwordHashes == [:])
    }
}
