/// Files beneath a directory.
package struct Files: Codable, Equatable, Sendable {
    package var root = ""
    /// What a directory shows in place of its listing: the first of these that it has.
    package var indexNames = ["index.html"]
    /// Whether a directory without an index shows what is in it.
    package var hasListing = true
    /// The file that is sent where there is none, to who accepts HTML; nil for a 404.
    package var fallbackFile: String?
    /// In which order a path is looked for: `{path}` stands for what was asked for. None for the path alone.
    package var attempts: [String] = []
    package var showsHidden = false
    package var followsLinks = false
    /// By extension, without its dot and in lower case.
    package var mediaTypes: [MediaTypeRule] = []

    package init() {}

    package init(root: String) {
        self.root = root
    }
}

/// The media type of files with an extension.
package struct MediaTypeRule: Codable, Equatable, Sendable {
    package var suffix: String
    package var type: String

    package init(_ suffix: String, _ type: String) {
        self.suffix = suffix
        self.type = type
    }
}

extension Files: Section {
    package static let title = "files"
    package static let help = "Files beneath a directory."

    package static let settings: [Setting<Files>] = [
        .value("root", \.root, .path("dir"), option: .none, isRequired: true, help: "The directory of the files."),
        .list(
            "index", \.indexNames, .fileName, help: "A file that a directory shows in place of its listing."),
        .value(
            "listing", \.hasListing, .flag,
            option: .named("no-listing", help: "Do not list directories that have no index."),
            help: "Whether directories that have no index are listed."),
        .optional(
            "spa", \.fallbackFile, .relativeFile, alone: "index.html",
            help: "For applications that route in the browser: send this file where there is none; alone: index.html."),
        .list(
            "try", \.attempts, .attempt,
            help: """
                Where a path is looked for, the first that exists: {path} is what was asked for, as in {path}, \
                {path}.html and {path}/index.html.
                """),
        .value("hidden", \.showsHidden, .flag, help: "Serve names that begin with a dot."),
        .value(
            "follow-symlinks", \.followsLinks, .flag, help: "Follow symbolic links that lead out of the directory."),
        .pairs(
            "types", separator: "=", .fileExtension, .mediaType, option: .named("type"),
            help: "The media type of files with an extension.",
            assign: { pairs, files, _ in
                for (suffix, type, _) in pairs {
                    files.mediaTypes.removeAll { $0.suffix == suffix }
                    files.mediaTypes.append(MediaTypeRule(suffix, type))
                }
            }, show: { $0.mediaTypes.map { ($0.suffix, $0.type) } }),
    ]
}
