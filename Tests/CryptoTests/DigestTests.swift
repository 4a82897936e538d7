import MartinetCrypto
import Testing

@Suite("Digests (RFC 1321, RFC 3174, RFC 6234)")
struct DigestTests {
    @Test("Each is that of its algorithm: \"abc\"")
    func known() {
        let text = [UInt8]("abc".utf8)
        #expect(hexadecimal(Digest.md5(text)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(hexadecimal(Digest.sha1(text)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            hexadecimal(Digest.sha256(text)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("Nothing has one, too")
    func empty() {
        #expect(hexadecimal(Digest.md5([])) == "d41d8cd98f00b204e9800998ecf8427e")
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
