/// How a listing's entries are sorted: `?sort=name|size|time&order=asc|desc`. Directories come first in any case.
struct ListingOrder: Equatable, Sendable {
    enum Key: String, CaseIterable, Sendable {
        case name, size, time
    }

    var key = Key.name
    var isDescending = false

    init(key: Key = .name, isDescending: Bool = false) {
        self.key = key
        self.isDescending = isDescending
    }

    /// Reads a query; what it does not understand in it changes nothing.
    init(query: String) {
        for parameter in query.split(separator: "&") {
            let words = parameter.split(separator: "=", maxSplits: 1)
            guard words.count == 2 else { continue }
            if words[0] == "sort", let key = Key(rawValue: String(words[1])) { self.key = key }
            if words[0] == "order" { isDescending = words[1] == "desc" }
        }
    }
}
