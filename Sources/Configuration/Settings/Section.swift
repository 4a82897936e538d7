import MartinetYAML

/// A part of the configuration that is keys with values in the file.
package protocol Section: Sendable {
    /// How messages and the reference call it: "a site".
    static var title: String { get }
    /// What it is for: a sentence.
    static var help: String { get }
    static var settings: [Setting<Self>] { get }
    /// Read after the settings, so that they begin with them.
    static var sections: [Subsection<Self>] { get }
    /// What is wrong with the section as a whole.
    static func check(_ part: Self, at places: Places, _ reading: inout Reading)
    /// Everything at its default.
    init()
}

extension Section {
    package static var sections: [Subsection<Self>] { [] }
    package static func check(_ part: Self, at places: Places, _ reading: inout Reading) {}

    static var faces: [Face] { settings.map(\.face) }

    static var outline: SectionOutline {
        let standard = Self()
        return SectionOutline(
            title: title, help: help, settings: settings.map { ($0.face, $0.show(standard)) },
            sections: sections.map { ($0.face, $0.outline) })
    }
}

/// A section's keys, for who needs no values.
package struct SectionOutline: Sendable {
    package let title: String
    package let help: String
    /// Each with its default.
    package let settings: [(face: Face, standard: [Shown])]
    let sections: [(face: SubsectionFace, outline: @Sendable () -> SectionOutline)]

    /// The sections in it that are not of an outer level, by their keys.
    package var children: [(key: String, outline: SectionOutline)] {
        sections.filter { !$0.face.isInherited }.map { ($0.face.key, $0.outline()) }
    }
}

/// What all sections in sections have in common.
package struct SubsectionFace: Sendable {
    let key: String
    /// Of those with one group, exactly one stands in a section.
    var group: String?
    var isList = false
    var isInherited = false
    /// The key of a child that a value alone is for; nil where there must be keys.
    var valueKey: String?
}

/// Keys with values inside a section, or a list of such.
package struct Subsection<Part>: Sendable {
    var face: SubsectionFace
    let outline: @Sendable () -> SectionOutline
    let read: @Sendable (YAMLNodeInFile, inout Part, inout Reading) -> Void
    /// Lines of the file: the part's, in contrast to a standard.
    let show: @Sendable (_ part: Part, _ standard: Part, Detail) -> [String]
}

extension Subsection {
    static func one<Child: Section>(_ key: String, _ path: any WritableKeyPath<Part, Child> & Sendable) -> Subsection {
        Subsection(face: SubsectionFace(key: key), outline: { Child.outline }) { node, part, reading in
            Child.read(node, into: &part[keyPath: path], &reading)
        } show: { part, standard, detail in
            Lines.section(key, Child.lines(part[keyPath: path], standard: standard[keyPath: path], detail))
        }
    }

    /// One that need not be there. `false` takes an outer level's away, `true` is one at its defaults, and another value alone is
    /// that of `valueKey`.
    static func optional<Child: Section & Equatable>(
        _ key: String, _ path: any WritableKeyPath<Part, Child?> & Sendable, valueKey: String? = nil
    ) -> Subsection {
        let face = SubsectionFace(key: key, valueKey: valueKey)
        return Subsection(face: face, outline: { Child.outline }) { node, part, reading in
            if node.says("false") {
                part[keyPath: path] = nil
            } else if node.says("true") {
                part[keyPath: path] = Child()
            } else if node.node.isNull {
                // With its keys all comments, it may be wanted or not.
                reading.refuse(
                    node.place, "expected true, false or keys with values for \(key), found nothing.",
                    "Write true or false.")
            } else {
                var child = part[keyPath: path] ?? Child()
                Child.read(valueKey.map(node.asValue) ?? node, into: &child, &reading)
                part[keyPath: path] = child
            }
        } show: { part, standard, detail in
            let (child, before) = (part[keyPath: path], standard[keyPath: path])
            guard let child else {
                if before != nil { return ["\(key): false"] }
                return detail == .changes
                    ? [] : Lines.comment(Lines.section(key, Child.lines(Child(), standard: Child(), detail)))
            }
            if child == before, detail == .changes { return [] }
            let lines = Child.lines(child, standard: before ?? Child(), detail)
            return lines.isEmpty ? ["\(key): {}"] : Lines.section(key, lines)
        }
    }

    /// One of a group, of which a part has exactly one.
    static func choice<Child: Section>(
        _ key: String, group: String, get: @escaping @Sendable (Part) -> Child?,
        set: @escaping @Sendable (inout Part, Child) -> Void
    ) -> Subsection {
        Subsection(face: SubsectionFace(key: key, group: group), outline: { Child.outline }) { node, part, reading in
            var child = Child()
            Child.read(node, into: &child, &reading)
            set(&part, child)
        } show: { part, _, detail in
            guard let child = get(part) else { return [] }
            let lines = Child.lines(child, standard: Child(), detail)
            return lines.isEmpty ? ["\(key): {}"] : Lines.section(key, lines)
        }
    }

    /// - Parameter begin: what an element begins with, and where it stands; nil for what is not in a file.
    static func list<Child: Section>(
        _ key: String, _ path: any WritableKeyPath<Part, [Child]> & Sendable,
        begin: @escaping @Sendable (Part, Place?) -> Child
    ) -> Subsection {
        let face = SubsectionFace(key: key, isList: true)
        return Subsection(face: face, outline: { Child.outline }) { node, part, reading in
            for item in node.items(of: key, first: Child.faces.first?.key ?? "", &reading) {
                var child = begin(part, item.place)
                Child.read(item, into: &child, &reading)
                part[keyPath: path].append(child)
            }
        } show: { part, _, detail in
            let children = part[keyPath: path]
            let begun = begin(part, nil)
            if children.isEmpty {
                if detail == .changes { return [] }
                return Lines.comment(Lines.section(key, Lines.item(Child.lines(begun, standard: begun, detail))))
            }
            return Lines.section(key, children.flatMap { Lines.item(Child.lines($0, standard: begun, detail)) })
        }
    }

    /// The same section of an inner level, which begins with the outer one's.
    func inherited<Whole>(_ path: any WritableKeyPath<Whole, Part> & Sendable) -> Subsection<Whole> {
        var face = face
        face.isInherited = true
        return Subsection<Whole>(face: face, outline: outline) { node, whole, reading in
            read(node, &whole[keyPath: path], &reading)
        } show: { whole, standard, _ in
            // An outer level has shown it with every key.
            show(whole[keyPath: path], standard[keyPath: path], .changes)
        }
    }
}
