import MartinetBytes
import MartinetHTTP
import MartinetPOSIX

/// What a script is told as a program (RFC 3875 §4.1, §4.4): its environment, in which there is nothing of the server's own,
/// and its arguments.
struct CGIVariables: ~Copyable {
    private let request: Request
    private let location: ScriptLocation
    private let site: CGISite

    /// - Parameter request: its content's length is known by now.
    init(_ request: Request, _ location: ScriptLocation, _ site: CGISite) {
        self.request = request
        self.location = location
        self.site = site
    }

    /// The programs that scripts find without a path.
    private static let path: StaticString = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The environment.
    ///
    /// - Parameter identifier: the request's number in the log.
    func environment(identifier: String) -> WordList {
        var list = WordList()
        if !site.variables.contains(where: { $0.name == "PATH" }) { list.set("PATH", Self.path) }
        let script = MetaVariables.Script(
            name: location.name, file: [UInt8](site.directory.utf8) + [ASCII.slash] + location.script,
            pathInfo: location.pathInfo)
        MetaVariables(request, script, site.metaVariables, identifier: identifier).add(to: &list)
        return list
    }

    /// The search words of an indexed query (RFC 3875 §4.4): one with no unencoded `=`, to be given as arguments.
    ///
    /// A word that begins with `-` would be an option to whatever runs the script, so then there are none.
    var searchWords: [[UInt8]] {
        guard request.method == .get || request.method == .head, let query = request.query, !query.isEmpty else {
            return []
        }
        let bytes = request.bytes[query]
        guard !bytes.contains(ASCII.equals) else { return [] }
        var words: [[UInt8]] = []
        for word in bytes.split(separator: UInt8(ascii: "+"), omittingEmptySubsequences: false) {
            guard let decoded = Self.decoded([UInt8](word)), decoded.first != UInt8(ascii: "-") else { return [] }
            words.append(decoded)
        }
        return words
    }

    /// The word with its percent-encoding undone; nil where it is malformed or holds a NUL.
    private static func decoded(_ word: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        var index = 0
        while index < word.count {
            if word[index] == ASCII.percent {
                guard let byte = PercentEncoding.byte(in: word.span, at: index), byte != 0 else { return nil }
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(word[index])
                index += 1
            }
        }
        return decoded
    }
}

extension WordList: MetaVariableList {}
