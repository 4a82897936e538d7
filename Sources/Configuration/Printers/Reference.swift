/// The page of all settings, from their declarations: Markdown.
package enum Reference {
    package static var page: String {
        var parts: [String] = []
        var known: Set<String> = []
        add(Configuration.outline, path: [], &parts, &known)
        return parts.joined(separator: "\n")
    }

    private static func add(
        _ outline: SectionOutline, path: [String], _ parts: inout [String], _ known: inout Set<String>
    ) {
        guard known.insert(outline.title).inserted else { return }
        let title = path.isEmpty ? "The top level" : "`" + path.joined(separator: ": ") + "`"
        var text = "### \(title)\n\n\(outline.help)\n"
        let own = outline.settings.filter { !$0.face.isInherited }
        if own.count > 0 { text += "\n" + own.map { entry($0.face, $0.standard) }.joined() }
        if own.count < outline.settings.count { text += "- Every setting of the top level about responses.\n" }
        parts.append(text)
        for child in outline.children { add(child.outline, path: path + [child.key], &parts, &known) }
    }

    private static func entry(_ face: Face, _ standard: [Shown]) -> String {
        var facts = [face.expected]
        if face.shape.isRepeatable { facts.append("a list or several") }
        if face.isRequired {
            facts.append("must be there")
        } else if !face.isShorthand {
            facts.append("default `\(face.written(standard))`")
        }
        if let option = face.option, let variable = face.variable {
            let short = option.short.map { "`-\($0)`, " } ?? ""
            facts.append("\(short)`--\(option.name)`, `\(variable)`")
        }
        return "- **`\(face.key)`** (\(facts.joined(separator: "; "))): \(face.help)\n"
    }
}
