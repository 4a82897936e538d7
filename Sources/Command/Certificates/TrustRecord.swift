import MartinetPOSIX

/// What is known of the authorities that stores were asked to trust: kept beside them, so that those that have been replaced
/// can be taken out again, and that `serve` need not ask the stores.
struct TrustRecord: Equatable {
    enum State: String {
        /// A store of this machine trusts it.
        case trusted
        /// None did when it was looked at last; root may have been asked to see to it.
        case asked
    }

    static let fileName = "trusted"

    /// By fingerprint.
    var states: [String: State] = [:]

    init() {}

    /// Reads it; nothing is known where there is no such file.
    init(in directory: String) throws(SystemError) {
        do throws(SystemError) {
            self.init(text: String(decoding: try WholeFile.read("\(directory)/\(Self.fileName)"), as: UTF8.self))
        } catch  where error.isMissing {
            self.init()
        }
    }

    /// Lines with a fingerprint and a state; others are passed over.
    init(text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let state = State(rawValue: String(words[1])) else { continue }
            states[String(words[0])] = state
        }
    }

    var text: String { states.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)\n" }.joined() }

    func write(in directory: String) throws(SystemError) {
        try WholeFile.write([UInt8](text.utf8), to: "\(directory)/\(Self.fileName)", mode: 0o600)
    }

    /// Whether some store of this machine trusts an authority, as far as can be told without asking any.
    ///
    /// - Parameter path: the file with its root.
    static func saysTrusted(_ path: String) -> Bool {
        guard let anchor = try? TrustAnchor(file: path) else { return false }
        let directory = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        if let record = try? TrustRecord(in: directory), record.states[anchor.fingerprint] == .trusted { return true }
        // Root may have done it since.
        return SystemTrustStore.hasFile(for: anchor)
    }
}
