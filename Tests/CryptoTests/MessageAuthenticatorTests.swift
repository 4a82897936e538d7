import MartinetCrypto
import Testing

@Suite("Message authentication codes (RFC 2104)")
struct MessageAuthenticatorTests {
    @Test("The same message has the same code, and another one another")
    func codes() throws {
        let authenticator = try MessageAuthenticator()
        let code = authenticator.code(for: [1, 2, 3])
        #expect(code.count == MessageAuthenticator.byteCount)
        #expect(authenticator.code(for: []) != code)
        #expect(authenticator.code(for: [1, 2, 4]) != code)
        #expect(authenticator.code(for: [UInt8](repeating: 7, count: 100_000)).count == code.count)
        #expect(authenticator.code(for: [1, 2, 3]) == code)
    }

    @Test("Every authenticator has a key of its own")
    func keys() throws {
        #expect(try MessageAuthenticator().code(for: [1]) != MessageAuthenticator().code(for: [1]))
    }
}
