/// A value of a YAML document as it was written: nothing in it is taken for a number, a date or a truth value.
package struct YAMLNode: Sendable {
    package enum Content: Sendable {
        /// A text, and whether it stands without quotation marks.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the file; a key may stand twice.
        case mapping([(key: YAMLNode, value: YAMLNode)])
        /// What a mistake was already said of: whoever reads nodes passes over it, so that one mistake gives one message.
        case refused
    }

    package let content: Content
    package let place: YAMLPlace

    package init(_ content: Content, at place: YAMLPlace) {
        self.content = content
        self.place = place
    }

    /// Whether it is what YAML calls null: nothing at all, or one of its names without quotation marks.
    package var isNull: Bool {
        if case .scalar(let text, true) = content { ["", "~", "null", "Null", "NULL"].contains(text) } else { false }
    }

    /// What it is, in words: "a list".
    package var kind: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .sequence: "a list"
        case .mapping: "keys with values"
        case .refused: "what is not read here"
        }
    }
}

/// A piece of one line of a file. Lines and columns count from one; columns and width count Unicode scalars.
package struct YAMLPlace: Equatable, Sendable {
    package let line: Int
    package let column: Int
    package let width: Int

    package init(line: Int, column: Int, width: Int = 1) {
        self.line = line
        self.column = column
        self.width = width
    }
}

/// Why a file is not what is read here, in sentences.
package struct YAMLMistake: Error, Equatable, Sendable {
    package let place: YAMLPlace
    package let problem: String
    /// What to do about it; nil where nothing can be advised.
    package let wayOut: String?

    package init(_ place: YAMLPlace, _ problem: String, _ wayOut: String? = nil) {
        self.place = place
        self.problem = problem
        self.wayOut = wayOut
    }
}
