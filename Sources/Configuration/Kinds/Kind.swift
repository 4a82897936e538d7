import MartinetBytes

/// How one value is read and shown, whoever wrote it.
package struct Kind<Value: Sendable>: Sendable {
    /// What help shows in its place: "time".
    let placeholder: String
    /// "a time such as 500ms, 30s or 5m".
    let expected: String
    var choices: [String] = []
    /// Whether a value can hold a comma.
    var holdsCommas = false
    let read: @Sendable (Text, borrowing Reading) throws(Unfit) -> Value
    /// What is read as this value again.
    let show: @Sendable (Value) -> String

    /// The value of an item; nil where there is none, or where it is unfit, which the reading then knows.
    func read(_ item: Item?, _ reading: inout Reading) -> Value? {
        guard case .text(let text)? = item else { return nil }
        do throws(Unfit) {
            return try read(text, reading)
        } catch {
            let found = text.written.isEmpty ? "nothing" : "\"\(text.written)\""
            let reason = error.reason.map { ": \($0)" } ?? ""
            reading.refuse(text.place, "expected \(expected), found \(found)\(reason).", error.wayOut)
            return nil
        }
    }
}

extension Kind where Value == Bool {
    static var flag: Kind {
        Kind(placeholder: "true|false", expected: "true or false", choices: ["true", "false"]) {
            text, _ throws(Unfit) in
            switch text.string {
            case "true": return true
            case "false": return false
            default:
                switch text.string.lowercased() {
                case "yes", "on", "1", "true", "y": throw Unfit(nil, "Write true.")
                case "no", "off", "0", "false", "n": throw Unfit(nil, "Write false.")
                default: throw Unfit()
                }
            }
        } show: {
            String($0)
        }
    }
}

extension Kind where Value: RawRepresentable<String> & CaseIterable {
    /// One of a few words.
    static var choice: Kind {
        let names = Value.allCases.map(\.rawValue)
        let expected = names.count == 2 ? names.joined(separator: " or ") : "one of " + names.joined(separator: ", ")
        return Kind(placeholder: names.joined(separator: "|"), expected: expected, choices: names) {
            text, _ throws(Unfit) in
            guard let value = Value(rawValue: text.string) else {
                let near = Nearest.word(to: text.string, among: names)
                throw Unfit(nil, near.map { "Did you mean \($0)?" })
            }
            return value
        } show: {
            $0.rawValue
        }
    }
}

extension Kind where Value == Int {
    static func number(_ range: ClosedRange<Int>) -> Kind {
        Kind(placeholder: "n", expected: "a number from \(range.lowerBound) to \(range.upperBound)") {
            text, _ throws(Unfit) in
            guard let number = text.decimal, range.contains(number) else { throw Unfit() }
            return number
        } show: {
            String($0)
        }
    }
}

extension Kind where Value == WorkerCount {
    /// More than 256 on one machine is a slip of the finger.
    static var workers: Kind {
        Kind(placeholder: "n", expected: "auto or a number from 1 to 256") { text, _ throws(Unfit) in
            if text.string == "auto" { return .automatic }
            guard let number = text.decimal, (1...256).contains(number) else { throw Unfit() }
            return .exactly(number)
        } show: {
            if case .exactly(let number) = $0 { String(number) } else { "auto" }
        }
    }
}

extension Text {
    /// Its decimal digits as a number; nil where it has none, or anything else.
    var decimal: Int? { [UInt8](string.utf8).span.decimalValue }
}
