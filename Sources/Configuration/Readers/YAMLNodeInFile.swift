import MartinetYAML

/// A value of a file that has a name.
struct YAMLNodeInFile: Sendable {
    let node: YAMLNode
    let file: String

    var content: YAMLNode.Content { node.content }
    var place: Place { .file(file, node.place) }

    /// Whether it is a word without quotation marks.
    func says(_ word: String) -> Bool { if case .scalar(word, true) = node.content { true } else { false } }

    func child(_ node: YAMLNode) -> YAMLNodeInFile { YAMLNodeInFile(node: node, file: file) }

    /// A value alone as the value of a key.
    func asValue(of key: String) -> YAMLNodeInFile {
        guard case .scalar = node.content, !node.isNull else { return self }
        let keyNode = YAMLNode(.scalar(key, isPlain: true), at: node.place)
        return child(YAMLNode(.mapping([(key: keyNode, value: node)]), at: node.place))
    }

    /// The elements of a list of sections.
    func items(of key: String, first: String, _ reading: inout Reading) -> [YAMLNodeInFile] {
        switch node.content {
        case .sequence(let items): return items.map(child)
        case .refused: return []
        default:
            reading.refuse(
                place, "expected a list for \(key), found \(node.kind).",
                "Begin each of its elements with a dash: - \(first): …")
            return []
        }
    }

    /// A value's text, with variables and files in place of what names them; nil where it has none, which the reading then knows.
    func text(for face: Face, _ reading: inout Reading) -> Text? {
        switch node.content {
        case .refused: return nil
        case .scalar(let string, let isPlain) where !(isPlain && node.isNull):
            return Substitution(reading.surroundings, directory: reading.directory).text(string, at: place, &reading)
        default:
            reading.refuse(place, "expected \(face.expected) for \(face.key), found \(node.kind).")
            return nil
        }
    }
}
