package import MartinetYAML

/// Where the operator said something.
package enum Place: Sendable, Equatable {
    case file(String, YAMLPlace)
    /// An option of the command line with its dashes.
    case option(String)
    /// A variable of the environment.
    case variable(String)

    /// How messages begin: "martinet.yaml:3:5".
    package var name: String {
        switch self {
        case .file(let name, let place): "\(name):\(place.line):\(place.column)"
        case .option(let name), .variable(let name): name
        }
    }
}

/// Where the values of a section stand, by their keys: the key itself, or the section where it is not there.
package typealias Places = (String) -> Place

/// One value as it was written, and as it is meant.
package struct Text: Sendable {
    /// With variables and files in place of what names them.
    package let string: String
    /// What messages show: a secret that a file holds is in none.
    package let written: String
    package let place: Place

    package init(_ string: String, written: String? = nil, at place: Place) {
        self.string = string
        self.written = written ?? string
        self.place = place
    }
}

/// One of the values that a setting is given.
package enum Item: Sendable {
    case text(Text)
    case pair(Text, Text)

    package var place: Place {
        switch self {
        case .text(let text), .pair(let text, _): text.place
        }
    }
}

/// A value as a file would say it.
package enum Shown: Equatable, Sendable {
    case text(String)
    case pair(String, String)
}
