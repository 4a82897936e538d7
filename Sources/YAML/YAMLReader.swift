/// Reads one document. Anchors, aliases, tags and merge keys are refused where they stand, each with a sentence.
package struct YAMLReader: ~Copyable {
    private let events: YAMLEvents
    private var mistakes: [YAMLMistake] = []

    /// Values in values beyond this are no configuration, and would be a stack that somebody else chooses the depth of.
    private static let depthLimit = 16

    private init(_ bytes: [UInt8]) {
        events = YAMLEvents(bytes)
    }

    /// The document, and all that is wrong with it in the order of the file. An empty one is an empty mapping. Of mistakes that
    /// YAML's own grammar forbids, only the first is known, and there is no document then.
    ///
    /// - Parameter bytes: those of a `FileText` without mistakes.
    package static func read(_ bytes: [UInt8]) -> (YAMLNode?, [YAMLMistake]) {
        var reader = YAMLReader(bytes)
        do throws(YAMLMistake) {
            let node = try reader.document()
            return (node, reader.mistakes)
        } catch {
            return (nil, reader.mistakes + [error])
        }
    }

    private mutating func document() throws(YAMLMistake) -> YAMLNode {
        _ = try events.next()
        guard case .documentStart = try events.next().kind else {
            return YAMLNode(.mapping([]), at: YAMLPlace(line: 1, column: 1))
        }
        let root = try node(from: events.next(), depth: 0)
        _ = try events.next()
        let end = try events.next()
        if end.kind != .streamEnd {
            mistakes.append(
                YAMLMistake(
                    end.place, "a second document begins here; one file is one document.", "Remove the line ---."))
        }
        return root.isNull ? YAMLNode(.mapping([]), at: root.place) : root
    }

    private mutating func node(from event: consuming YAMLEvent, depth: Int) throws(YAMLMistake) -> YAMLNode {
        let place = event.place
        guard depth < Self.depthLimit else {
            throw YAMLMistake(place, "values are nested more than \(Self.depthLimit) deep.")
        }
        refuseNames(of: event)
        switch event.kind {
        case .scalar: return YAMLNode(.scalar(event.text, isPlain: event.isPlain), at: place)
        case .sequenceStart: return YAMLNode(.sequence(try items(depth: depth + 1)), at: place)
        case .mappingStart: return YAMLNode(.mapping(try pairs(depth: depth + 1)), at: place)
        case .alias:
            mistakes.append(
                YAMLMistake(
                    place, "aliases are not read here.",
                    "Write the value out; what several sites share can stand at the top level."))
            return YAMLNode(.refused, at: place)
        default: throw YAMLMistake(place, "this is not expected here.")
        }
    }

    private mutating func items(depth: Int) throws(YAMLMistake) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(from: event, depth: depth))
        }
    }

    private mutating func pairs(depth: Int) throws(YAMLMistake) -> [(key: YAMLNode, value: YAMLNode)] {
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { return pairs }
            var key = try node(from: event, depth: depth)
            if case .scalar("<<", true) = key.content {
                mistakes.append(
                    YAMLMistake(
                        key.place, "merge keys are not read here.",
                        "Write the keys out; what several sites share can stand at the top level."))
                key = YAMLNode(.refused, at: key.place)
            }
            pairs.append((key, try node(from: events.next(), depth: depth)))
        }
    }

    private mutating func refuseNames(of event: borrowing YAMLEvent) {
        if event.hasAnchor {
            mistakes.append(
                YAMLMistake(
                    event.place, "anchors are not read here.",
                    "Remove &name; what several sites share can stand at the top level."))
        }
        if event.hasTag {
            mistakes.append(
                YAMLMistake(event.place, "tags are not read here.", "Remove the word that begins with !."))
        }
    }
}
