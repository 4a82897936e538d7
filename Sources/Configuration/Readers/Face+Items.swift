import MartinetYAML

extension Face {
    /// What a value of a file says as items of this setting's shape; nil where it has another shape, which the reading then knows.
    func items(_ node: YAMLNodeInFile, _ reading: inout Reading) -> [Item]? {
        switch (shape, node.content) {
        case (_, .refused): return nil
        case (.pairs(_, let repeats), .mapping(let pairs)):
            return pairs.flatMap { pair -> [Item] in
                let key = node.child(pair.key)
                guard case .scalar(let name, _) = key.content else {
                    if case .refused = key.content { return [] }
                    reading.refuse(key.place, "expected a key, found \(key.node.kind).", "Write key: value.")
                    return []
                }
                return values(node.child(pair.value), repeats: repeats, &reading).map {
                    .pair(Text(name, at: key.place), $0)
                }
            }
        case (.pairs(let separator, _), _):
            let form = placeholder.split(separator: separator, maxSplits: 1).joined(separator: ": ")
            refuse(node, "Write each on a line of its own: \(form.replacing(":  ", with: ": "))", &reading)
            return nil
        case (.valueOrFlag(let alone), .scalar("true", true)): return [.text(Text(alone, at: node.place))]
        case (.valueOrFlag, .scalar("false", true)), (.optional, .scalar("false", true)): return []
        case (.list, .sequence(let nodes)):
            return nodes.compactMap { node.child($0).text(for: self, &reading).map { .text($0) } }
        case (_, .scalar): return node.text(for: self, &reading).map { [.text($0)] }
        case (_, .sequence):
            refuse(node, "Only one value can stand here.", &reading)
            return nil
        case (_, .mapping):
            refuse(node, nil, &reading)
            return nil
        }
    }

    private func values(_ node: YAMLNodeInFile, repeats: Bool, _ reading: inout Reading) -> [Text] {
        guard repeats, case .sequence(let items) = node.content else {
            return node.text(for: self, &reading).map { [$0] } ?? []
        }
        return items.compactMap { node.child($0).text(for: self, &reading) }
    }

    private func refuse(_ node: YAMLNodeInFile, _ wayOut: String?, _ reading: inout Reading) {
        reading.refuse(node.place, "expected \(expected) for \(key), found \(node.node.kind).", wayOut)
    }

    /// What words of the command line or the environment say as items.
    func items(_ words: [String], at place: Place, _ reading: inout Reading) -> [Item] {
        words.compactMap { word in
            guard case .pairs(let separator, _) = shape else {
                var word = word
                if shape == .flag, option?.isNegated ?? false {
                    word = ["true": "false", "false": "true"][word] ?? word
                }
                return .text(Text(word, at: place))
            }
            guard let index = word.firstIndex(of: separator) else {
                reading.refuse(place, "expected \(expected), found \"\(word)\".", "Write '\(placeholder)'.")
                return nil
            }
            return .pair(
                Text(String(word[..<index]), at: place), Text(String(word[word.index(after: index)...]), at: place))
        }
    }
}
