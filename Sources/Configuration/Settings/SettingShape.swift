/// What a setting looks like, whatever its kind.
package enum SettingShape: Equatable, Sendable {
    /// True or false; on the command line the option alone, which turns the default around.
    case flag
    case value
    /// A value that may be absent; `false` in the file takes an outer level's away.
    case optional
    /// One that may be without its value: an option alone, and `true` in the file, mean this.
    case valueOrFlag(alone: String)
    case list
    /// Two texts with something between them on the command line; in the file keys with values. Where a key `repeats`, it may
    /// have a list.
    case pairs(separator: Character, repeats: Bool)

    /// Whether an option can be given more than once.
    package var isRepeatable: Bool {
        switch self {
        case .list, .pairs: true
        default: false
        }
    }
}

/// How the command line says a setting.
package struct SettingOption: Equatable, Sendable {
    /// Without its dashes.
    package let name: String
    package let short: Character?
    /// Nil for the key's.
    package let help: String?

    /// "--no-listing" says the contrary of its key.
    package var isNegated: Bool { name.hasPrefix("no-") }
}

/// How a declaration says its option.
enum OptionSpelling {
    case asKey
    /// There is none: one site does not need it, or the command line says it in another way.
    case none
    case named(String, short: Character? = nil, help: String? = nil)

    func option(key: String) -> SettingOption? {
        switch self {
        case .asKey: SettingOption(name: key, short: nil, help: nil)
        case .none: nil
        case .named(let name, let short, let help): SettingOption(name: name, short: short, help: help)
        }
    }
}

/// What all settings have in common, whatever they are part of: one reader, one printer and one help serve all of them, and
/// the optimiser makes no copies for each part.
package struct Face: Sendable {
    /// In the file.
    package let key: String
    package let option: SettingOption?
    package let shape: SettingShape
    /// What help shows in a value's place: "time".
    package let placeholder: String
    /// "a time such as 30s".
    package let expected: String
    package let choices: [String]
    package let help: String
    /// Whether a section without it is a mistake.
    package let isRequired: Bool
    /// Whether a value can hold a comma, so that commas separate none.
    package let holdsCommas: Bool
    /// Whether it only stands for others, which are printed in its place.
    package internal(set) var isShorthand = false
    /// Whether it is a setting of an outer level, too.
    package internal(set) var isInherited = false

    /// Its variable in the environment; nil where it has no option.
    package var variable: String? {
        option.map { option in "MARTINET_" + String(option.name.uppercased().map { $0 == "-" ? "_" : $0 }) }
    }
}
