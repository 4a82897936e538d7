import MartinetBytes

extension Kind where Value == String {
    /// A text for which `check` finds nothing to object to.
    static func text(
        _ placeholder: String, expected: String, holdsCommas: Bool = true,
        check: @escaping @Sendable (String) -> Unfit? = { _ in nil }
    ) -> Kind {
        Kind(placeholder: placeholder, expected: expected, holdsCommas: holdsCommas) { text, _ throws(Unfit) in
            if let unfit = check(text.string) { throw unfit }
            return text.string
        } show: {
            $0
        }
    }

    /// Any text that C can hold.
    static func anyText(_ placeholder: String) -> Kind {
        text(placeholder, expected: "a text") { $0.utf8.contains(0) ? Unfit("it holds a NUL") : nil }
    }

    /// A path, from the root once it is read.
    static func path(_ placeholder: String) -> Kind {
        Kind(placeholder: placeholder, expected: "a path", holdsCommas: true) { text, reading throws(Unfit) in
            guard !text.string.isEmpty else { throw Unfit() }
            guard !text.string.utf8.contains(0) else { throw Unfit("it holds a NUL") }
            if text.string.hasPrefix("~") {
                throw Unfit("~ is not a directory here", "Write the path out; only a shell knows ~.")
            }
            return reading.absolute(text.string)
        } show: {
            $0
        }
    }

    /// A name in a directory.
    static var fileName: Kind {
        text("name", expected: "a file's name") { name in
            if name.isEmpty || name == "." || name == ".." || name.utf8.contains(0) { return Unfit() }
            if name.contains("/") { return Unfit("it is a path", "Write the name alone, such as index.html.") }
            return nil
        }
    }

    /// A path within a route's directory, without a slash before it.
    static var relativeFile: Kind {
        Kind(placeholder: "file", expected: "a file in the directory", holdsCommas: true) { text, _ throws(Unfit) in
            let file = String(text.string.drop { $0 == "/" })
            guard !file.isEmpty, !file.utf8.contains(0) else { throw Unfit() }
            if file.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
                throw Unfit("it leads out of the directory", "Write a path within it, such as errors/404.html.")
            }
            return file
        } show: {
            $0
        }
    }

    /// Where a route's paths begin.
    static var prefix: Kind {
        text("prefix", expected: "a path such as /cgi-bin/") { path in
            if !path.hasPrefix("/") { return Unfit("it does not begin with /", "Write /\(path.prefix(100))") }
            if path.contains("%") { return Unfit("it is written without percent signs, as it is meant") }
            if path.contains("*") {
                return Unfit("it has no star", "Leave it out: a path holds for all that is beneath it.")
            }
            if path.contains("?") || path.contains("#") { return Unfit("a path has no query and no fragment") }
            if path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") }) {
                return Unfit("no path of a request holds such a character")
            }
            // No path of a request has such segments when it is compared.
            if path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) {
                return Unfit("it has a segment of dots")
            }
            return nil
        }
    }

    /// Where files are looked for: `{path}.html`.
    static var attempt: Kind {
        text("path", expected: "a path with {path} for what was asked for, such as {path}.html") { path in
            let rest = path.replacing("{path}", with: "")
            if path.isEmpty || rest.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return Unfit() }
            if let name = rest.firstIndex(where: { $0 == "{" || $0 == "$" }) {
                return Unfit("\(rest[name]) stands for nothing here", "Only {path} does.")
            }
            if !path.hasPrefix("/"), !path.hasPrefix("{path}") { return Unfit("it does not begin with / or {path}") }
            if rest.split(separator: "/").contains("..") { return Unfit("it leads out of the directory") }
            return nil
        }
    }

    /// A URI or a path, in which a star at the end is the rest of the path.
    static var redirectTarget: Kind {
        text("target", expected: "an address such as https://example.org/* or a path such as /new/*") { target in
            guard
                target.utf8.allSatisfy({
                    $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
                })
            else { return Unfit("it holds a character that must be percent-encoded") }
            let schemes = ["https://", "http://"]
            let scheme = schemes.first { target.lowercased().hasPrefix($0) }
            if let scheme {
                guard let first = target.dropFirst(scheme.count).first, first != "/", first != "*" else {
                    return Unfit("it names no host")
                }
            } else if !target.hasPrefix("/") || target.hasPrefix("//") {
                return Unfit("it begins neither with https:// nor with one /")
            }
            if let star = target.firstIndex(of: "*"), target.index(after: star) != target.endIndex {
                return Unfit("the star is not at its end")
            }
            return nil
        }
    }

    /// What a browser shows who asks for a password, between quotation marks.
    static var realm: Kind {
        text("text", expected: "a text of visible characters") { text in
            text.utf8.allSatisfy(ASCII.isQuotable) ? nil : Unfit("it holds a quotation mark, or what is not ASCII")
        }
    }

    /// What a shell can have for a variable, and that the server does not say itself (RFC 3875 §4.1).
    static var variableName: Kind {
        text("name", expected: "a variable's name such as GIT_PROJECT_ROOT", holdsCommas: false) { name in
            guard let first = name.utf8.first, !ASCII.isDigit(first),
                name.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "_") })
            else { return Unfit() }
            return ServerVariables.contains(name) ? Unfit("the server says it of each request", "Name another.") : nil
        }
    }

    /// A script's extension with its dot.
    static var scriptEnding: Kind {
        text("ext", expected: "an extension such as .php", holdsCommas: false) { ending in
            guard ending.utf8.count > 1, ending.hasPrefix("."), !ending.dropFirst().contains("."),
                !ending.contains("/"),
                !ending.utf8.contains(0)
            else { return Unfit() }
            return nil
        }
    }

    /// A file's extension, in lower case and without its dot.
    static var fileExtension: Kind {
        Kind(placeholder: "ext", expected: "an extension such as md") { text, _ throws(Unfit) in
            let suffix = text.string.drop { $0 == "." }.lowercased()
            guard !suffix.isEmpty, !suffix.contains(where: { $0 == "." || $0 == "/" }), !suffix.utf8.contains(0) else {
                throw Unfit()
            }
            return suffix
        } show: {
            $0
        }
    }
}

/// The variables that the server sets for programs, so that nobody else may.
enum ServerVariables {
    static func contains(_ name: String) -> Bool {
        name.hasPrefix("HTTP_") || name.hasPrefix("SSL_") || names.contains(name)
    }

    static let names: Set<String> = [
        "GATEWAY_INTERFACE", "SERVER_SOFTWARE", "SERVER_NAME", "SERVER_PORT", "SERVER_ADDR", "SERVER_PROTOCOL",
        "REQUEST_SCHEME", "HTTPS", "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE",
        "REQUEST_ID", "SCRIPT_NAME", "SCRIPT_FILENAME", "DOCUMENT_ROOT", "REDIRECT_STATUS", "PATH_INFO",
        "PATH_TRANSLATED", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_PORT", "REMOTE_USER", "AUTH_TYPE",
    ]
}
