import MartinetBytes
import MartinetPOSIX
import MartinetResponders

/// An htpasswd file: a user and a hash on each line, and behind a further colon whatever the operator likes.
enum PasswordFile {
    /// A login that takes longer would be one that nobody waits for, and occupy a thread that others wait for.
    private static let mostSeconds = 10

    static func read(_ path: String) throws -> [String: String] {
        let content: SecretBytes
        do {
            content = try SecretBytes.read(path)
        } catch {
            throw ConfigurationError(
                place: "--auth-file \(path)", problem: error.reason,
                wayOut: "Name a readable file; `htpasswd -B -c FILE USER` makes one.")
        }
        return try content.withBytes { bytes in try parse(bytes, path) }
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws -> [String: String] {
        var hashes: [String: String] = [:]
        var schemes: Set<PasswordScheme> = []
        // By bytes: to `String`, CR and LF are one character, and neither of them.
        for (index, line) in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).enumerated() {
            let isDOS = line.last == ASCII.carriageReturn
            let line = String(decoding: isDOS ? line.dropLast() : line, as: UTF8.self)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let place = "\(path):\(index + 1)"
            let words = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard words.count >= 2, !words[0].isEmpty, !words[1].isEmpty else {
                throw ConfigurationError(
                    place: place, problem: "There is no user and password hash.",
                    wayOut: "Write user:hash, as `htpasswd -B` does.")
            }
            let form = try form(of: words[1], place: place)
            if schemes.insert(form.scheme).inserted { try check(form.scheme, place: place) }
            hashes[words[0]] = words[1]
        }
        guard !hashes.isEmpty else {
            throw ConfigurationError(
                place: "--auth-file \(path)", problem: "There is no user in it, so that nobody could log in.",
                wayOut: "`htpasswd -B FILE USER` adds one.")
        }
        return hashes
    }

    /// The message does not quote what it is about: it may be somebody's password.
    private static func form(of hash: String, place: String) throws -> PasswordHashForm {
        guard let form = PasswordHashForm(hash) else {
            throw ConfigurationError(
                place: place,
                problem: "What stands behind the user is no password hash of a known kind: a plain password, a damaged "
                    + "hash, or traditional DES, which looks at eight characters only.",
                wayOut: "`htpasswd -B FILE USER` replaces it by a bcrypt hash.")
        }
        let seconds = form.cost / 1_000_000
        guard seconds < mostSeconds else {
            throw ConfigurationError(
                place: place, problem: "Each login with this hash would take about \(seconds) s of a processor.",
                wayOut: "`htpasswd -B -C 10 FILE USER` makes one that takes 60 ms.")
        }
        return form
    }

    private static func check(_ scheme: PasswordScheme, place: String) throws {
        guard let setting = scheme.quickSetting, !PasswordHash.isKnown(setting) else { return }
        throw ConfigurationError(
            place: place, problem: "This system's crypt(3) does not know \(scheme.rawValue).",
            wayOut: "`htpasswd -B FILE USER` replaces the hash by one of bcrypt, or install a libcrypt that has it.")
    }
}
