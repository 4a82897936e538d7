/// A name in a certificate, and whether it covers the name a client asks for (RFC 6125 §6.4).
struct ServerName: Equatable {
    private let text: String
    let isWildcard: Bool

    /// - Parameter pattern: "example.org", or "*.example.org" for one label in place of the star.
    init(pattern: String) {
        isWildcard = pattern.hasPrefix("*.")
        text = (isWildcard ? String(pattern.dropFirst(1)) : pattern).lowercased()
    }

    func covers(_ name: String) -> Bool {
        var name = name.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        guard isWildcard else { return name == text }
        guard name.hasSuffix(text) else { return false }
        let label = name.dropLast(text.count)
        return !label.isEmpty && !label.contains(".")
    }
}
