import MartinetPOSIX
import Testing

@Suite("Password hashes of the system (crypt(5))")
struct PasswordHashTests {
    /// Of "xxxxxxxx".
    private let hash = "$2y$04$abcdefghijklmnopqrstuuZALf8RqZyTMYJB6lbt52ANNLz3bvqBW"

    @Test("The right password is recognised, no other, and none with a NUL in it")
    func verification() {
        #expect(PasswordHash.verify([UInt8]("xxxxxxxx".utf8), hash))
        for password in ["", "xxxxxxx", "xxxxxxxxx", "xxxxxxxx\u{0}"] {
            #expect(!PasswordHash.verify([UInt8](password.utf8), hash))
        }
    }

    @Test("A setting that the system does not know is no hash of anything")
    func unknown() {
        #expect(PasswordHash.isKnown("$2y$04$abcdefghijklmnopqrstuu"))
        for setting in ["", "*0", "*1", "!", "$nonsense$x", "open sesame"] {
            #expect(!PasswordHash.isKnown(setting))
            #expect(!PasswordHash.verify([], setting))
        }
    }

    @Test("Many threads verify at one time")
    func threads() async {
        let hash = hash
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                let password = index % 2 == 0 ? "xxxxxxxx" : "wrong \(index)"
                group.addTask { PasswordHash.verify([UInt8](password.utf8), hash) == (index % 2 == 0) }
            }
            for await isAsExpected in group { #expect(isAsExpected) }
        }
    }
}
