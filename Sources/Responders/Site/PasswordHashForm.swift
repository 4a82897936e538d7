import MartinetBytes

/// The schemes of password hashes that are accepted: what htpasswd makes, and what crypt(5) recommends.
///
/// Traditional DES is not among them. It looks at eight characters, and its hashes, thirteen letters and digits without a
/// mark, are what a password that somebody wrote down as it is can look like as well.
package enum PasswordScheme: String, CaseIterable, Sendable {
    case bcrypt
    case sha256Crypt = "SHA-256-crypt"
    case sha512Crypt = "SHA-512-crypt"
    case yescrypt
    case gostYescrypt = "gost-yescrypt"
    case scrypt
    case md5Crypt = "MD5-crypt"
    case apache = "apr1"
    case sha1 = "SHA"

    /// The beginning of a hash that is quickly made, to ask the system whether it knows the scheme; nil where it is not the
    /// system that does.
    package var quickSetting: String? {
        switch self {
        case .bcrypt: "$2y$04$abcdefghijklmnopqrstuu"
        case .sha256Crypt: "$5$rounds=1000$abcdefgh$"
        case .sha512Crypt: "$6$rounds=1000$abcdefgh$"
        case .yescrypt: "$y$j5T$abcdefghijklmnop$"
        case .gostYescrypt: "$gy$j5T$abcdefghijklmnop$"
        case .scrypt: "$7$4U..../....abcdefghijklmnop$"
        case .md5Crypt: "$1$abcdefgh$"
        case .apache, .sha1: nil
        }
    }
}

/// What a password hash says of itself: its scheme, and how dear it is to compute.
package struct PasswordHashForm: Equatable, Sendable {
    package let scheme: PasswordScheme
    /// About how many microseconds a machine of 2024 takes for a password of usual length. For comparisons: what counts is
    /// which hash of a file takes longest, whatever its scheme.
    package let cost: Int

    /// Reads the form; nil for what is no complete hash of a known scheme.
    package init?(_ hash: String) {
        var reader = Reader(hash)
        guard let form = reader.form(), reader.isAtEnd else { return nil }
        self = form
    }

    fileprivate init(_ scheme: PasswordScheme, cost: Int) {
        self.scheme = scheme
        self.cost = cost
    }
}

/// Reads a hash from its beginning (crypt(5)).
private struct Reader {
    private var rest: ArraySlice<UInt8>

    init(_ hash: String) {
        rest = [UInt8](hash.utf8)[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func form() -> PasswordHashForm? {
        if take("{SHA}") { return sha1() }
        if take("$apr1$") { return md5(.apache, cost: 1000) }
        if take("$1$") { return md5(.md5Crypt, cost: 200) }
        if take("$2a$") || take("$2b$") || take("$2y$") { return bcrypt() }
        // Of the round's cost SHA-512 has less, since it takes more bytes at a time.
        if take("$5$") { return shaCrypt(.sha256Crypt, roundsPerTenMicroseconds: 15, digitCount: 43) }
        if take("$6$") { return shaCrypt(.sha512Crypt, roundsPerTenMicroseconds: 18, digitCount: 86) }
        if take("$y$") { return yescrypt(.yescrypt) }
        if take("$gy$") { return yescrypt(.gostYescrypt) }
        if take("$7$") { return scrypt() }
        return nil
    }

    // MARK: Schemes

    /// The digest of twenty bytes in base64.
    private mutating func sha1() -> PasswordHashForm? {
        for _ in 0..<27 {
            guard let byte = rest.popFirst(), Self.value(byte) != nil && byte != ASCII.dot || byte == UInt8(ascii: "+")
            else { return nil }
        }
        return take("=") ? PasswordHashForm(.sha1, cost: 1) : nil
    }

    private mutating func md5(_ scheme: PasswordScheme, cost: Int) -> PasswordHashForm? {
        guard takeSalt(atMost: 8), takeDigits(22) else { return nil }
        return PasswordHashForm(scheme, cost: cost)
    }

    /// Cost 10 takes 60 ms, and each step twice as long.
    private mutating func bcrypt() -> PasswordHashForm? {
        guard let logarithm = takeNumber(digitCount: 2), 4...31 ~= logarithm, take("$"), takeDigits(53) else {
            return nil
        }
        return PasswordHashForm(.bcrypt, cost: 60 << logarithm)
    }

    private mutating func shaCrypt(
        _ scheme: PasswordScheme, roundsPerTenMicroseconds: Int, digitCount: Int
    ) -> PasswordHashForm? {
        var rounds = 5000
        if take("rounds=") {
            guard let number = takeNumber(), 1000...999_999_999 ~= number, take("$") else { return nil }
            rounds = number
        }
        guard takeSalt(atMost: 16), takeDigits(digitCount) else { return nil }
        return PasswordHashForm(scheme, cost: rounds * 10 / roundsPerTenMicroseconds)
    }

    /// Flags, log2 N and r; others, which no program writes into a file of passwords, are not read.
    private mutating func yescrypt(_ scheme: PasswordScheme) -> PasswordHashForm? {
        guard takeVariable(from: 0) != nil, let logarithm = takeVariable(from: 1), let width = takeVariable(from: 1),
            1...30 ~= logarithm, width <= 1 << 20, take("$"), takeSalt(atMost: 86), takeDigits(43)
        else { return nil }
        return PasswordHashForm(scheme, cost: (width << logarithm) * 22 / 100)
    }

    /// RFC 7914: log2 N, then r and p as five digits each; salt.
    private mutating func scrypt() -> PasswordHashForm? {
        guard let logarithm = rest.popFirst().flatMap(Self.value), 1...30 ~= logarithm,
            let width = takeFixed(digitCount: 5), let lanes = takeFixed(digitCount: 5), width <= 1 << 15,
            lanes <= 1 << 10, takeSalt(atMost: 86), takeDigits(43)
        else { return nil }
        return PasswordHashForm(.scrypt, cost: (width * lanes << logarithm) * 33 / 100)
    }

    // MARK: Pieces

    private mutating func take(_ text: StaticString) -> Bool {
        guard [UInt8](rest).span.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.utf8CodeUnitCount)
        return true
    }

    /// A salt and the dollar behind it.
    private mutating func takeSalt(atMost limit: Int) -> Bool {
        let salt = rest.prefix { $0 != UInt8(ascii: "$") }
        guard salt.count <= limit, salt.allSatisfy({ $0 > ASCII.space && $0 < 0x7F && $0 != ASCII.colon }) else {
            return false
        }
        rest = rest.dropFirst(salt.count)
        return take("$")
    }

    /// The digits of crypt's base 64 that a hash ends with.
    private mutating func takeDigits(_ count: Int) -> Bool {
        guard rest.count == count, rest.allSatisfy({ Self.value($0) != nil }) else { return false }
        rest = []
        return true
    }

    private mutating func takeNumber(digitCount: Int = 9) -> Int? {
        let digits = [UInt8](rest.prefix(digitCount).prefix(while: ASCII.isDigit))
        rest = rest.dropFirst(digits.count)
        return digits.span.decimalValue
    }

    /// The least significant digit first.
    private mutating func takeFixed(digitCount: Int) -> Int? {
        var number = 0
        for place in 0..<digitCount {
            guard let value = rest.popFirst().flatMap(Self.value) else { return nil }
            number |= value << (place * 6)
        }
        return number
    }

    /// A number as yescrypt writes it: small ones in one digit, greater ones in more.
    private mutating func takeVariable(from least: Int) -> Int? {
        guard let first = rest.popFirst().flatMap(Self.value) else { return nil }
        var (start, end, moreCount, number) = (0, 47, 0, least)
        while first > end {
            number += (end + 1 - start) << (moreCount * 6)
            start = end + 1
            end = start + (62 - end) / 2
            moreCount += 1
            guard moreCount <= 4 else { return nil }
        }
        number += (first - start) << (moreCount * 6)
        for place in (0..<moreCount).reversed() {
            guard let value = rest.popFirst().flatMap(Self.value) else { return nil }
            number += value << (place * 6)
        }
        return number
    }

    /// What a digit of crypt's base 64 (`./0-9A-Za-z`) stands for.
    private static func value(_ byte: UInt8) -> Int? {
        switch byte {
        case ASCII.dot: 0
        case ASCII.slash: 1
        case ASCII.zero...UInt8(ascii: "9"): Int(byte - ASCII.zero) + 2
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A")) + 12
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a")) + 38
        default: nil
        }
    }
}
