// How a part's setting becomes one of what holds the part: so `serve` makes a configuration of one site with the declarations
// of the file.
extension Setting {
    /// The same setting for what holds the part.
    func within<Whole>(_ path: any WritableKeyPath<Whole, Part> & Sendable) -> Setting<Whole> {
        Setting<Whole>(face: face) { items, whole, reading in
            assign(items, &whole[keyPath: path], &reading)
        } show: {
            show($0[keyPath: path])
        }
    }

    /// The same setting of an inner level, which begins with the outer one's.
    func inherited<Whole>(_ path: any WritableKeyPath<Whole, Part> & Sendable) -> Setting<Whole> {
        var setting = within(path)
        setting.face.isInherited = true
        return setting
    }

    /// The same setting for a part that need not be there; it then begins.
    func within<Whole>(
        _ path: any WritableKeyPath<Whole, Part?> & Sendable, begin: @escaping @Sendable () -> Part
    ) -> Setting<Whole> {
        Setting<Whole>(face: face) { items, whole, reading in
            var part = whole[keyPath: path] ?? begin()
            assign(items, &part, &reading)
            whole[keyPath: path] = part
        } show: { whole in
            whole[keyPath: path].map(show) ?? []
        }
    }

    /// The same setting for each of a whole's parts. Values that are wrong are so once.
    ///
    /// - Parameter standard: what stands for the parts where there are none.
    func each<Whole>(
        _ visit: @escaping @Sendable (inout Whole, (inout Part) -> Void) -> Void, standard: Part
    ) -> Setting<Whole> where Part: Sendable {
        Setting<Whole>(face: face) { items, whole, reading in
            var first = reading
            var scratch = standard
            assign(items, &scratch, &first)
            visit(&whole) { part in
                var again = reading
                assign(items, &part, &again)
            }
            reading = first
        } show: { whole in
            var whole = whole
            var shown: [Shown]?
            visit(&whole) { part in shown = shown ?? show(part) }
            return shown ?? show(standard)
        }
    }

    /// The n-th value goes to the n-th element.
    func column<Whole>(
        _ path: any WritableKeyPath<Whole, [Part]> & Sendable, begin: @escaping @Sendable () -> Part
    ) -> Setting<Whole> {
        let face = Face(
            key: face.key, option: face.option, shape: .list, placeholder: face.placeholder, expected: face.expected,
            choices: face.choices, help: face.help, isRequired: false, holdsCommas: face.holdsCommas)
        return Setting<Whole>(face: face) { items, whole, reading in
            for (index, item) in items.enumerated() {
                while whole[keyPath: path].count <= index { whole[keyPath: path].append(begin()) }
                assign([item], &whole[keyPath: path][index], &reading)
            }
        } show: {
            $0[keyPath: path].flatMap(show)
        }
    }
}
