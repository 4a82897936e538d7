package import MartinetPOSIX

/// What a `FileResponder` serves, and how.
package struct FileSite: Codable, Sendable {
    /// The path of the directory.
    package var root: String
    /// Where in the site's paths it is: `/static/`.
    package var prefix = "/"
    /// What counts as a program there, and is not sent; nil for nothing.
    package var programs: ProgramExclusion?
    /// What a directory shows instead of its listing: the first of these that exists.
    package var indexNames = ["index.html"]
    /// Whether directories are answered for at all: with their index, their listing or the way to them.
    package var servesDirectories = true
    /// Whether a directory without an index shows what is in it.
    package var hasListing = true
    /// What is neither served nor listed, whatever leads there: what options name that is not for clients.
    package var concealed = ConcealedPaths()
    /// Whether names that begin with a dot are served.
    package var showsHidden = false
    /// Whether symbolic links that lead out of the directory are followed.
    package var followsLinks = false
    /// Whether files are sent compressed to clients that accept it.
    package var compresses = true
    /// Whether `NAME.br` and `NAME.gz` are sent in place of `NAME`.
    package var usesPrecompressed = true
    /// Media types by extension, before all that are known otherwise.
    package var mediaTypes: [String: String] = [:]
    /// The prefixes of paths that something else answers for: directories there are not listed.
    package var routedPrefixes: [String] = []
    /// For how long what is in memory of a file is sent without a look at the file. Whoever makes it longer than zero has
    /// clients see changes so much later, and removed files served for so much longer.
    package var trust = Duration.zero
    /// The value of Cache-Control; nil for no such field.
    package var cacheControl: String? = "no-cache"
    /// For applications that route in the browser: the file that is sent where there is none; nil for a 404.
    package var fallbackFile: String?

    package init(root: String) {
        self.root = root
    }

    var prefixPath: [UInt8] { Router.segments(of: prefix) }

    /// The same folder for what asks for single files: no directories, and nothing in place of what is missing.
    package var filesOnly: FileSite {
        var site = self
        site.servesDirectories = false
        site.fallbackFile = nil
        site.compresses = false
        site.usesPrecompressed = false
        return site
    }
}
