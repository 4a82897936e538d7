/// One thing that an operator can set. All front ends, the reference and the commented file follow from it.
package struct Setting<Part>: Sendable {
    typealias Assign = @Sendable ([Item], inout Part, inout Reading) -> Void

    package internal(set) var face: Face
    /// Reads and stores values; what is wrong with them goes to the reading.
    let assign: Assign
    /// The value as the file says it; nothing where it is absent.
    let show: @Sendable (Part) -> [Shown]

    package func shown(_ part: Part) -> [Shown] { show(part) }

    /// The same, printed as what it stands for.
    var shorthand: Setting {
        var setting = self
        setting.face.isShorthand = true
        return setting
    }
}

extension Setting {
    static func value<Value: Sendable>(
        _ key: String, _ path: any WritableKeyPath<Part, Value> & Sendable, _ kind: Kind<Value>,
        option: OptionSpelling = .asKey, isRequired: Bool = false, help: String
    ) -> Setting {
        let shape = Value.self == Bool.self ? SettingShape.flag : .value
        return Setting(face: Face(key, option, shape, kind, isRequired: isRequired, help)) { items, part, reading in
            if let value = kind.read(items.last, &reading) { part[keyPath: path] = value }
        } show: {
            [.text(kind.show($0[keyPath: path]))]
        }
    }

    /// - Parameter alone: what the option without a value means; nil where it needs one.
    static func optional<Value: Sendable>(
        _ key: String, _ path: any WritableKeyPath<Part, Value?> & Sendable, _ kind: Kind<Value>, alone: String? = nil,
        option: OptionSpelling = .asKey, help: String
    ) -> Setting {
        let shape = alone.map { SettingShape.valueOrFlag(alone: $0) } ?? .optional
        return Setting(face: Face(key, option, shape, kind, help)) { items, part, reading in
            if items.isEmpty { part[keyPath: path] = nil }
            if let value = kind.read(items.last, &reading) { part[keyPath: path] = value }
        } show: { part in
            part[keyPath: path].map { [.text(kind.show($0))] } ?? []
        }
    }

    /// A list takes the place of the default, and of what an outer level says.
    static func list<Value: Sendable>(
        _ key: String, _ path: any WritableKeyPath<Part, [Value]> & Sendable, _ kind: Kind<Value>,
        option: OptionSpelling = .asKey, help: String
    ) -> Setting {
        Setting(face: Face(key, option, .list, kind, help)) { items, part, reading in
            part[keyPath: path] = items.compactMap { kind.read($0, &reading) }
        } show: {
            $0[keyPath: path].map { .text(kind.show($0)) }
        }
    }

    /// A list that is added to what an outer level says.
    static func addition<Value: Sendable & Equatable>(
        _ key: String, _ path: any WritableKeyPath<Part, [Value]> & Sendable, _ kind: Kind<Value>,
        option: OptionSpelling = .asKey, help: String
    ) -> Setting {
        Setting(face: Face(key, option, .list, kind, help)) { items, part, reading in
            for value in items.compactMap({ kind.read($0, &reading) }) where !part[keyPath: path].contains(value) {
                part[keyPath: path].append(value)
            }
        } show: {
            $0[keyPath: path].map { .text(kind.show($0)) }
        }
    }

    /// Values that are stored in another way, each with how it was written. There is no option for them.
    static func values<Value: Sendable>(
        _ key: String, _ shape: SettingShape, _ kind: Kind<Value>, help: String,
        assign: @escaping @Sendable ([(Value, Text)], inout Part, inout Reading) -> Void,
        show: @escaping @Sendable (Part) -> [Value]
    ) -> Setting {
        Setting(face: Face(key, .none, shape, kind, help)) { items, part, reading in
            var read: [(Value, Text)] = []
            for case .text(let text) in items {
                if let value = kind.read(.text(text), &reading) { read.append((value, text)) }
            }
            assign(read, &part, &reading)
        } show: {
            show($0).map { .text(kind.show($0)) }
        }
    }

    /// Keys with values, in the order in which they were written.
    static func pairs<Key: Sendable, Value: Sendable>(
        _ key: String, separator: Character, repeats: Bool = false, _ left: Kind<Key>, _ right: Kind<Value>,
        option: OptionSpelling = .asKey, help: String,
        assign: @escaping @Sendable ([(Key, Value, Place)], inout Part, inout Reading) -> Void,
        show: @escaping @Sendable (Part) -> [(Key, Value)]
    ) -> Setting {
        let face = Face(
            key: key, option: option.option(key: key), shape: .pairs(separator: separator, repeats: repeats),
            placeholder: "\(left.placeholder)\(separator)\(right.placeholder)",
            expected: "\(left.expected), \(separator) and \(right.expected)", choices: [], help: help,
            isRequired: false, holdsCommas: true)
        return Setting(face: face) { items, part, reading in
            var read: [(Key, Value, Place)] = []
            for case .pair(let first, let second) in items {
                if let key = left.read(.text(first), &reading), let value = right.read(.text(second), &reading) {
                    read.append((key, value, first.place))
                }
            }
            assign(read, &part, &reading)
        } show: {
            show($0).map { .pair(left.show($0.0), right.show($0.1)) }
        }
    }
}

extension Face {
    fileprivate init<Value>(
        _ key: String, _ option: OptionSpelling, _ shape: SettingShape, _ kind: Kind<Value>, isRequired: Bool = false,
        _ help: String
    ) {
        self.init(
            key: key, option: option.option(key: key), shape: shape, placeholder: kind.placeholder,
            expected: kind.expected, choices: kind.choices, help: help, isRequired: isRequired,
            holdsCommas: kind.holdsCommas)
    }
}
