import MartinetPOSIX
import MartinetResponders

/// Where in the site's paths a folder or a program answers: `/cgi-bin/=./cgi-bin`.
struct PrefixedPath {
    /// Begins with a slash, as it was written.
    let prefix: String
    let path: String

    /// Nil where the text is no such thing.
    init?(_ text: String) {
        let words = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard words.count == 2, words[0].hasPrefix("/"), !words[0].contains("%"),
            // No path of a request has such segments when it is compared with the prefix.
            !words[0].split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
        else { return nil }
        prefix = words[0]
        path = words[1]
    }

    /// Two that are the same are the same prefix.
    var segments: [UInt8] { Router.segments(of: prefix) }

    /// The first prefix that is given twice; nil where none is.
    static func repeated(_ paths: [PrefixedPath]) -> String? {
        var known: Set<[UInt8]> = []
        return paths.first { !known.insert($0.segments).inserted }?.prefix
    }

    /// The canonical path of the directory.
    ///
    /// - Parameters:
    ///   - place: the option and its value.
    ///   - wayOut: what to do where it is none.
    func directory(place: String, wayOut: String) throws -> String {
        guard let canonical = WholeFile.canonicalPath(path) else {
            throw ConfigurationError(
                place: place, problem: SystemError("open").reason, wayOut: "Name a directory that exists.")
        }
        do {
            _ = try Directory(canonical)
        } catch {
            throw ConfigurationError(place: place, problem: error.reason, wayOut: wayOut)
        }
        return canonical
    }
}
