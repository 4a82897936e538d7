import MartinetBytes
import MartinetCrypto
import MartinetPOSIX

/// The password hashes that htpasswd writes.
enum PasswordVerifier {
    /// Whether the password belongs to the hash: Apache's own two kinds here, all others by the system's crypt(3).
    static func verify(_ password: [UInt8], _ hash: String) -> Bool {
        let hashBytes = [UInt8](hash.utf8)
        if hash.hasPrefix(shaPrefix) {
            let digest = Digest.sha1(password)
            return !digest.isEmpty && Secret.isEqual([UInt8](shaPrefix.utf8) + Base64.encode(digest), hashBytes)
        }
        if hash.hasPrefix(apachePrefix) {
            let salt = [UInt8](hash.dropFirst(apachePrefix.count).prefix { $0 != "$" }.utf8.prefix(8))
            return Secret.isEqual(apacheHash(password, salt: salt), hashBytes)
        }
        return PasswordHash.verify(password, hash)
    }

    private static let shaPrefix = "{SHA}"
    private static let apachePrefix = "$apr1$"

    /// P.-H. Kamp's MD5 crypt with Apache's prefix: a thousand rounds over password, salt and the last result.
    private static func apacheHash(_ password: [UInt8], salt: [UInt8]) -> [UInt8] {
        let prefix = [UInt8](apachePrefix.utf8)
        let inner = Digest.md5(password + salt + password)
        guard inner.count == 16 else { return [] }
        var seed = password + prefix + salt
        for start in stride(from: 0, to: password.count, by: 16) { seed += inner.prefix(password.count - start) }
        var rest = password.count
        while rest > 0 {
            seed.append(rest & 1 == 1 ? 0 : password[0])
            rest >>= 1
        }
        var result = Digest.md5(seed)
        for round in 0..<1000 {
            var input = round & 1 == 1 ? password : result
            if round % 3 != 0 { input += salt }
            if round % 7 != 0 { input += password }
            input += round & 1 == 1 ? result : password
            result = Digest.md5(input)
        }
        return prefix + salt + [UInt8(ascii: "$")] + cryptText(result)
    }

    /// The sixteen bytes in crypt's order and alphabet.
    private static func cryptText(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = [UInt8]("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var text: [UInt8] = []
        func append(_ value: UInt32, _ count: Int) {
            for place in 0..<count { text.append(alphabet[Int(value >> UInt32(place * 6) & 63)]) }
        }
        for (first, second, third) in [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)] {
            append(UInt32(bytes[first]) << 16 | UInt32(bytes[second]) << 8 | UInt32(bytes[third]), 4)
        }
        append(UInt32(bytes[11]), 2)
        return text
    }
}
