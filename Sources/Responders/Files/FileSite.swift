/// What a `FileResponder` serves, and how.
package struct FileSite: Codable, Sendable {
    /// The path of the directory.
    package var root: String
    /// What a directory shows instead of its listing: the first of these that exists.
    package var indexNames = ["index.html"]
    /// Whether a directory without an index shows what is in it.
    package var hasListing = true
    /// The value of Cache-Control; nil for no such field.
    package var cacheControl: String? = "no-cache"

    package init(root: String) {
        self.root = root
    }
}
