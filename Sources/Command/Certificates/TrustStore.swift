/// A list of authorities that programs of this machine trust.
protocol TrustStore {
    /// Whose it is: "system", "Chromium".
    var name: String { get }
    /// Where it is.
    var place: String { get }

    /// What it has of each authority, in their order.
    func find(_ anchors: [TrustAnchor]) throws(TrustStoreError) -> [TrustState]
    func add(_ anchors: [TrustAnchor]) throws(TrustStoreError)
    func remove(_ anchors: [TrustAnchor]) throws(TrustStoreError)

    /// Whether this user may not change it.
    var needsRoot: Bool { get }
    /// What a shell is told in place of `add(_:)`, one command each.
    func commands(adding anchors: [TrustAnchor]) -> [String]
    /// The same in place of `remove(_:)`.
    func commands(removing anchors: [TrustAnchor]) -> [String]
    /// What to do where root is needed.
    func advice(adding anchors: [TrustAnchor]) -> String
}

/// What a store has of an authority.
struct TrustState: Equatable {
    var isTrusted = false
    /// Whether it has an entry with the name that `martinet cert trust` gives, and no other does.
    var isOwn = false
}

/// Why a store cannot be asked or changed.
enum TrustStoreError: Error {
    /// What it takes is not here.
    case skipped(String)
    case failed(String)
}

extension TrustStoreError {
    init(_ tool: Tool, _ problem: String) { self = .failed("\(tool.path): \(problem)") }
}

/// What was done to a store, in words, and what it has of each authority afterwards.
struct TrustReport {
    let store: any TrustStore
    let text: String
    /// Empty where it cannot be told.
    let states: [TrustState]
    /// Whether the store is there and could not be asked or changed.
    var hasFailed = false

    var line: String { "\(store.name) (\(store.place)): \(text)" }
}

extension TrustStore {
    /// Has it trust the authorities.
    func trust(_ anchors: [TrustAnchor]) -> TrustReport {
        report { () throws(TrustStoreError) in
            let states = try find(anchors)
            let missing = zip(anchors, states).filter { !$1.isTrusted }.map(\.0)
            guard !missing.isEmpty else { return ("was there", states) }
            if needsRoot { return ("needs root: \(advice(adding: missing))", states) }
            try add(missing)
            let found = try find(anchors)
            let refused = zip(anchors, found).filter { !$1.isTrusted }.map(\.0.name)
            guard refused.isEmpty else {
                throw .failed("it was told of \(refused.joined(separator: ", ")), and does not trust it all the same")
            }
            return ("added\(Self.names(missing, of: anchors))", found)
        }
    }

    /// Takes out what `trust(_:)` has put in.
    func untrust(_ anchors: [TrustAnchor]) -> TrustReport {
        report { () throws(TrustStoreError) in
            let states = try find(anchors)
            let own = zip(anchors, states).filter(\.1.isOwn).map(\.0)
            let foreign = zip(anchors, states).filter { $1.isTrusted && !$1.isOwn }.map(\.0.name)
            let rest =
                foreign.isEmpty
                ? "" : "left alone \(foreign.joined(separator: ", ")), which was not added by martinet cert trust"
            guard !own.isEmpty else { return (rest.isEmpty ? "was not there" : rest, states) }
            if needsRoot { return ("needs root: run\n  \(Self.line(commands(removing: own)))", states) }
            try remove(own)
            let found = try find(anchors)
            let kept = own.filter { anchor in
                zip(anchors, found).contains { $0.nickname == anchor.nickname && $1.isTrusted }
            }
            guard kept.isEmpty else {
                throw .failed(
                    "the entry of \(kept.map(\.name).joined(separator: ", ")) is gone, and it is trusted all the same")
            }
            return ("removed\(Self.names(own, of: anchors))" + (rest.isEmpty ? "" : "; \(rest)"), found)
        }
    }

    /// Says which of the authorities it trusts.
    func status(_ anchors: [TrustAnchor]) -> TrustReport {
        report { () throws(TrustStoreError) in
            let states = try find(anchors)
            let trusted = zip(anchors, states).filter(\.1.isTrusted).map(\.0)
            let others = zip(anchors, states).filter { !$1.isTrusted && $0.path != nil }.map(\.0)
            let parts = [("trusts", trusted), ("does not trust", others)].filter { !$1.isEmpty }
                .map { verb, some in "\(verb) \(some.map(\.name).joined(separator: ", "))" }
            return (parts.isEmpty ? "trusts none" : parts.joined(separator: "; "), states)
        }
    }

    private func report(_ body: () throws(TrustStoreError) -> (String, [TrustState])) -> TrustReport {
        do throws(TrustStoreError) {
            let (text, states) = try body()
            return TrustReport(store: self, text: text, states: states)
        } catch {
            switch error {
            case .skipped(let reason): return TrustReport(store: self, text: "skipped: \(reason)", states: [])
            case .failed(let reason):
                return TrustReport(store: self, text: "failed: \(reason)", states: [], hasFailed: true)
            }
        }
    }

    func advice(adding anchors: [TrustAnchor]) -> String { "run\n  \(Self.line(commands(adding: anchors)))" }

    /// Commands as one line that root runs.
    static func line(_ commands: [String]) -> String { commands.map { "sudo \($0)" }.joined(separator: " && ") }

    private static func names(_ some: [TrustAnchor], of all: [TrustAnchor]) -> String {
        some.count == all.count ? "" : " \(some.map(\.name).joined(separator: ", "))"
    }
}

/// Stands for stores that are not there.
struct MissingTrustStore: TrustStore {
    let name: String
    let place: String
    let reason: String

    func find(_ anchors: [TrustAnchor]) throws(TrustStoreError) -> [TrustState] { throw .skipped(reason) }
    func add(_ anchors: [TrustAnchor]) throws(TrustStoreError) { throw .skipped(reason) }
    func remove(_ anchors: [TrustAnchor]) throws(TrustStoreError) { throw .skipped(reason) }
    var needsRoot: Bool { false }
    func commands(adding anchors: [TrustAnchor]) -> [String] { [] }
    func commands(removing anchors: [TrustAnchor]) -> [String] { [] }
}
