/// What is known while a configuration is read, and what is wrong with it so far.
package struct Reading: Sendable {
    /// What paths are relative to: the file's directory, or the working directory.
    package var directory: String
    package var mistakes: [Mistake] = []
    /// Where values may come from that only a file names.
    package let surroundings: Surroundings
    /// Whether sections are judged as a whole. Of a file with values that were refused before, they would be judged wrongly.
    var judges = true
    /// Folders of further sites.
    var inclusions: [Text] = []

    package init(directory: String, surroundings: Surroundings = .none) {
        self.directory = directory
        self.surroundings = surroundings
    }

    package mutating func refuse(_ place: Place, _ problem: String, _ wayOut: String? = nil) {
        mistakes.append(Mistake(place, problem, wayOut))
    }

    /// A path from the root, without empty and dot segments. Links stay as they are, and so does `..`, which may lead out of one.
    func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// What a reader asks of the machine. A test gives its own.
package struct Surroundings: Sendable {
    /// The value of a variable; nil where it is not set.
    let environment: @Sendable (String) -> String?
    /// What is in a file.
    let content: @Sendable (String) throws(Unfit) -> [UInt8]
    /// The names in a directory.
    let names: @Sendable (String) throws(Unfit) -> [String]

    /// Files larger than this are no configuration: 500 sites take 120 KB.
    package static let fileByteLimit = 8 << 20

    package init(
        environment: @escaping @Sendable (String) -> String?,
        content: @escaping @Sendable (String) throws(Unfit) -> [UInt8],
        names: @escaping @Sendable (String) throws(Unfit) -> [String]
    ) {
        self.environment = environment
        self.content = content
        self.names = names
    }

    /// Nothing is there.
    package static let none = Surroundings(
        environment: { _ in nil }, content: { _ throws(Unfit) in throw Unfit("there is no such file") },
        names: { _ throws(Unfit) in throw Unfit("there is no such directory") })
}

/// Why a text is not a value.
package struct Unfit: Error, Equatable, Sendable {
    /// Nil where it only is not what was expected.
    package let reason: String?
    package let wayOut: String?

    package init(_ reason: String? = nil, _ wayOut: String? = nil) {
        self.reason = reason
        self.wayOut = wayOut
    }
}
