import Bytes
import HTTP

/// Basic authentication (RFC 7617) against the hashes of an htpasswd file.
final class PasswordGate {
    /// By name, byte for byte: to `String` two spellings of one character are the same, to programs that are told the name
    /// they are not.
    private let hashes: [[UInt8]: String]
    private let verify: ([UInt8], String) -> Bool
    /// Credentials that were found right before. Hashes are made to be slow, and browsers repeat credentials with
    /// every request.
    private var admitted: [[UInt8]] = []

    private static let admittedLimit = 64
    /// What an unknown user's password is compared with, so that the answer takes as long as for a known one: a hash of
    /// this site, as kinds of hashes, and costs of one kind, differ in time by orders of magnitude.
    private let decoy: String

    init(_ hashes: [String: String], verify: @escaping ([UInt8], String) -> Bool) {
        self.hashes = Dictionary(hashes.map { ([UInt8]($0.utf8), $1) }) { $1 }
        self.verify = verify
        decoy = hashes.values.max() ?? ""
    }

    var challenge: Response {
        var response = Response.error(.unauthorized, "This site asks for a user name and a password.")
        response.fields.append("WWW-Authenticate", "Basic realm=\"Martinet\", charset=\"UTF-8\"")
        return response
    }

    /// Whether the request bears right credentials.
    func admits(_ request: borrowing Request) -> Bool {
        guard let value = request.value(of: .authorization), request.count(of: .authorization) == 1 else {
            return false
        }
        let given = [UInt8](request.bytes[value])
        var isKnown = false
        for known in admitted where Secret.isEqual(known, given) { isKnown = true }
        if isKnown { return true }
        guard let (user, password) = BasicCredentials.read(given.span) else { return false }
        let hash = hashes[user]
        guard verify(password, hash ?? decoy), hash != nil else { return false }
        if admitted.count == Self.admittedLimit { admitted.removeFirst() }
        admitted.append(given)
        return true
    }
}

/// The credentials of the Basic scheme (RFC 7617 §2).
enum BasicCredentials {
    /// Reads `Basic dXNlcjpwYXNz`; nil for any other scheme, and for what is no base64 or has no colon.
    static func read(_ value: Span<UInt8>) -> (user: [UInt8], password: [UInt8])? {
        guard value.count > 6, value.extracting(0..<6).isEqualIgnoringCase(to: "basic "),
            let text = Base64.decode(value.extracting(value.trimmed(6..<value.count))),
            let colon = text.firstIndex(of: ASCII.colon)
        else { return nil }
        return ([UInt8](text[..<colon]), [UInt8](text[(colon + 1)...]))
    }
}

/// Base64 (RFC 4648 §4).
enum Base64 {
    /// The bytes; nil where the text is not base64. Padding may be missing.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == ASCII.equals { end -= 1 }
        guard end % 4 != 1 else { return nil }
        var decoded: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for index in 0..<end {
            guard let value = value(text[index]) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return decoded
    }

    private static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
