import Testing

@testable import MartinetResponders

@Suite("Credentials of the Basic scheme (RFC 7617 §2)")
struct BasicCredentialsTests {
    @Test(
        "User name and password are divided at the first colon",
        arguments: [
            ("Basic YWxpY2U6b3BlbiBzZXNhbWU=", "alice", "open sesame"), ("BASIC  Ym9iOmE6Yg== ", "bob", "a:b"),
            ("basic Og", "", ""),
        ])
    func division(value: String, user: String, password: String) throws {
        let credentials = try #require(read(value))
        #expect(String(decoding: credentials.user, as: UTF8.self) == user)
        #expect(String(decoding: credentials.password, as: UTF8.self) == password)
        #expect(String(decoding: credentials.text, as: UTF8.self) == "\(user):\(password)")
    }

    @Test("Anything else is none", arguments: ["", "Basic", "Basic ", "Bearer YWxpY2U6", "Basic YWxpY2U=", "Basic !"])
    func none(value: String) {
        #expect(read(value) == nil)
    }

    private func read(_ value: String) -> BasicCredentials? {
        let bytes = [UInt8](value.utf8)
        return BasicCredentials(bytes.span)
    }
}
