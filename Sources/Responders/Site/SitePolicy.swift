import MartinetBytes
package import MartinetPOSIX

/// What holds for every response of a site, wherever it comes from.
package struct SitePolicy: Codable, Sendable {
    package struct Header: Codable, Equatable, Sendable {
        /// A token (RFC 9110 §5.6.2).
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Fields added to every response, in place of what it has under the same names.
    package var headers: [Header] = []
    /// The origin that scripts of other sites may read responses from, or `*`; nil for none (the Fetch standard, CORS).
    package var corsOrigin: String?
    /// Whether programs answer somewhere in the site, so that scripts may send more methods than files take.
    package var hasPrograms = false
    /// By status: the file, relative to the site's directory, that is sent in place of the built-in page. What programs
    /// answer stays as it is.
    package var errorPages: [Int: String] = [:]
    /// Who may see the site: password hashes by user name, as htpasswd writes them; nil for everybody.
    package var passwordHashes: [String: String]?

    package init() {}

    /// All but the password hashes, which go by themselves, into memory that is wiped.
    private enum CodingKeys: String, CodingKey {
        case headers, corsOrigin, hasPrograms, errorPages
    }

    /// The password hashes for `setPasswordHashes(_:)`.
    package var encodedPasswordHashes: SecretBytes {
        guard let passwordHashes else { return SecretBytes([UInt8]()) }
        // What stands first tells a file without users, which lets nobody in, from none.
        let words = passwordHashes.flatMap { [SecretBytes($0.utf8), SecretBytes($1.utf8)] }
        return .joined([SecretBytes([UInt8]())] + words)
    }

    package mutating func setPasswordHashes(_ encoded: SecretBytes) {
        guard !encoded.isEmpty else {
            passwordHashes = nil
            return
        }
        let words = (encoded.parts ?? []).dropFirst().map { word in
            word.withSpan { String(decoding: [UInt8](copying: $0), as: UTF8.self) }
        }
        var hashes: [String: String] = [:]
        for index in stride(from: 0, to: words.count - 1, by: 2) { hashes[words[index]] = words[index + 1] }
        passwordHashes = hashes
    }

    /// Whether there is anything to apply.
    package var isEmpty: Bool {
        headers.isEmpty && corsOrigin == nil && errorPages.isEmpty && passwordHashes == nil
    }
}
