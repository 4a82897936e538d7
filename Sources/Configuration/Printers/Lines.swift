/// How much of a section is printed.
package enum Detail: Sendable {
    /// What is not as in the standard.
    case changes
    /// Every setting with its help, and as a comment where it is as in the standard.
    case everything
}

/// Lines of a file, put together.
enum Lines {
    /// A key, and beneath it what belongs to it.
    static func section(_ key: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["\(key):"] + lines.map { "  " + $0 }
    }

    /// An element of a list. Where it begins with comments, so does its first line that is none with the dash.
    static func item(_ lines: [String]) -> [String] {
        guard let first = lines.firstIndex(where: { !$0.hasPrefix("#") }) else {
            return lines + ["- {}"]
        }
        return lines.enumerated().map { index, line in (index == first ? "- " : "  ") + line }
    }

    static func comment(_ lines: [String]) -> [String] { lines.map { "# " + $0 } }
}

extension Section {
    /// The section as a file says it.
    static func lines(_ part: Self, standard: Self, _ detail: Detail) -> [String] {
        settings.flatMap { $0.face.lines($0.show(part), standard: $0.show(standard), detail) }
            + sections.flatMap { $0.show(part, standard, detail) }
    }
}

extension Face {
    fileprivate func lines(_ given: [Shown], standard: [Shown], _ detail: Detail) -> [String] {
        if isShorthand { return [] }
        var shown = given
        // Keys with values are added to those of the outer level.
        if case .pairs = shape, detail == .changes || isInherited { shown = added(given, to: standard) }
        let isChanged = given != standard
        if detail == .changes || isInherited {
            guard isRequired || isChanged, !(isPairs && shown.isEmpty) else { return [] }
            return ["\(key): \(written(shown))"]
        }
        let line = "\(key): \(written(shown))"
        return ["# \(help) (\(expected))", isRequired || isChanged ? line : "# " + line]
    }

    private var isPairs: Bool { if case .pairs = shape { true } else { false } }

    /// What is there beyond the standard. Where keys repeat, the standard's come first and stay.
    private func added(_ given: [Shown], to standard: [Shown]) -> [Shown] {
        if case .pairs(_, true) = shape { return Array(given.dropFirst(standard.count)) }
        return given.filter { !standard.contains($0) }
    }

    /// A setting's value as it stands behind its key.
    func written(_ shown: [Shown]) -> String {
        switch shape {
        case .list: "[" + shown.map(Scalar.written).joined(separator: ", ") + "]"
        case .pairs(_, let repeats):
            shown.isEmpty
                ? "{}" : "{ " + (repeats ? grouped(shown) : shown.map(Scalar.written)).joined(separator: ", ") + " }"
        case .flag: if case .text(let text)? = shown.first { text } else { "" }
        case .value: shown.first.map(Scalar.written) ?? ""
        case .optional, .valueOrFlag: shown.first.map(Scalar.written) ?? "false"
        }
    }

    /// A key that stands there more than once has a list.
    private func grouped(_ shown: [Shown]) -> [String] {
        var values: [(key: String, values: [String])] = []
        for case .pair(let key, let value) in shown {
            if let index = values.firstIndex(where: { $0.key == key }) {
                values[index].values.append(value)
            } else {
                values.append((key, [value]))
            }
        }
        return values.map { key, values in
            let list = values.map(Scalar.written)
            return "\(Scalar.key(key)): " + (list.count == 1 ? list[0] : "[" + list.joined(separator: ", ") + "]")
        }
    }
}
